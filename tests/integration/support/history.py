"""A scripted history that leaves every kind of znode, ACL, quota and log record behind; told apart by a prefix."""

from . import protocol as p
from .connection import open_session

ANN = ("digest", b"ann:secret")
ANN_ID = "ann:7RJfAeIvrl4zdj6sS2fXrQHDvHM="


def write_history(port, prefix, filler=60):
    """Writes below /<prefix>-... and returns the connections whose sessions own ephemerals; they stay open."""
    main, other = open_session(port, 3600000), open_session(port, 3600000)
    done = lambda kind, body, xid=None: expect(main, kind, body, 0, xid)
    root = "/" + prefix
    done(p.AUTH, p.auth(*ANN), p.AUTH_XID)
    done(p.CREATE, p.create(root, b"root of " + prefix.encode()))
    write_kinds(main, other, root)
    write_rights(main, root)
    write_changes(main, root)
    write_multis(main, root)
    write_quotas(main, root)
    for number in range(filler):
        done(p.CREATE, p.create(f"{root}/fill-", bytes([number % 256]) * (number * 13 % 400), flags=2))
    expect(main, p.CREATE, p.create(root), -110)
    return [main, other]


def expect(connection, kind, body, error, xid=None):
    reply = connection.call(kind, body, xid)
    assert reply.error == error, (p.NAMES.get(kind, kind), body[:80], reply)
    return reply


def write_kinds(main, other, root):
    done = lambda kind, body: expect(main, kind, body, 0)
    done(p.CREATE2, p.create(root + "/null", None))
    done(p.CREATE, p.create(root + "/empty", b""))
    done(p.CREATE, p.create(root + "/big", bytes(range(256)) * 800))
    done(p.CREATE, p.create(root + "/grün", "ü".encode()))
    for flags in (1, 2, 3):
        done(p.CREATE, p.create(f"{root}/kind{flags}-", b"x", flags=flags))
        expect(other, p.CREATE, p.create(f"{root}/kind{flags}-other-", b"x", flags=flags), 0)
    done(p.CREATE_CONTAINER, p.create(root + "/container", b"c", flags=4))
    done(p.CREATE, p.create(root + "/container/child", b"c"))
    done(p.CREATE_CONTAINER, p.create(root + "/container-unused", b"c", flags=4))
    done(p.CREATE_TTL, p.create_ttl(root + "/ttl", b"t", p.OPEN, 5, 10**9))
    done(p.CREATE_TTL, p.create_ttl(root + "/ttl-", b"t", p.OPEN, 6, 2**40 - 1))
    gone = open_session(main.sock.getpeername()[1])
    for number in range(3):
        expect(gone, p.CREATE, p.create(f"{root}/gone{number}", b"", flags=1), 0)
    gone.end_session()


def write_rights(main, root):
    done = lambda kind, body: expect(main, kind, body, 0)
    done(p.CREATE, p.create(root + "/mine", b"m", ((31, "auth", ""),)))
    done(p.CREATE, p.create(root + "/mixed", b"m", ((1, "world", "anyone"), (31, "digest", ANN_ID), (4, "ip", "10.0.0.0/8"))))
    done(p.CREATE, p.create(root + "/acl-changed", b""))
    for acls in (((31, "ip", "127.0.0.1"),), ((31, "digest", ANN_ID),), ((1, "world", "anyone"), (31, "auth", ""))):
        done(p.SET_ACL, p.set_acl(root + "/acl-changed", acls))
    expect(main, p.CREATE, p.create(root + "/bad-acl", b"", ((31, "nope", ""),)), -114)


def write_changes(main, root):
    done = lambda kind, body: expect(main, kind, body, 0)
    done(p.CREATE, p.create(root + "/changed", b""))
    for number in range(10):
        done(p.SET_DATA, p.set_data(root + "/changed", b"%d" % number, number))
    expect(main, p.SET_DATA, p.set_data(root + "/changed", b"", 3), -103)
    for number in range(10):
        done(p.CREATE, p.create(f"{root}/changed/child{number}"))
    for number in range(0, 10, 2):
        done(p.DELETE, p.with_version(f"{root}/changed/child{number}", 0))
    done(p.SET_DATA, p.set_data("/", b"data of the root"))


def write_multis(main, root):
    parts = [(p.CREATE, p.create(root + "/multi", b"0")), (p.CREATE, p.create(root + "/multi/s-", b"", flags=2)),
             (p.CHECK, p.with_version(root + "/multi", 0)), (p.SET_DATA, p.set_data(root + "/multi", b"1", 0)),
             (p.CREATE_CONTAINER, p.create(root + "/multi/c", b"", flags=4)),
             (p.CREATE_TTL, p.create_ttl(root + "/multi/t", b"", p.OPEN, 5, 10**9)),
             (p.CREATE, p.create(root + "/multi/e", b"", flags=1)),
             (p.DELETE, p.with_version(root + "/multi/s-0000000000", -1))]
    reply = expect(main, p.MULTI, p.multi(parts), 0)
    assert all(part[1] == 0 for part in reply.value[:-1]), reply
    failed = expect(main, p.MULTI, p.multi(parts), 0)
    assert failed.value[0][1:] == (-110, -110) or failed.value[0][1] == -110, failed
    expect(main, p.MULTI, p.multi([]), 0)


def write_quotas(main, root):
    done = lambda kind, body: expect(main, kind, body, 0)
    quota = "/zookeeper/quota" + root
    done(p.CREATE, p.create(root + "/q", b"12345"))
    done(p.CREATE, p.create(quota))
    done(p.CREATE, p.create(quota + "/q"))
    done(p.CREATE, p.create(quota + "/q/zookeeper_limits", b"count=5,bytes=100"))
    done(p.CREATE, p.create(quota + "/q/zookeeper_stats", b"count=0,bytes=0"))
    done(p.CREATE, p.create(root + "/q/a", b"abc"))
    done(p.SET_DATA, p.set_data(root + "/q/a", b"abcdef"))
