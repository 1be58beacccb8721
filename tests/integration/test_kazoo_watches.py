"""The stock Python client: one-shot watches, the watch recipes, and watches over a reconnect."""

import queue
import threading

import pytest
from kazoo.protocol.states import EventType, KazooState
from kazoo.recipe.cache import TreeCache, TreeEvent
from kazoo.recipe.watchers import PatientChildrenWatch

WAIT = 20


class Events:
    """Collects events; next() waits for one, none_left() proves by a round trip that there is no more."""

    def __init__(self, client):
        self.client, self.queue = client, queue.Queue()

    def __call__(self, *event):
        self.queue.put(event[0] if len(event) == 1 else event)

    def next(self):
        return self.queue.get(timeout=WAIT)

    def none_left(self):
        self.client.sync("/")
        return self.queue.empty()


def test_data_watch_fires_once(zk):
    zk.create("/a", b"0")
    events = Events(zk)
    zk.get("/a", watch=events)
    zk.set("/a", b"1")
    event = events.next()
    assert (event.type, event.path, event.state) == (EventType.CHANGED, "/a", "CONNECTED")
    zk.set("/a", b"2")
    assert events.none_left()


def test_exists_watch_sees_creation_and_deletion(zk):
    events = Events(zk)
    assert zk.exists("/a", watch=events) is None
    zk.create("/a")
    assert events.next().type == EventType.CREATED
    zk.exists("/a", watch=events)
    zk.delete("/a")
    assert events.next().type == EventType.DELETED
    assert events.none_left()


def test_child_watch_sees_children_and_the_end_of_the_node(zk):
    zk.create("/p")
    events = Events(zk)
    zk.get_children("/p", watch=events)
    zk.create("/p/a")
    assert (events.next().type, events.none_left()) == (EventType.CHILD, True)
    zk.get_children("/p", watch=events)
    zk.set("/p", b"no child event")
    zk.delete("/p/a")
    assert events.next().type == EventType.CHILD
    zk.get_children("/p", watch=events)
    zk.delete("/p")
    assert (events.next().type, events.none_left()) == (EventType.DELETED, True)


def test_a_watch_of_another_client_comes_before_the_new_state(zk, shared, connect, home):
    other = connect(shared, home)
    zk.create("/flag", b"0")
    for round_number in range(50):
        seen = []
        other.get("/flag", watch=lambda event: seen.append("event"))
        zk.set("/flag", b"%d" % (round_number + 1))
        other.sync("/")
        value, _ = other.get("/flag")
        # The answer shows the new state, so the event was read off the connection before it.
        done = threading.Event()
        other.handler.callback_queue.put(done.set)
        assert done.wait(WAIT)
        assert value == b"%d" % (round_number + 1) and seen == ["event"]


def test_data_watch_recipe_follows_a_node(zk):
    events = Events(zk)

    @zk.DataWatch("/d")
    def follow(data, stat):
        events((data, stat.version if stat else None))

    assert events.next() == (None, None)
    zk.create("/d", b"0")
    assert events.next() == (b"0", 0)
    zk.set("/d", b"1")
    assert events.next() == (b"1", 1)
    zk.delete("/d")
    assert events.next() == (None, None)


def test_children_watch_recipe_follows_members(zk):
    zk.create("/c")
    events = Events(zk)

    @zk.ChildrenWatch("/c")
    def follow(children):
        events(sorted(children))

    assert events.next() == []
    for number in range(1, 4):
        zk.create(f"/c/{number}")
        while events.next() != [str(n) for n in range(1, number + 1)]:
            pass
    zk.delete("/c/2")
    assert events.next() == ["1", "3"]


def test_patient_children_watch_waits_for_calm(zk):
    zk.create("/c/a", makepath=True)
    result = PatientChildrenWatch(zk, "/c", time_boundary=0.2).start()
    children, event = result.get(WAIT)
    assert children == ["a"]
    zk.create("/c/b")
    assert event.wait(WAIT) is not None


def test_tree_cache_mirrors_a_subtree(zk):
    zk.create("/t/a/b", b"1", makepath=True)
    cache, events = TreeCache(zk, "/t"), Events(zk)
    cache.listen(lambda event: events(event))
    cache.start()
    while events.next().event_type != TreeEvent.INITIALIZED:
        pass
    assert cache.get_data("/t/a/b").data == b"1"
    zk.set("/t/a/b", b"2")
    while cache.get_data("/t/a/b").data != b"2":
        events.next()
    zk.create("/t/a/c", b"3")
    while cache.get_data("/t/a/c") is None:
        events.next()
    zk.delete("/t/a/b")
    while cache.get_data("/t/a/b") is not None:
        events.next()
    assert cache.get_children("/t/a") == frozenset({"c"})
    cache.close()


def test_watches_are_set_again_after_a_restart(make, connect):
    server = make().start()
    watcher, states = connect(server, timeout=30), queue.Queue()
    watcher.add_listener(states.put)
    watcher.create("/data", b"0")
    watcher.create("/parent")
    data, children, exists = Events(watcher), Events(watcher), Events(watcher)
    watcher.get("/data", watch=data)
    watcher.get_children("/parent", watch=children)
    watcher.exists("/later", watch=exists)
    server.kill()
    assert states.get(timeout=WAIT) == KazooState.SUSPENDED
    server.start()
    assert states.get(timeout=WAIT) == KazooState.CONNECTED
    # kazoo 2.8 hands its watches to the application when the connection breaks and sends no setWatches.
    for events in (data, children, exists):
        assert events.next().state in ("CONNECTING", "CONNECTED")
    watcher.get("/data", watch=data)
    changer = connect(server)
    changer.set("/data", b"1")
    assert data.next().type == EventType.CHANGED


@pytest.mark.parametrize("watchers", [30])
def test_all_watchers_of_a_node_are_told(zk, shared, connect, home, watchers):
    zk.create("/herd", b"0")
    clients = [connect(shared, home) for _ in range(watchers)]
    events = [Events(client) for client in clients]
    for client, collector in zip(clients, events):
        client.get("/herd", watch=collector)
    zk.set("/herd", b"1")
    assert all(collector.next().type == EventType.CHANGED for collector in events)
