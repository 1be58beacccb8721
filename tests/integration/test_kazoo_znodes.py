"""The stock Python client: every kind of znode, versions, transactions, ACLs, chroot, sync."""

import pytest
from kazoo import exceptions as ke
from kazoo.client import KazooClient
from kazoo.security import ACL, OPEN_ACL_UNSAFE, Id, make_acl, make_digest_acl


def test_create_reads_back_with_a_full_stat(zk):
    path, stat = zk.create("/node", b"value", include_data=True)
    assert path == "/node"
    value, again = zk.get("/node")
    assert value == b"value" and again == stat
    assert stat.czxid == stat.mzxid == stat.pzxid > 0 and stat.ctime == stat.mtime > 1_500_000_000_000
    assert (stat.version, stat.cversion, stat.aversion, stat.ephemeralOwner) == (0, 0, 0, 0)
    assert (stat.dataLength, stat.numChildren) == (5, 0)


@pytest.mark.parametrize("ephemeral", [False, True])
@pytest.mark.parametrize("sequence", [False, True])
def test_every_kind_of_node(zk, shared, connect, home, ephemeral, sequence):
    paths = [zk.create("/n-", b"", ephemeral=ephemeral, sequence=sequence, makepath=True) for _ in range(3 if sequence else 1)]
    assert paths == (["/n-0000000000", "/n-0000000001", "/n-0000000002"] if sequence else ["/n-"])
    for path in paths:
        assert zk.exists(path).ephemeralOwner == (zk.client_id[0] if ephemeral else 0)
    zk.stop()
    other = connect(shared, home)
    assert len(other.get_children("/")) == (0 if ephemeral else len(paths))


def test_sequence_numbers_are_not_reused(zk):
    names = []
    for _ in range(5):
        names.append(zk.create("/s-", sequence=True))
        zk.delete(names[-1])
    assert names == [f"/s-{number:010d}" for number in range(5)]
    assert zk.create("/other-", sequence=True) == "/other-0000000005"


def test_an_ephemeral_has_no_children(zk):
    zk.create("/e", ephemeral=True)
    with pytest.raises(ke.NoChildrenForEphemeralsError):
        zk.create("/e/child")


def test_errors_of_the_basic_operations(zk):
    zk.create("/a/b", makepath=True)
    for error, call in [
        (ke.NodeExistsError, lambda: zk.create("/a")), (ke.NoNodeError, lambda: zk.create("/x/y")),
        (ke.NoNodeError, lambda: zk.get("/x")), (ke.NoNodeError, lambda: zk.set("/x", b"")),
        (ke.NoNodeError, lambda: zk.delete("/x")), (ke.NotEmptyError, lambda: zk.delete("/a")),
        (ke.BadVersionError, lambda: zk.set("/a", b"", version=7)), (ke.NoNodeError, lambda: zk.get_children("/x")),
        (ke.BadVersionError, lambda: zk.delete("/a/b", version=7)), (ke.NoNodeError, lambda: zk.get_acls("/x")),
        (ke.InvalidACLError, lambda: zk.create("/y", acl=[ACL(31, Id("nope", "x"))])),
        (ke.BadVersionError, lambda: zk.set_acls("/a", OPEN_ACL_UNSAFE, version=7)),
    ]:
        with pytest.raises(error):
            call()
    assert zk.exists("/x") is None


def test_versions_count_changes(zk):
    zk.create("/a")
    for version in range(1, 4):
        assert zk.set("/a", b"%d" % version, version=version - 1).version == version
    assert zk.set_acls("/a", OPEN_ACL_UNSAFE).aversion == 1
    zk.create("/a/b")
    zk.create("/a/c")
    zk.delete("/a/b")
    stat = zk.exists("/a")
    assert (stat.version, stat.cversion, stat.aversion, stat.numChildren) == (3, 3, 1, 1)
    zk.delete("/a", recursive=True)
    assert zk.exists("/a") is None


def test_children_come_with_the_parent_stat(zk):
    for name in ("x", "y", "z"):
        zk.create("/p/" + name, makepath=True)
    children, stat = zk.get_children("/p", include_data=True)
    assert sorted(children) == ["x", "y", "z"] and stat.numChildren == 3


@pytest.mark.parametrize("size", [0, 1, 1000, 1 << 16, (1 << 20) - 1000])
def test_values_of_all_sizes(zk, size):
    value = bytes(index * 7 % 251 for index in range(size))
    zk.create("/v", value)
    assert zk.get("/v")[0] == value


def test_a_value_over_the_limit_costs_the_connection(zk):
    with pytest.raises(ke.ConnectionLoss):
        zk.create("/v", b"x" * (1 << 20))
    zk.retry(zk.create, "/w", b"x")
    assert zk.exists("/v") is None


