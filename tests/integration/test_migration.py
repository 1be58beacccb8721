"""A live Java ensemble becomes Zoetrope server by server, and goes back, as docs/migration.md says, under load."""

import threading

from kazoo.client import KazooClient
from kazoo.exceptions import ConnectionClosedError, ConnectionLoss, OperationTimeoutError, SessionExpiredError
from kazoo.protocol.states import KazooState
from kazoo.retry import KazooRetry

from support.servers import wait_until


class StockClient(threading.Thread):
    """A kazoo client that writes without a pause and notes what was acknowledged, until told to stop.

    It owns an ephemeral from the first to the last moment and watches a znode that it changes itself.
    """

    def __init__(self, hosts, number):
        super().__init__(daemon=True)
        self.number, self.stopping, self.error = number, threading.Event(), None
        self.created, self.counter, self.unknown, self.lost_session, self.events = [], 0, 0, False, 0
        retry = KazooRetry(max_tries=-1, delay=0.05, max_delay=0.3)
        self.client = KazooClient(hosts, timeout=20, connection_retry=retry, command_retry=None)
        self.client.add_listener(self.listen)
        self.client.start(30)
        self.session = self.client.client_id[0]
        self.client.ensure_path("/app")
        self.client.create(f"/app/member-{number}", b"", ephemeral=True)
        self.client.create(f"/app/counter-{number}", b"0")
        self.watch(None)

    def listen(self, state):
        self.lost_session |= state == KazooState.LOST and not self.stopping.is_set()

    def watch(self, event):
        self.events += event is not None
        try:
            self.client.exists_async(f"/app/counter-{self.number}", watch=self.watch)
        except (ConnectionLoss, ConnectionClosedError, SessionExpiredError):
            pass

    def run(self):
        try:
            step = 0
            while not self.stopping.is_set():
                self.one_step(step)
                step += 1
        except BaseException as error:  # reported by the thread that waits for this one
            self.error = error

    def one_step(self, step):
        path = f"/app/{self.number}-{step:06d}"
        try:
            self.client.create(path, path.encode())
            self.created.append(path)
            self.client.set(f"/app/counter-{self.number}", b"%d" % (step + 1))
            self.counter = step + 1
            data, _ = self.client.get(f"/app/counter-{self.number}")
            assert int(data) >= self.counter, f"own write {self.counter} read as {data}"
        except (ConnectionLoss, OperationTimeoutError, ConnectionClosedError):
            # Whether it was carried out is not known.
            self.unknown += 1
            wait_until(lambda: self.client.connected or self.stopping.is_set(), 60, "the client finds a server")

    def go_on(self, writes=20):
        target = len(self.created) + writes
        wait_until(lambda: self.error or self.lost_session or len(self.created) >= target, 60,
                   f"client {self.number} goes on writing")
        assert self.error is None and not self.lost_session, (self.error, self.lost_session)

    def end(self):
        self.stopping.set()
        self.join(60)
        assert not self.is_alive() and self.error is None and not self.lost_session, (self.error, self.lost_session)
        assert self.client.client_id[0] == self.session


def replace(ensemble, id, kind, clients):
    """One server of docs/migration.md: stopped, started as the other kind on the same files, and caught up."""
    ensemble.stop(id)
    for client in clients:
        client.go_on(5)
    ensemble.change_kind(id, kind)
    ensemble.spawn(id)
    leader = ensemble.settle()
    synced = lambda: float(ensemble.monitored(leader).get("zk_synced_followers", 0)) == len(ensemble.members) - 1
    wait_until(synced, 30, "the leader counts all followers")
    for client in clients:
        client.go_on()


def move_all(ensemble, kind, clients):
    """Followers first, the leader last: one election in all."""
    leader = ensemble.settle()
    for id in [id for id in ensemble.members if id != leader] + [leader]:
        replace(ensemble, id, kind, clients)


def check(ensemble, clients):
    """Nothing that was acknowledged is lost, ephemerals are alive, members are equal."""
    tree = ensemble.equal_tree()
    for client in clients:
        missing = [path for path in client.created if path not in tree]
        assert missing == [], f"acknowledged and lost: {missing[:5]} of {len(client.created)}"
        assert int(tree[f"/app/counter-{client.number}"][0]) >= client.counter
        assert tree[f"/app/member-{client.number}"][1].owner == client.session
    return tree


def test_a_java_ensemble_becomes_zoetrope_and_goes_back(mix, soak):
    ensemble = mix(["java"] * 3).begin()
    clients = [StockClient(ensemble.hosts(), number) for number in range(3)]
    for client in clients:
        client.start()
    try:
        for client in clients:
            client.go_on()
        for _ in range(5 if soak else 1):
            move_all(ensemble, "zoetrope", clients)
            assert ensemble.of_kind("zoetrope") == [1, 2, 3]
            # The way back of one server, while the others stay; then of all.
            follower = next(id for id in ensemble.members if id != ensemble.leader())
            replace(ensemble, follower, "java", clients)
            if soak:
                for id in ensemble.of_kind("zoetrope"):
                    replace(ensemble, id, "java", clients)
    finally:
        for client in clients:
            client.stopping.set()
    for client in clients:
        client.end()
    check(ensemble, clients)
    for client in clients:
        assert client.events > 10, "watches went on firing"
    print(f"figures: {sum(len(client.created) for client in clients)} acknowledged writes, "
          f"{sum(client.unknown for client in clients)} of unknown outcome, no session lost")
    for client in clients:
        client.client.stop()
        client.client.close()
