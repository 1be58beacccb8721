"""Several servers as one ensemble: formed, watched, killed and compared; each of them is a process of its own."""

import shutil
import signal
import threading

from . import protocol as p
from . import treedump
from .connection import Closed, Connection, open_session
from .jute import ustring
from .servers import four_letters, free_port, make_server, wait_until

# Short ticks, so that elections are short; limits that a busy machine does not reach by accident.
CONFIG = {"tickTime": 250, "initLimit": 80, "syncLimit": 40, "minSessionTimeout": 500, "maxSessionTimeout": 60000}


class Ensemble:
    """`count` participants with ids from 1 on, then the observers. Not started until start().

    `kinds` gives the kind of single members (`java` or `zoetrope`) by id, all others are of `kind`. With `apart` each
    has a loopback address of its own for the others, so that all can use one port number.
    """

    def __init__(self, kind="zoetrope", count=3, observers=0, config=None, kinds=None, apart=False):
        self.apart = apart
        ids = range(1, count + observers + 1)
        self.observers = set(range(count + 1, count + observers + 1))
        self.members = {number: make_server((kinds or {}).get(number, kind)) for number in ids}
        self.quorum_ports = {number: free_port() for number in ids}
        self.election_ports = {number: free_port() for number in ids}
        self.log_marks = {number: 0 for number in ids}
        for number, member in self.members.items():
            member.id = number
            member.config.update({**CONFIG, **self.server_lines(), **(config or {})})
            if number in self.observers:
                member.config["peerType"] = "observer"

    def server_lines(self):
        """The lines server.N of zoo.cfg, by key."""
        role = lambda number: "observer" if number in self.observers else "participant"
        host = lambda number: f"127.0.0.{number if self.apart else 1}"
        return {f"server.{number}": f"{host(number)}:{port}:{self.election_ports[number]}:{role(number)}"
                for number, port in self.quorum_ports.items()}

    def __getitem__(self, number):
        return self.members[number]

    # ---- processes ----

    def start(self, *ids):
        """Starts members, all without ids, and waits until each serves."""
        ids = ids or self.members
        for number in ids:
            self.spawn(number)
        for number in ids:
            self.members[number].wait_ready()
        return self

    def spawn(self, number):
        log = self.members[number].directory / "server.log"
        self.log_marks[number] = log.stat().st_size if log.exists() else 0
        self.members[number].spawn()

    def kill(self, *ids):
        for number in ids:
            self.members[number].kill()

    def wipe(self, number):
        """Takes all data of a member that is down."""
        assert self.members[number].process is None
        shutil.rmtree(self.members[number].data)

    def discard(self):
        for member in self.members.values():
            member.discard()

    def running(self):
        return [number for number, member in self.members.items() if member.process is not None]

    def paused(self, *ids):
        """A context in which the processes stand still."""
        return Paused([self.members[number].process for number in ids])

    # ---- what they say ----

    def log(self, number):
        """What a member has logged since its last start."""
        with open(self.members[number].directory / "server.log", "rb") as file:
            file.seek(self.log_marks[number])
            return file.read().decode(errors="replace")

    def wait_for_log(self, number, text, seconds=20):
        wait_until(lambda: text in self.log(number), seconds,
                   lambda: f"server {number} logs {text!r}; it logged:\n{self.log(number)}")

    def mode(self, number):
        """leader, follower, observer, or nothing while it does not serve."""
        try:
            lines = four_letters(self.members[number].port, "srvr", 5).splitlines()
        except OSError:
            return ""
        return next((line[6:] for line in lines if line.startswith("Mode: ")), "")

    def modes(self):
        return {number: self.mode(number) for number in self.running()}

    def leader(self, seconds=20):
        """The id of the one that leads; waits for one."""
        leading = lambda: [number for number, mode in self.modes().items() if mode == "leader"]
        return wait_until(leading, seconds, "one of them leads")[0]

    def followers(self):
        self.leader()
        return [number for number, mode in self.modes().items() if mode == "follower"]

    def hosts(self, *ids):
        """The connect string of some members, or of all."""
        return ",".join(f"127.0.0.1:{self.members[number].port}" for number in ids or self.members)

    def ports(self, *ids):
        return [self.members[number].port for number in ids or self.members]

    def dumps(self):
        """The tree of every running member, each synced first."""
        found = {}
        for number in self.running():
            connection = open_session(self.members[number].port)
            assert connection.call(p.SYNC, ustring("/")).error == 0
            found[number] = treedump.dump(self.members[number].port)
            connection.end_session()
        return found

    def converged_tree(self):
        """The tree, which must be the same everywhere."""
        dumps = self.dumps()
        (first, tree), *others = dumps.items()
        for number, other in others:
            assert other == tree, f"servers {first} and {number} differ:\n" + "\n".join(treedump.difference(tree, other))
        return tree


class Paused:
    """SIGSTOP on entry, SIGCONT on exit; a process that was killed meanwhile is left alone."""

    def __init__(self, processes):
        self.processes = processes

    def __enter__(self):
        for process in self.processes:
            process.send_signal(signal.SIGSTOP)

    def __exit__(self, *_):
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)


class Lost(Exception):
    """The connection broke before the reply; whether the request was carried out is not known."""


