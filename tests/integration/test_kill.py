"""kill -9 under load: nothing acknowledged is lost, no zxid is used twice, dead sessions leave nothing behind."""

import random
import threading

import pytest

from support import protocol as p
from support import treedump
from support.connection import Closed, Connection, open_session
from support.servers import wait_until

WRITERS = 5
WINDOW = 24
LIVE_TIMEOUT, DEAD_TIMEOUT = 60000, 1000
CONFIG = {"tickTime": 250, "minSessionTimeout": 500, "maxSessionTimeout": 60000, "snapCount": 400}


class Writer(threading.Thread):
    """Creates and changes nodes with many requests outstanding until its connection breaks; notes what was acknowledged.

    Requests alternate: a create of a new node, then a change of the writer's counter; now and then a multi
    of two creates. `acknowledged` holds (path, czxid) of creates, `zxids` every zxid that was answered.
    """

    def __init__(self, port, name):
        super().__init__(name=name)
        self.port, self.acknowledged, self.zxids = port, [], []
        self.counter_acknowledged, self.counter_sent = 0, 0
        self.error, self.answered = None, threading.Event()

    def run(self):
        try:
            connection = open_session(self.port, LIVE_TIMEOUT)
            outstanding, number = [], 0
            while True:
                while len(outstanding) < WINDOW:
                    outstanding.append(self.send(connection, number))
                    number += 1
                self.take(connection, *outstanding.pop(0))
        except (Closed, OSError):
            pass
        except Exception as error:
            self.error = error

    def send(self, connection, number):
        path = f"/load/{self.name}-{number}"
        if number % 2:
            self.counter_sent += 1
            connection.send_request(p.SET_DATA, p.set_data("/load/" + self.name, b"%d" % self.counter_sent))
            return p.SET_DATA, None
        if number % 10 == 4:
            parts = [(p.CREATE, p.create(path + "-m1", b"m")), (p.CREATE, p.create(path + "-m2", b"m"))]
            connection.send_request(p.MULTI, p.multi(parts))
            return p.MULTI, path
        connection.send_request(p.CREATE, p.create(path, path.encode()))
        return p.CREATE, path

    def take(self, connection, kind, path):
        reply = connection.reply(kind)
        assert reply.error == 0, reply
        self.zxids.append(reply.zxid)
        if kind == p.SET_DATA:
            self.counter_acknowledged += 1
        elif kind == p.MULTI:
            assert all(part[1] == 0 for part in reply.value[:-1]), reply
            self.acknowledged += [(path + "-m1", reply.zxid), (path + "-m2", reply.zxid)]
        else:
            self.acknowledged.append((path, reply.zxid))
        if len(self.zxids) > WINDOW:
            self.answered.set()