def test_names_of_all_alphabets(zk):
    for name in ("grün", "日本語", "with space", "a:b", "...", "UPPER", "per%cent"):
        zk.create("/" + name, name.encode())
        assert zk.get("/" + name)[0] == name.encode()
    assert "日本語" in zk.get_children("/")


def test_a_thousand_pipelined_operations(zk):
    created = [zk.create_async(f"/n{number}", b"%d" % number) for number in range(500)]
    read = [zk.get_async(f"/n{number}") for number in range(500)]
    assert [result.get(20) for result in created] == [f"/n{number}" for number in range(500)]
    assert [result.get(20)[0] for result in read] == [b"%d" % number for number in range(500)]


def test_transaction_is_done_as_a_whole(zk):
    zk.create("/a", b"0")
    transaction = zk.transaction()
    transaction.check("/a", 0)
    transaction.create("/b", b"1")
    transaction.create("/b/s-", b"", sequence=True)
    transaction.create("/b/e", b"", ephemeral=True)
    transaction.set_data("/a", b"2", version=0)
    transaction.delete("/b/e")
    results = transaction.commit()
    assert results[0] is True and results[1] == "/b" and results[2] == "/b/s-0000000000" and results[5] is True
    assert results[4].version == 1 and zk.get("/a")[0] == b"2"
    assert zk.get_children("/b") == ["s-0000000000"]
    assert zk.exists("/b").czxid == zk.exists("/a").mzxid


def test_failed_transaction_changes_nothing(zk):
    zk.create("/a", b"0")
    transaction = zk.transaction()
    transaction.create("/b")
    transaction.set_data("/a", b"1", version=9)
    transaction.delete("/a")
    results = transaction.commit()
    assert [type(result) for result in results] == [ke.RolledBackError, ke.BadVersionError, ke.RuntimeInconsistency]
    assert zk.exists("/b") is None and zk.get("/a")[0] == b"0"


def test_digest_acl_keeps_others_out(zk, shared, connect, home):
    owner = connect(shared, home, auth_data=[("digest", "ann:secret")])
    owner.create("/private", b"mine", acl=[make_digest_acl("ann", "secret", all=True)])
    for call in (lambda: zk.get("/private"), lambda: zk.set("/private", b""), lambda: zk.create("/private/x"),
                 lambda: zk.get_children("/private"), lambda: zk.set_acls("/private", OPEN_ACL_UNSAFE)):
        with pytest.raises(ke.NoAuthError):
            call()
    zk.add_auth("digest", "ann:wrong")
    with pytest.raises(ke.NoAuthError):
        zk.get("/private")
    zk.add_auth("digest", "ann:secret")
    assert zk.get("/private")[0] == b"mine"
    acls, stat = zk.get_acls("/private")
    assert acls == [make_digest_acl("ann", "secret", all=True)] and stat.aversion == 0


def test_each_permission_is_needed_for_its_operation(zk, shared, connect, home):
    calls = {"read": lambda c, n: c.get(n), "write": lambda c, n: c.set(n, b"x"), "create": lambda c, n: c.create(n + "/new"),
             "delete": lambda c, n: c.delete(n + "/old"), "admin": lambda c, n: c.set_acls(n, OPEN_ACL_UNSAFE)}
    for granted in calls:
        node = "/only-" + granted
        zk.create(node + "/old", makepath=True)
        zk.set_acls(node, [make_acl("world", "anyone", **{granted: True})])
        for wanted in sorted(calls, key=lambda name: name == "admin"):
            if wanted == granted:
                calls[wanted](zk, node)
            else:
                with pytest.raises(ke.NoAuthError):
                    calls[wanted](zk, node)


def test_super_user_passes_every_acl(zk, shared, connect, home):
    zk.create("/closed", b"x", acl=[make_digest_acl("nobody", "knows", all=True)])
    boss = connect(shared, home, auth_data=[("digest", "super:test")])
    assert boss.get("/closed")[0] == b"x"
    boss.delete("/closed")


def test_chroot_is_invisible(shared, connect, home):
    outside = connect(shared)
    outside.ensure_path(home + "/deep")
    inside = connect(shared, home + "/deep")
    assert inside.create("/x", b"1", sequence=True) == "/x0000000000"
    assert inside.get_children("/") == ["x0000000000"]
    assert outside.get(home + "/deep/x0000000000")[0] == b"1"


def test_sync_and_commands(zk, shared, connect, home):
    assert zk.sync("/") in ("/", home)
    assert zk.command(b"ruok") == "imok"
    assert zk.server_version() >= (3, 8)
    other = connect(shared, home)
    for number in range(20):
        zk.create(f"/n{number}")
        other.sync("/")
        assert other.exists(f"/n{number}")


def test_a_client_for_another_port_does_not_connect(shared):
    from support.servers import free_port
    client = KazooClient(f"127.0.0.1:{free_port()}", timeout=1.0)
    with pytest.raises(client.handler.timeout_exception):
        client.start(1)
    client.stop()