class MovingClient:
    """A session that takes the next server of its list when a connection breaks, as stock clients do.

    It holds the server to its promises: the session must never expire, no reply shows an older zxid than one
    before it. Not for use by two threads.
    """

    def __init__(self, ports, timeout=30000, patience=20):
        self.ports, self.timeout, self.patience = list(ports), timeout, patience
        self.session, self.password, self.zxid, self.moves = 0, b"\0" * 16, 0, -1
        self.connection, self.port = None, None
        self.connect()

    def connect(self):
        wait_until(self.try_connect, self.patience, f"a server of {self.ports} takes the session")
        self.moves += 1

    def try_connect(self):
        self.port = self.ports[0]
        self.ports = self.ports[1:] + self.ports[:1]
        try:
            self.connection = Connection(self.port, timeout=10)
            valid = self.connection.connect(self.timeout, self.session, self.password, last_zxid=self.zxid)
        except (Closed, OSError):
            self.connection = None
            return False
        assert valid, f"session {self.session:#x} was refused as expired"
        assert self.session in (0, self.connection.session), "another session was given"
        self.session, self.password = self.connection.session, self.connection.password
        return True

    def call(self, kind, body=b""):
        """A request and its reply; Lost when the connection broke, and then another one stands."""
        try:
            reply = self.connection.call(kind, body)
        except (Closed, OSError) as error:
            self.connection.close()
            self.connect()
            raise Lost from error
        if kind != p.CLOSE_SESSION and reply.zxid > 0:
            assert reply.zxid >= self.zxid, f"zxid {reply.zxid:#x} was answered after {self.zxid:#x}"
            self.zxid = reply.zxid
        return reply

    def read(self, kind, body):
        """A request that may be repeated."""
        while True:
            try:
                return self.call(kind, body)
            except Lost:
                pass

    def close(self):
        self.read(p.CLOSE_SESSION, b"") if self.connection else None
        self.connection.close()


class ClientThreads:
    """A context in which the threads `clients` run; at its end they are told by `stopping`, and none may hang or have failed."""

    def __enter__(self):
        for client in self.clients:
            client.start()
        return self

    def __exit__(self, kind, *_):
        self.stopping.set()
        for client in self.clients:
            client.join(60)
        if kind is None:
            assert not any(client.is_alive() for client in self.clients), "a client hangs"
            self.judge_threads()

    def judge_threads(self):
        for client in self.clients:
            if client.error is not None:
                raise client.error


class Load(ClientThreads):
    """Clients that write and read without a pause, each in a thread, until end(); then check() judges.

    Every client creates znodes of its own and counts up a counter of its own, and reads the counters of all:
    none may go back. `home` must exist.
    """

    def __init__(self, ensemble, home, clients=3):
        self.home, self.stopping = home, threading.Event()
        first = MovingClient(ensemble.ports())
        for number in range(clients):
            assert first.call(p.CREATE, p.create(f"{home}/counter-{number}", b"0")).error == 0
        first.close()
        ports = ensemble.ports()
        self.clients = [LoadClient(self, number, ports[number % len(ports):] + ports[:number % len(ports)], clients)
                        for number in range(clients)]

    def acknowledged(self):
        return sum(len(client.created) for client in self.clients)

    def go_on(self, writes=20, seconds=30):
        """Waits until every client has had so many further writes acknowledged."""
        before = [len(client.created) for client in self.clients]
        for client, count in zip(self.clients, before):
            wait_until(lambda: client.error or len(client.created) >= count + writes, seconds,
                       f"client {client.number} goes on writing")
        if any(client.error for client in self.clients):
            self.judge_threads()

    def check(self, tree):
        """Everything that was acknowledged is in the tree as it was acknowledged."""
        for client in self.clients:
            for path, zxid in client.created:
                assert path in tree, f"acknowledged {path} of zxid {zxid:#x} is lost"
                assert tree[path][1].czxid == zxid, (path, tree[path][1], zxid)
            counter = int(tree[f"{self.home}/counter-{client.number}"][0])
            assert client.counter_acknowledged <= counter <= client.counter_sent
        zxids = [zxid for client in self.clients for _, zxid in client.created]
        assert len(set(zxids)) == len(zxids), "a zxid was used twice"


class LoadClient(threading.Thread):
    def __init__(self, load, number, ports, clients):
        super().__init__(name=f"load-{number}", daemon=True)
        self.load, self.number, self.error = load, number, None
        self.created, self.counter_acknowledged, self.counter_sent = [], 0, 0
        self.seen = [0] * clients
        self.client = MovingClient(ports)

    def run(self):
        try:
            step = 0
            while not self.load.stopping.is_set():
                self.one_step(step)
                step += 1
            self.client.close()
        except BaseException as error:  # reported by the thread that waits for this one
            self.error = error

    def one_step(self, step):
        path = f"{self.load.home}/{self.number}-{step:06d}"
        try:
            reply = self.client.call(p.CREATE, p.create(path, path.encode()))
            assert reply.error == 0, (path, reply)
            self.created.append((path, reply.zxid))
            self.counter_sent += 1
            reply = self.client.call(p.SET_DATA, p.set_data(f"{self.load.home}/counter-{self.number}",
                                                            b"%d" % self.counter_sent))
            assert reply.error == 0, reply
            self.counter_acknowledged = self.counter_sent
        except Lost:
            pass
        other = (self.number + step) % len(self.seen)
        reply = self.client.read(p.GET_DATA, p.with_watch(f"{self.load.home}/counter-{other}"))
        value = int(reply.value[0])
        assert value >= self.seen[other], f"counter {other} read as {value} after {self.seen[other]}"
        if other == self.number:
            assert value >= self.counter_acknowledged, f"own write {self.counter_acknowledged} read as {value}"
        self.seen[other] = value
