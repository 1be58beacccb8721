"""Random operations for the comparison of two servers: valid and invalid, over several clients and a small tree.

A Workload draws one step after another; what a reply showed (names of sequential nodes, connections that were
closed) is told to it with learn(). Steps are plain values, so that a failing run can be cut down and run again.
"""

import random
from typing import NamedTuple

from . import protocol as p
from .jute import buffer, i32, i64, ustring
from .servers import SUPER

CLIENTS = 4
NAMES = ["a", "b", "c", "é", "..."]
ODD_PATHS = ["", "/", "a", "a/b", "//", "/a/", "/a//b", "/.", "/..", "/a/./b", "/a/../b", "/a\0b", "/a\x01", "/a\x7f",
             "/a\x9f", "/a\u00a0", "/\ud800", "/\ue000", "/\uf8ff", "/\uf900", "/\ufff0", "/\U0001f600", "/a b", "/%",
             b"/\xff\xfe", b"/a\xc3", b"/\xed\xa0\x80", "/" + "x" * 60, "/zookeeper/", "/a" * 60]
SYSTEM_PATHS = ["/zookeeper", "/zookeeper/config", "/zookeeper/quota", "/zookeeper/quota/a",
                "/zookeeper/quota/a/zookeeper_limits", "/zookeeper/quota/a/zookeeper_stats", "/zookeeper/mine"]
# With other text in a limits node 3.8.0 answers -5 to every write below it; ours takes it for no quota.
QUOTAS = [b"count=3,bytes=-1", b"count=-1,bytes=40", b"count=2,bytes=20", b"count=-1,bytes=-1", b"", b"count=4",
          b"count=-1,bytes=-1=;byteHardLimit=30;countHardLimit=4", b"count=5,bytes=9=;byteHardLimit=-1;countHardLimit=3"]
# A stats node with other text ends Java 3.8.0 at the next change below its quota, and at every restart.
STATS = [b"count=1,bytes=2", b"count=0,bytes=0", b"bytes=5", b""]
DIGESTS = ["bob:dHmVWzdLZSiHpkXgJhEQEfRwH6E=", "eve:6PMGVwCCQOYvIbrRvmKQMQOYv2E="]
LOGINS = [("digest", b"bob:secret"), ("digest", b"eve:pw"), ("digest", b"nocolon"), ("digest", b""), ("ip", b""),
          ("digest", ":".join(SUPER).encode())]
BAD_LOGINS = [("nope", b""), ("", b"x"), ("sasl", b"x"), ("world", b"anyone"), (None, b""), ("digest", None)]
GOOD_ACLS = [((1, "world", "anyone"),), ((31, "auth", ""),), ((31, "ip", "127.0.0.1"),), ((31, "ip", "127.0.0.0/8"),),
             ((31, "ip", "10.0.0.1"), (1, "world", "anyone")), ((31, "digest", DIGESTS[0]),),
             ((31, "digest", DIGESTS[1]), (9, "world", "anyone")), ((13, "world", "anyone"), (2, "ip", "127.0.0.1")),
             ((31, "world", "anyone"), (31, "world", "anyone")), ((0, "world", "anyone"),), ((-1, "world", "anyone"),),
             ((31, "auth", "who"), (31, "world", "anyone")), ((15, "ip", "::1"), (31, "world", "anyone")),
             ((31, "digest", "x:y"), (31, "ip", "127.0.0.0/0"))]
BAD_ACLS = [(), None, ((31, "nope", "x"),), ((31, "digest", "nocolon"),), ((31, "digest", "a:b:c"),),
            ((31, "world", "other"),), ((31, "ip", "localhost"),), ((31, "ip", "1.2.3"),), ((31, "ip", "127.0.0.1/33"),),
            ((31, None, "anyone"),), ((31, None, None),), ((31, "sasl", "bob"),),
            ((31, "x509", "CN=a"),), ((31, "super", ""),), ((31, "", ""),), ((31, "ip", ""),), ((31, "ip", "::1/129"),),
            ((31, "ip", "127.0.0.1/-1"),), ((31, "ip", "127.0.0.1/x"),), ((31, "auth", None),), ((31, "ip", "256.0.0.1"),)]
NO_FLAGS = [7, -1, 8, 255, 9, 2**31 - 1]
# Never sent: a top-level check and a createTTL whose ttl is not positive end Java 3.8.0 for good;
# deleteContainer, the leader's own operation, is refused here while 3.8.0 misreads its body; an operation
# whose flags belong to another one is refused here while 3.8.0 makes a node whose digest does not fit;
# a null ACL id (-5 there, -114 here); a list whose count is below -1 (no list there, malformed here).