class Round:
    """One time of load, kill and restart."""

    def __init__(self, server, number, last_zxid):
        self.server, self.number, self.last_zxid = server, number, last_zxid
        self.random = random.Random(number)

    def prepare(self):
        port = self.server.port
        self.live, self.closed = open_session(port, LIVE_TIMEOUT), open_session(port, LIVE_TIMEOUT)
        self.silent = open_session(port, DEAD_TIMEOUT)
        self.live.call(p.CREATE, p.create("/load"))
        for name, session in (("live", self.live), ("closed", self.closed), ("silent", self.silent)):
            assert session.call(p.CREATE, p.create(f"/{name}-{self.number}", flags=1)).error == 0
        self.closed.end_session()
        self.writers = [Writer(port, f"r{self.number}w{number}") for number in range(WRITERS)]
        for writer in self.writers:
            assert self.live.call(p.CREATE, p.create("/load/" + writer.name, b"0")).error == 0

    def load_and_kill(self):
        for writer in self.writers:
            writer.start()
        for writer in self.writers:
            assert writer.answered.wait(30), "no load"
        # A moment of further load of a drawn length: the writers' own progress is the clock.
        target = len(self.writers[0].zxids) + self.random.randrange(200)
        wait_until(lambda: len(self.writers[0].zxids) >= target, 30, "load")
        self.server.kill()
        for writer in self.writers:
            writer.join(30)
            assert writer.error is None, writer.error

    def check(self, seen_zxids):
        """After the restart: what was acknowledged is there, as it was acknowledged."""
        reader = open_session(self.server.port)
        highest = self.last_zxid
        for writer in self.writers:
            paths = [path for path, _ in writer.acknowledged]
            found = treedump.read_all(reader, p.GET_DATA, paths, p.with_watch)
            for path, zxid in writer.acknowledged:
                assert found[path] is not None, f"round {self.number}: acknowledged {path} of zxid {zxid:#x} is lost"
                assert found[path][1].czxid == zxid, (path, found[path][1], zxid)
                assert found[path][0] == (b"m" if "-m" in path else path.encode())
            value = int(reader.call(p.GET_DATA, p.with_watch("/load/" + writer.name)).value[0])
            assert writer.counter_acknowledged <= value <= writer.counter_sent
            assert not seen_zxids & set(writer.zxids) and len(set(writer.zxids)) == len(writer.zxids)
            assert min(writer.zxids) > self.last_zxid
            seen_zxids.update(writer.zxids)
            highest = max(highest, *writer.zxids)
        after = reader.call(p.CREATE, p.create(f"/after-{self.number}")).zxid
        assert after > highest and after not in seen_zxids
        self.check_sessions(reader)
        reader.end_session()
        return sum(len(writer.zxids) for writer in self.writers)

    def check_sessions(self, reader):
        exists = lambda name: reader.call(p.EXISTS, p.with_watch(f"/{name}-{self.number}")).error == 0
        again = Connection(self.server.port)
        assert again.connect(LIVE_TIMEOUT, self.live.session, self.live.password)
        assert exists("live") and not exists("closed")
        again.end_session()
        assert not exists("live")


def halves_of_multis(tree):
    """Multis of which only one part is in the tree."""
    parts = {path[:-3] for path in tree if path.endswith(("-m1", "-m2"))}
    return [path for path in parts if (path + "-m1" in tree) != (path + "-m2" in tree)]


def test_nothing_acknowledged_is_lost(make, soak):
    server = make(CONFIG).start()
    seen_zxids, last_zxid, writes = set(), 0, 0
    rounds = 100 if soak else 20
    for number in range(rounds):
        one = Round(server, number, last_zxid)
        one.prepare()
        one.load_and_kill()
        server.start()
        writes += one.check(seen_zxids)
        last_zxid = max(seen_zxids)
        print(f"progress: {number + 1} of {rounds} times kill -9, {writes} acknowledged writes", flush=True)
    tree = treedump.dump(server.port)
    created = [stat.czxid for path, (_, stat, _, _) in tree.items() if path.startswith("/load/") and "-m" not in path]
    assert len(set(created)) == len(created), "a zxid was used twice"
    assert halves_of_multis(tree) == []
    watcher = open_session(server.port)
    for number in range(rounds):
        gone = lambda: watcher.call(p.EXISTS, p.with_watch(f"/silent-{number}")).error == -101
        wait_until(gone, 10, f"the dead session's /silent-{number} goes")
    print(f"figures: {rounds} times kill -9, {writes} acknowledged writes, {len(tree)} nodes, nothing lost")
    assert writes > rounds * 500


@pytest.mark.parametrize("times", [5])
def test_killed_while_starting(make, times):
    """kill -9 during recovery: the next start still finds everything."""
    server = make({**CONFIG, "snapCount": 100}).start()
    connection = open_session(server.port)
    for number in range(2000):
        connection.send_request(p.CREATE, p.create(f"/n{number:05d}", b"x" * 100))
    for number in range(2000):
        assert connection.reply(p.CREATE).error == 0
    expected = {path for path in treedump.dump(server.port)}
    server.kill()
    pause = threading.Event()
    for attempt in range(times):
        server.spawn()
        pause.wait(0.05 * attempt if server.kind == "java" else 0.004 * attempt)
        server.kill()
    server.start()
    assert {path for path in treedump.dump(server.port)} == expected
