"""Watches that the Python client lacks: persistent and recursive ones, their removal, setWatches; with raw frames."""

import pytest

from support import protocol as p
from support.connection import open_session

CREATED, DELETED, CHANGED, CHILDREN = 1, 2, 3, 4
CHILD_WATCH, DATA_WATCH, ANY_WATCH = 1, 2, 3


@pytest.fixture
def pair(shared, home):
    """A watching and a writing connection, and the test's own node."""
    watcher, writer = open_session(shared.port), open_session(shared.port)
    assert writer.call(p.CREATE, p.create(home)).error == 0
    yield watcher, writer
    for connection in (watcher, writer):
        connection.end_session()


def events(watcher):
    """What has come so far, as (kind, path), after a round trip."""
    watcher.ping()
    seen = [(event.kind, event.path) for event in watcher.events]
    assert all(event.state == 3 for event in watcher.events)
    watcher.events.clear()
    return seen


def test_a_persistent_watch_stays(pair, home):
    watcher, writer = pair
    reply = watcher.call(p.ADD_WATCH, p.with_version(home, 0))
    assert reply.error == 0 and reply.value == 0
    for _ in range(2):
        writer.call(p.SET_DATA, p.set_data(home, b"x"))
        writer.call(p.CREATE, p.create(home + "/c"))
        writer.call(p.SET_DATA, p.set_data(home + "/c", b"unseen"))
        writer.call(p.DELETE, p.with_version(home + "/c", -1))
        assert events(watcher) == [(CHANGED, home), (CHILDREN, home), (CHILDREN, home)]
    writer.call(p.DELETE, p.with_version(home, -1))
    writer.call(p.CREATE, p.create(home))
    assert events(watcher) == [(DELETED, home), (CREATED, home)]


def test_a_recursive_watch_sees_all_descendants_and_no_child_events(pair, home):
    watcher, writer = pair
    assert watcher.call(p.ADD_WATCH, p.with_version(home, 1)).error == 0
    writer.call(p.CREATE, p.create(home + "/a"))
    writer.call(p.CREATE, p.create(home + "/a/b"))
    writer.call(p.SET_DATA, p.set_data(home + "/a/b", b"x"))
    writer.call(p.SET_DATA, p.set_data(home, b"x"))
    writer.call(p.DELETE, p.with_version(home + "/a/b", -1))
    assert events(watcher) == [(CREATED, home + "/a"), (CREATED, home + "/a/b"), (CHANGED, home + "/a/b"),
                               (CHANGED, home), (DELETED, home + "/a/b")]
    writer.call(p.DELETE, p.with_version(home + "/a", -1))
    assert events(watcher) == [(DELETED, home + "/a")]


def test_a_recursive_watch_on_the_root_sees_everything(shared, pair, home):
    watcher, writer = pair
    assert watcher.call(p.ADD_WATCH, p.with_version("/", 1)).error == 0
    writer.call(p.CREATE, p.create(home + "/x"))
    writer.call(p.DELETE, p.with_version(home + "/x", -1))
    assert events(watcher) == [(CREATED, home + "/x"), (DELETED, home + "/x")]


def test_removed_watches_are_silent(pair, home):
    watcher, writer = pair
    for kind in (DATA_WATCH, CHILD_WATCH, ANY_WATCH):
        assert watcher.call(p.REMOVE_WATCHES, p.with_version(home, kind)).error == -121
        assert watcher.call(p.CHECK_WATCHES, p.with_version(home, kind)).error == -121
    watcher.call(p.GET_DATA, p.with_watch(home, True))
    watcher.call(p.GET_CHILDREN, p.with_watch(home, True))
    assert watcher.call(p.CHECK_WATCHES, p.with_version(home, ANY_WATCH)).error == 0
    assert watcher.call(p.REMOVE_WATCHES, p.with_version(home, DATA_WATCH)).error == 0
    writer.call(p.SET_DATA, p.set_data(home, b"x"))
    assert events(watcher) == []
    writer.call(p.CREATE, p.create(home + "/c"))
    assert events(watcher) == [(CHILDREN, home)]
    watcher.call(p.ADD_WATCH, p.with_version(home, 1))
    assert watcher.call(p.REMOVE_WATCHES, p.with_version(home, ANY_WATCH)).error == 0
    writer.call(p.SET_DATA, p.set_data(home, b"y"))
    assert events(watcher) == []


