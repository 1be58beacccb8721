"""The zxids of an epoch are used up on real sockets: the ensemble begins another one, and no client of a server of ours notices."""

import threading
import time

from support import protocol as p
from support.connection import open_session
from support.ensemble import Load
from support.jute import ustring
from support.servers import four_letters, wait_until

# Epochs of a second or so under the load below, so that no server misses one as a whole.
# However late a server is for the next epoch, it needs no snapshot: those let their clients go.
EPOCH = {"zoetrope.epochTransactionsMax": 1500, "commitLogCount": 100_000}
EPOCHS = 4
EPHEMERAL = 1


def epoch(server):
    lines = dict(line.split(": ", 1) for line in four_letters(server.port, "srvr").splitlines() if ": " in line)
    return int(lines.get("Zxid", "0"), 16) >> 32  # none between two epochs


class Writer(threading.Thread):
    """One session on one connection; it writes, reads and syncs until told to stop, and nothing may fail."""

    def __init__(self, port, path):
        super().__init__(daemon=True)
        self.connection, self.path = open_session(port), path
        self.stopping, self.error, self.written, self.longest = threading.Event(), None, 0, 0.0

    def run(self):
        try:
            while not self.stopping.is_set():
                began = time.monotonic()
                self.step()
                self.longest = max(self.longest, time.monotonic() - began)
        except BaseException as error:  # reported by the thread that waits for this one
            self.error = error

    def step(self):
        call = self.connection.call
        path = f"{self.path}-{self.written}"
        flags = EPHEMERAL if self.written % 7 == 0 else 0
        assert call(p.CREATE, p.create(path, b"", flags=flags)).error == 0, path
        self.written += 1
        reply = call(p.SET_DATA, p.set_data("/counter", path.encode()))
        assert reply.error == 0, reply
        if self.written % 10 == 0:
            assert call(p.SYNC, ustring("/")).error == 0
        assert call(p.GET_DATA, p.with_watch(path)).error == 0, path


def test_no_client_of_any_server_notices(form):
    ensemble = form(observers=1, config=EPOCH).start()
    first = open_session(ensemble[1].port)
    assert first.call(p.CREATE, p.create("/counter", b"")).error == 0
    first.call(p.SYNC, ustring("/"))
    began = epoch(ensemble[ensemble.leader()])
    writers = [Writer(server.port, f"/{number}-{n}") for number, server in ensemble.members.items() for n in range(2)]
    for writer in writers:
        writer.start()
    wait_until(lambda: any(writer.error for writer in writers) or
               min(epoch(server) for server in ensemble.members.values()) >= began + EPOCHS, 90, "some epochs pass")
    for writer in writers:
        writer.stopping.set()
    for writer in writers:
        writer.join(30)
        assert not writer.is_alive(), "a client hangs"
        if writer.error is not None:
            raise writer.error
    print("longest steps, s:", [round(writer.longest, 3) for writer in writers])
    assert first.call(p.SYNC, ustring("/")).error == 0, "an idle session has lived on"
    tree = ensemble.converged_tree()
    for writer in writers:
        assert all(f"{writer.path}-{n}" in tree for n in range(writer.written))
    assert tree["/counter"][1].version == sum(writer.written for writer in writers), "each of them once"


def test_java_members_come_along(mix):
    """They let their clients go, as ever, and nothing that was acknowledged is lost."""
    ensemble = mix(("java", "zoetrope", "zoetrope"), config=EPOCH)
    ensemble.start(2, 3)
    ensemble.start(1)
    first = open_session(ensemble[2].port)
    assert first.call(p.CREATE, p.create("/load", b"")).error == 0
    first.end_session()
    with Load(ensemble, "/load", clients=6) as load:
        began = epoch(ensemble[ensemble.leader()])
        wait_until(lambda: any(client.error for client in load.clients) or
                   max(epoch(ensemble[number]) for number in (2, 3)) >= began + 2, 90, "some epochs pass")
        load.go_on()
    load.check(ensemble.equal_tree())
