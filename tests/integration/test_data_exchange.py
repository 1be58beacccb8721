"""A data directory moves between Java ZooKeeper and the server under test, and back, with every node equal."""

import pytest

from support import protocol as p
from support import treedump
from support.connection import Connection
from support.history import write_history
from support.servers import four_letters

CONFIG = {"znode.container.checkIntervalMs": 3600000, "snapshot.compression.method": "", "preAllocSize": 64}


def tree(server):
    """The whole tree; the configuration node's times and zxid are each server's own."""
    found = treedump.dump(server.port)
    data, stat, acl, children = found["/zookeeper/config"]
    found["/zookeeper/config"] = (data, stat._replace(mtime=0, ctime=0, mzxid=0), acl, children)
    return found


def metric(server, name):
    for line in four_letters(server.port, "mntr").splitlines():
        key, _, value = line.partition("\t")
        if key == "zk_" + name:
            return float(value)
    raise AssertionError(f"mntr of {server.kind} has no {name}")


def drop(connections):
    for connection in connections:
        connection.close()


def move(make, old, kind, **config):
    """Starts a server of another kind on the directory of a stopped one."""
    return make({**CONFIG, **config}, kind=kind, directory=old.directory, log_apart=old.logs != old.data).start()


@pytest.mark.parametrize("compression", ["", "gz", "snappy"])
@pytest.mark.parametrize("end", ["kill", "stop"])
@pytest.mark.parametrize("first", ["java", "tested"])
def test_a_directory_goes_to_and_fro(make, kind, first, end, compression):
    kinds = ["java", kind] if first == "java" else [kind, "java"]
    options = {"snapshot.compression.method": compression, "snapCount": 60}
    server = make({**CONFIG, **options}, kind=kinds[0], log_apart=compression == "gz").start()
    for round_number in range(3):
        drop(write_history(server.port, f"round{round_number}"))
        expected = tree(server)
        getattr(server, end)()
        server = move(make, server, kinds[(round_number + 1) % 2], **options)
        assert treedump.difference(expected, tree(server)) == []
        assert metric(server, "digest_mismatches_count") == 0
    assert len(expected) > 250


def test_snapshots_of_one_are_read_by_the_other(make, kind):
    """With the logs gone that the snapshot covers: it alone must carry the tree."""
    for kinds in (["java", kind], [kind, "java"]):
        server = make(CONFIG, kind=kinds[0]).start()
        drop(write_history(server.port, "all"))
        expected = tree(server)
        server.stop()
        server.start()  # a start writes a snapshot of everything
        server.stop()
        directory = server.data / "version-2"
        newest = max(directory.glob("snapshot.*"), key=lambda path: int(path.suffixes[0][1:], 16))
        for path in [*directory.glob("log.*"), *directory.glob("snapshot.*")]:
            if path != newest:
                path.unlink()
        server = move(make, server, kinds[1])
        found = tree(server)
        for path in ("/",):
            assert found[path][:1] == expected[path][:1]
        assert treedump.difference(expected, found) == []
        assert metric(server, "digest_mismatches_count") == 0
        server.stop()


def test_a_session_moves_with_its_directory(make, kind):
    for kinds in (["java", kind], [kind, "java"]):
        server = make(CONFIG, kind=kinds[0]).start()
        owner, other = write_history(server.port, "owner", filler=0)
        last = owner.ping().zxid
        server.kill()
        server = move(make, server, kinds[1])
        again = Connection(server.port)
        assert again.connect(timeout=3600000, session=owner.session, password=owner.password, last_zxid=last)
        mine = again.call(p.GET_EPHEMERALS, p.ustring("/")).value
        assert sorted(mine) == ["/owner/kind1-", "/owner/kind3-0000000008", "/owner/multi/e"]
        assert again.call(p.CREATE, p.create("/after")).zxid == last + 1
        again.end_session()
        found = tree(server)
        assert not any(path in found for path in mine) and "/owner/kind1-other-" in found
        server.stop()


def test_log_rolling_and_retention_leave_a_readable_directory(make, kind):
    options = {"snapCount": 20, "autopurge.snapRetainCount": 3, "autopurge.purgeInterval": 1}
    for kinds in (["java", kind], [kind, "java"]):
        server = make({**CONFIG, **options}, kind=kinds[0]).start()
        drop(write_history(server.port, "rolled", filler=300))
        expected = tree(server)
        server.stop()
        snapshots = list((server.data / "version-2").glob("snapshot.*"))
        assert len(snapshots) > 5
        server = move(make, server, kinds[1], **options)
        assert treedump.difference(expected, tree(server)) == []
        server.stop()