def test_set_watches_tells_what_was_missed(pair, home):
    watcher, writer = pair
    for name in ("same", "changed", "gone", "parent"):
        writer.call(p.CREATE, p.create(f"{home}/{name}"))
    seen = writer.ping().zxid
    writer.call(p.SET_DATA, p.set_data(home + "/changed", b"x"))
    writer.call(p.DELETE, p.with_version(home + "/gone", -1))
    writer.call(p.CREATE, p.create(home + "/parent/child"))
    writer.call(p.CREATE, p.create(home + "/came"))
    paths = lambda *names: [f"{home}/{name}" for name in names]
    body = p.set_watches(seen, paths("same", "changed", "gone"), paths("came", "never"), paths("parent", "gone", "same"))
    reply = watcher.call(p.SET_WATCHES, body, p.SET_WATCHES_XID)
    assert (reply.xid, reply.error) == (p.SET_WATCHES_XID, 0)
    assert [(e.kind, e.path) for e in watcher.events] == [
        (CHANGED, home + "/changed"), (DELETED, home + "/gone"), (CREATED, home + "/came"),
        (CHILDREN, home + "/parent"), (DELETED, home + "/gone")]
    watcher.events.clear()
    writer.call(p.SET_DATA, p.set_data(home + "/same", b"x"))
    writer.call(p.CREATE, p.create(home + "/never"))
    writer.call(p.CREATE, p.create(home + "/same/child"))
    assert events(watcher) == [(CHANGED, home + "/same"), (CREATED, home + "/never"), (CHILDREN, home + "/same")]


def test_set_watches_2_restores_persistent_ones(pair, home):
    watcher, writer = pair
    writer.call(p.CREATE, p.create(home + "/p"))
    body = p.set_watches(1 << 40, [], [], [], [home + "/p"], [home + "/r"])
    assert watcher.call(p.SET_WATCHES2, body, p.SET_WATCHES_XID).error == 0
    writer.call(p.CREATE, p.create(home + "/r"))
    writer.call(p.CREATE, p.create(home + "/r/x"))
    for _ in range(2):
        writer.call(p.SET_DATA, p.set_data(home + "/p", b"x"))
    assert events(watcher) == [(CREATED, home + "/r"), (CREATED, home + "/r/x"), (CHANGED, home + "/p"), (CHANGED, home + "/p")]


def test_events_come_before_the_reply_of_the_own_write(pair, home):
    watcher, _ = pair
    watcher.call(p.GET_DATA, p.with_watch(home, True))
    watcher.call(p.SET_DATA, p.set_data(home, b"x"))
    assert [(event.kind, event.path) for event in watcher.events] == [(CHANGED, home)]
    watcher.events.clear()


def test_one_event_for_many_watches_on_a_deleted_node(pair, home):
    watcher, writer = pair
    writer.call(p.CREATE, p.create(home + "/x"))
    watcher.call(p.GET_DATA, p.with_watch(home + "/x", True))
    watcher.call(p.GET_CHILDREN, p.with_watch(home + "/x", True))
    watcher.call(p.GET_CHILDREN, p.with_watch(home, True))
    writer.call(p.DELETE, p.with_version(home + "/x", -1))
    assert events(watcher) == [(DELETED, home + "/x"), (CHILDREN, home)]


def test_setting_an_acl_and_failing_fire_nothing(pair, home):
    watcher, writer = pair
    watcher.call(p.ADD_WATCH, p.with_version(home, 0))
    writer.call(p.SET_ACL, p.set_acl(home, p.OPEN))
    assert writer.call(p.SET_DATA, p.set_data(home, b"", 77)).error == -103
    failed = writer.call(p.MULTI, p.multi([(p.SET_DATA, p.set_data(home, b"x")), (p.DELETE, p.with_version(home, 99))]))
    assert failed.error == 0 and failed.value[0][1:] == (0, 0) and failed.value[1][1:] == (-103, -103)
    assert events(watcher) == []


def test_a_multi_fires_in_the_order_of_its_parts(pair, home):
    watcher, writer = pair
    watcher.call(p.ADD_WATCH, p.with_version(home, 1))
    parts = [(p.CREATE, p.create(home + "/b")), (p.CREATE, p.create(home + "/a")), (p.SET_DATA, p.set_data(home + "/b", b"x")),
             (p.DELETE, p.with_version(home + "/b", -1))]
    assert writer.call(p.MULTI, p.multi(parts)).error == 0
    assert events(watcher) == [(CREATED, home + "/b"), (CREATED, home + "/a"), (CHANGED, home + "/b"), (DELETED, home + "/b")]


def test_watches_die_with_their_connection(shared, pair, home):
    watcher, writer = pair
    other = open_session(shared.port)
    other.call(p.ADD_WATCH, p.with_version(home, 0))
    session, password = other.session, other.password
    other.close()
    other.__init__(shared.port)
    assert other.connect(session=session, password=password)
    writer.call(p.SET_DATA, p.set_data(home, b"x"))
    assert events(other) == []
    other.end_session()