class Step(NamedTuple):
    """One step of a run. `action` is open, request, batch, drop, resume, steal, ahead, frame or restart."""

    action: str
    client: int
    kind: int = 0
    body: object = b""
    xid: object = None

    def __str__(self):
        if self.action == "request":
            xid = "" if self.xid is None else f" xid {self.xid}"
            return f"client {self.client}: {show_request(self.kind, self.body)}{xid}"
        if self.action == "batch":
            return f"client {self.client}: batch " + " | ".join(show_request(*request) for request in self.body)
        return f"client {self.client}: {self.action} {self.body!r}"


def show_request(kind, body):
    """A request in a line; a long body is cut in the middle."""
    text = repr(body) if len(body) < 200 else f"{body[:120]!r}... {len(body)} bytes ...{body[-40:]!r}"
    return f"{p.NAMES.get(kind, kind)} {text}"


class Workload:
    """Draws steps from a seed. `quota` says that quotas are enforced: more of them are set, and no request

    is sent whose outcome there depends on others being outstanding.
    """

    def __init__(self, seed, quota=False):
        self.random = random.Random(seed)
        self.quota = quota
        self.paths = ["/a", "/b"]
        self.connected = [False] * CLIENTS
        self.has_session = [False] * CLIENTS
        self.zxid = 0
        self.table = [
            (18, self.draw_create), (6, self.draw_create2), (3, self.draw_container), (3, self.draw_ttl),
            (9, self.draw_delete), (10, self.draw_set_data), (5, self.draw_set_acl), (6, self.draw_exists),
            (7, self.draw_get_data), (4, self.draw_get_acl), (4, self.draw_children), (4, self.draw_children2),
            (1, self.draw_sync), (7, self.draw_multi), (3, self.draw_multi_read), (3, self.draw_auth),
            (6, self.draw_add_watch), (3, self.draw_watch_query), (2, self.draw_set_watches), (1, self.draw_simple),
            (6 if quota else 2, self.draw_quota), (1.2, self.draw_odd), (0 if quota else 3, self.draw_batch),
            (1.5, self.draw_connection),
        ]

    def one(self, items):
        return items[self.random.randrange(len(items))]

    def chance(self, probability):
        return self.random.random() < probability

    def next(self):
        """The next step."""
        client = self.random.randrange(CLIENTS)
        if not self.has_session[client]:
            return Step("open", client, body=self.one([1, 4000, 30000, 600000, 10**8, -5]))
        if not self.connected[client]:
            return Step("resume", client, body=self.chance(0.85))
        weights, draws = zip(*self.table)
        drawn = self.random.choices(draws, weights)[0]()
        if isinstance(drawn, Step):
            return drawn._replace(client=client)
        kind, body, *xid = drawn
        return Step("request", client, kind, body, xid[0] if xid else None)

    def learn(self, connected, has_session, created, zxid):
        """Takes in what the last step did on the reference server."""
        self.connected, self.has_session = list(connected), list(has_session)
        self.zxid = max(self.zxid, zxid)
        for path in created:
            if path not in self.paths:
                self.paths.append(path)
        if len(self.paths) > 60:
            del self.paths[self.random.randrange(2, len(self.paths))]

    # ---- parts of requests ----

    def path(self):
        draw = self.random.random()
        if draw < 0.62:
            return self.one(self.paths)
        if draw < 0.90:
            return "".join("/" + self.one(NAMES) for _ in range(self.random.randint(1, 3)))
        return self.one(ODD_PATHS) if draw < 0.96 else self.one(SYSTEM_PATHS)

    def watch_path(self):
        """No malformed UTF-8 or characters above U+FFFF, which 3.8.0 echoes changed and ours as they came."""
        path = self.path()
        return "/a" if isinstance(path, bytes) or set(path) & {"\ud800", "\U0001f600"} else path

    def new_path(self):
        if self.chance(0.5):
            return self.path()
        return self.one(self.paths).rstrip("/") + "/" + self.one(NAMES + ["s-", "n"])

    def data(self):
        size = self.one([0, 0, 1, 3, 10, 30, 100, 5000]) if self.chance(0.98) else 300000
        return None if self.chance(0.08) else self.random.randbytes(size)

    def data_for(self, path):
        """Data of any kind, but quota text where the server reads it as such."""
        name = str(path)
        return self.one(STATS) if name.endswith("_stats") else self.one(QUOTAS) if name.endswith("_limits") else self.data()

    def acls(self):
        draw = self.random.random()
        return p.OPEN if draw < 0.75 else self.one(GOOD_ACLS) if draw < 0.93 else self.one(BAD_ACLS)

    def version(self):
        return -1 if self.chance(0.5) else self.one([0, 0, 0, 1, 1, 2, 3, 99, -2, -(2**31), 2**31 - 1])

    def flags(self):
        return self.one([0, 0, 0, 0, 1, 1, 2, 2, 3, 3]) if self.chance(0.97) else self.one(NO_FLAGS)

    # ---- requests: (kind, body) or (kind, body, xid) ----

    def draw_create(self):
        path = self.new_path()
        return p.CREATE, p.create(path, self.data_for(path), self.acls(), self.flags())

    def draw_create2(self):
        path = self.new_path()
        if str(path).endswith("_stats"):  # the Stat in the reply is older than the count that the server writes there
            return self.draw_create()
        return p.CREATE2, p.create(path, self.data_for(path), self.acls(), self.flags())

    def draw_container(self):
        flags = 4 if self.chance(0.95) else self.one(NO_FLAGS)
        path = self.new_path()
        return p.CREATE_CONTAINER, p.create(path, self.data_for(path), self.acls(), flags)

    def draw_ttl(self):
        flags = self.one([5, 6]) if self.chance(0.95) else self.one(NO_FLAGS)
        ttl = self.one([10**9, 2**40 - 1]) if self.chance(0.9) else self.one([0, -1, 2**40, -5, 2**62])
        path = self.new_path()
        return p.CREATE_TTL, p.create_ttl(path, self.data_for(path), self.acls(), flags, ttl)

    def draw_delete(self):
        return p.DELETE, p.with_version(self.path(), self.version())

    def draw_set_data(self):
        path = self.path()
        return p.SET_DATA, p.set_data(path, self.data_for(path), self.version())

    def draw_set_acl(self):
        acls = self.acls() if self.chance(0.5) else self.one(GOOD_ACLS)
        return p.SET_ACL, p.set_acl(self.path(), acls, self.version())

    def draw_exists(self):
        return p.EXISTS, p.with_watch(self.path(), self.chance(0.6))

    def draw_get_data(self):
        return p.GET_DATA, p.with_watch(self.path(), self.chance(0.6))

    def draw_get_acl(self):
        return p.GET_ACL, ustring(self.path())

    def draw_children(self):
        return p.GET_CHILDREN, p.with_watch(self.path(), self.chance(0.6))

    def draw_children2(self):
        return p.GET_CHILDREN2, p.with_watch(self.path(), self.chance(0.6))

    def draw_sync(self):
        return p.SYNC, ustring(self.watch_path())

    def draw_multi(self):
        # Where quotas are enforced 3.8.0 judges each part by the tree before the multi, and ours by what went before.
        count = self.one([0, 1]) if self.quota else self.one([0, 1, 1, 2, 2, 3, 4, 6])
        choices = [self.draw_create, self.draw_create, self.draw_set_data, self.draw_delete, self.draw_check,
                   self.draw_create2, self.draw_container, self.draw_ttl]
        parts = [self.one(choices)()[:2] for _ in range(count)]
        if parts and self.chance(0.05):
            parts[self.random.randrange(len(parts))] = self.one([self.draw_set_acl, self.draw_get_data, self.draw_sync])()
        return p.MULTI, p.multi(parts)

    def draw_check(self):
        return p.CHECK, p.with_version(self.path(), self.version())

    def draw_multi_read(self):
        parts = [self.one([self.draw_get_data, self.draw_children])() for _ in range(self.random.randint(0, 4))]
        if parts and self.chance(0.08):
            parts[self.random.randrange(len(parts))] = self.one([self.draw_delete, self.draw_exists, self.draw_children2])()
        return p.MULTI_READ, p.multi(parts)

    def draw_auth(self):
        scheme, data = self.one(LOGINS) if self.chance(0.93) else self.one(BAD_LOGINS)
        return p.AUTH, p.auth(scheme, data), p.AUTH_XID

    def draw_add_watch(self):
        mode = self.one([0, 1]) if self.chance(0.95) else self.one([2, -1])
        return p.ADD_WATCH, p.with_version(self.watch_path(), mode)

    def draw_watch_query(self):
        kind = self.one([p.CHECK_WATCHES, p.REMOVE_WATCHES, p.REMOVE_WATCHES])
        # A relative path makes 3.8.0 stumble once any recursive watch is set.
        path = "/" + self.watch_path().lstrip("/")
        return kind, p.with_version(path, self.one([1, 2, 3]) if self.chance(0.95) else self.one([0, 4, 5, 9]))

    def draw_set_watches(self):
        zxid = max(0, self.zxid - self.one([0, 0, 1, 5, 20, 1000, -10]))
        some = lambda: [self.watch_path() for _ in range(self.random.randint(0, 3))]
        if self.chance(0.5):
            return p.SET_WATCHES, p.set_watches(zxid, some(), some(), some()), p.SET_WATCHES_XID
        return p.SET_WATCHES2, p.set_watches(zxid, some(), some(), some(), some(), some()), p.SET_WATCHES_XID

    def draw_simple(self):
        kind = self.one([p.WHO_AM_I, p.GET_EPHEMERALS, p.GET_ALL_CHILDREN_NUMBER, p.PING, p.RECONFIG, p.SASL])
        if kind in (p.GET_EPHEMERALS, p.GET_ALL_CHILDREN_NUMBER):
            return kind, ustring(self.path())
        if kind == p.RECONFIG:
            return kind, ustring(None) + ustring("1") + ustring(None) + i64(-1)
        return (kind, buffer(b"token")) if kind == p.SASL else (kind, b"", p.PING_XID) if kind == p.PING else (kind, b"")

    def draw_quota(self):
        root = "/zookeeper/quota" + self.one(["/a", "/b", "/a/b"])
        leaf = self.one([root, root + "/zookeeper_limits", root + "/zookeeper_limits", root + "/zookeeper_stats"])
        if self.chance(0.6):
            return p.CREATE, p.create(leaf, self.data_for(leaf) if leaf != root else b"")
        if self.chance(0.5):
            return p.SET_DATA, p.set_data(leaf, self.data_for(leaf))
        return self.one([(p.GET_DATA, p.with_watch(leaf)), (p.DELETE, p.with_version(leaf, -1))])

    def draw_odd(self):
        """Requests that no client library sends."""
        draw = self.random.randrange(7)
        if draw == 6:  # a null path where 3.8.0 takes no harm; with a watch it cannot clean up after the connection
            return self.one([(p.CREATE, p.create(None)), (p.DELETE, p.with_version(None, -1)), (p.GET_ACL, ustring(None)),
                             (p.GET_DATA, p.with_watch(None)), (p.EXISTS, p.with_watch(None)), (p.SYNC, ustring(None)),
                             (p.GET_CHILDREN, p.with_watch(None)), (p.GET_CHILDREN2, p.with_watch(None))])
        kind, body, *xid = self.one([self.draw_create, self.draw_set_data, self.draw_get_data, self.draw_exists,
                                     self.draw_set_acl, self.draw_multi, self.draw_add_watch, self.draw_set_watches])()
        if draw == 0:
            return kind, body[:self.random.randint(0, len(body))], *xid
        if draw == 1:
            return kind, body + b"trailing", *xid
        if draw == 2:
            return kind, body, self.one([0, -3, -9, 77, 2**31 - 1, -(2**31)])
        if draw == 3:
            return self.one([0, 10, 23, 99, 108, 999, -2, -100, 2**31 - 1]), body
        if draw == 4:
            return kind, self.random.randbytes(self.one([0, 3, 8, 40]))
        return p.SET_ACL, ustring(self.path()) + i32(self.one([2**31 - 1, 5])) + i32(1)

    def draw_batch(self):
        # No setACL: 3.8.0 judges the requests behind it by the old ACL as long as the new one is not applied.
        draws = [self.draw_create, self.draw_set_data, self.draw_delete, self.draw_get_data, self.draw_children,
                 self.draw_exists, self.draw_multi, self.draw_create2]
        return Step("batch", 0, body=[self.one(draws)() for _ in range(self.random.randint(2, 8))])

    def draw_connection(self):
        draw = self.random.randrange(10)
        if draw < 3:
            return Step("drop", 0)
        if draw < 5:
            return Step("steal", 0)
        if draw < 6:
            return Step("ahead", 0)
        if draw < 7:
            return Step("frame", 0, body=self.random.randbytes(self.one([0, 1, 4, 7])))
        return p.CLOSE_SESSION, b""
