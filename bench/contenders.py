"""The servers that are compared: Java ZooKeeper 3.8.0, ours, and the least possible server.

Each runs alone on a loopback port with a directory of its own, with the same zoo.cfg, and is ended by its own
process handle. Nothing here ever touches a process that it did not start.
"""

import contextlib
import os
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
JAVA_CLASSPATH = "/usr/share/java/zookeeper.jar"  # without a logger on the path nothing is logged


class Unavailable(Exception):
    """A contender cannot run here; the message says why."""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Contender:
    """One server process. start() waits until it serves; stop() ends it; discard() removes its directory."""

    name = ""

    def __init__(self, parent_directory, config=None):
        self.directory = Path(tempfile.mkdtemp(prefix=f"{self.name}-", dir=parent_directory))
        self.port = free_port()
        self.process = None
        self.id = None  # of a member of an ensemble
        self.config = {"tickTime": 2000, "dataDir": self.directory / "data", "clientPort": self.port,
                       "clientPortAddress": "127.0.0.1", "maxClientCnxns": 0, "admin.enableServer": "false",
                       **(config or {})}

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    @property
    def pid(self):
        return self.process.pid

    @property
    def pids(self):
        """For --pids of the load generator."""
        return str(self.pid)

    def command(self):
        raise NotImplementedError

    def write_config(self):
        (self.directory / "data").mkdir(exist_ok=True)
        if self.id is not None:
            (self.directory / "data/myid").write_text(f"{self.id}\n")
        path = self.directory / "zoo.cfg"
        path.write_text("".join(f"{key}={value}\n" for key, value in self.config.items()))
        return path

    def spawn(self):
        command = self.command()
        with open(self.directory / "output.log", "ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                                            cwd=self.directory)
        return self

    def start(self):
        self.seconds_to_first_write()
        return self

    def seconds_to_first_write(self):
        """Starts the process; the time until a client's first write is acknowledged."""
        begun = time.monotonic()
        self.spawn()
        return await_write([self]) - begun

    def check_alive(self):
        if self.process.poll() is not None:
            tail = (self.directory / "output.log").read_text(errors="replace")[-500:]
            raise Unavailable(f"{self.name} ended with status {self.process.returncode}: {tail.strip()}")

    def stop(self, number=signal.SIGTERM):
        if self.process is None:
            return
        self.process.send_signal(number)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def discard(self):
        self.stop(signal.SIGKILL)
        shutil.rmtree(self.directory, ignore_errors=True)

    def rss_bytes(self):
        with open(f"/proc/{self.pid}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")

    def cpu_seconds(self):
        """Processor time of the process so far, to 10 ms."""
        with open(f"/proc/{self.pid}/stat") as file:
            user, system = file.read().rsplit(")", 1)[1].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


class Java(Contender):
    name = "java"
    title = "ZooKeeper"

    def command(self):
        if not Path(JAVA_CLASSPATH).exists() or shutil.which("java") is None:
            raise Unavailable("Java ZooKeeper is not installed (apt-get install zookeeper)")
        return ["java", "-Xmx1g", "-XX:+UseG1GC", "-cp", JAVA_CLASSPATH,
                "org.apache.zookeeper.server.quorum.QuorumPeerMain", str(self.write_config())]


class Ours(Contender):
    name = "ours"
    title = "Zoetrope"
    binary = ROOT / "build/release/zoetrope"

    def command(self):
        if not self.binary.exists():
            raise Unavailable(f"{self.binary} is not built (./dev build)")
        return [str(self.binary), "serve", str(self.write_config())]


class Recorded(Ours):
    """The same with its flight recorder."""

    name = "recorded"
    title = "recording"

    def command(self):
        return [*super().command(), "--record", str(self.directory / "recording")]


class Limit(Contender):
    """No tree and no sessions: what sockets and disk allow."""

    name = "limit"
    title = "limit"
    binary = ROOT / "build/release/bench/echo_server"
    follower_ports = ()  # of others that log what this one logs

    def command(self):
        if not self.binary.exists():
            raise Unavailable(f"{self.binary} is not built (./dev build)")
        return [str(self.binary), str(self.port), str(self.directory / "log"), *map(str, self.follower_ports)]


KINDS = {kind.name: kind for kind in (Java, Ours, Recorded, Limit)}


def await_write(servers, timeout=120):
    """The moment at which the first of the servers acknowledges a client's write; each is asked by a thread of its own.

    Raises Unavailable when a process ends, or when nobody serves in time.
    """
    written, failures = [], []
    deadline = time.monotonic() + timeout

    def ask(server):
        # Java accepts connections before it serves and forgets what they ask: patience grows from attempt to attempt.
        patience = 0.1
        while not written and not failures:
            try:
                server.check_alive()
                if time.monotonic() > deadline:
                    raise Unavailable(f"{server.name} does not serve within {timeout} s")
                written.append(first_write(server.port, patience))
            except TimeoutError:
                patience *= 1.3
            except OSError:
                time.sleep(0.0005 * len(servers))
            except Unavailable as why:
                failures.append(why)

    threads = [threading.Thread(target=ask, args=(server,), daemon=True) for server in servers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if not written:
        raise failures[0]
    return min(written)


def receive_frame(sock):
    data = b""
    while len(data) < 4 or len(data) < 4 + struct.unpack(">i", data[:4])[0]:
        piece = sock.recv(65536)
        if not piece:
            raise ConnectionResetError("closed")
        data += piece
    return data[4:]


def frame(payload):
    return struct.pack(">i", len(payload)) + payload


def text(value):
    return struct.pack(">i", len(value)) + value


@contextlib.contextmanager
def session(port, timeout):
    """A raw client session, closed at the end. Raises OSError when the server does not serve (yet)."""
    with socket.create_connection(("127.0.0.1", port), timeout) as sock:
        sock.settimeout(timeout)
        sock.sendall(frame(struct.pack(">iqiq", 0, 0, 30000, 0) + text(bytes(16)) + b"\0"))
        if struct.unpack(">i", receive_frame(sock)[4:8])[0] <= 0:
            raise ConnectionResetError("no session")
        yield sock
        with contextlib.suppress(OSError):  # what was acknowledged counts, whatever becomes of the session
            sock.sendall(frame(struct.pack(">ii", 0x7fffffff, -11)))
            receive_frame(sock)


def call(sock, xid, operation, body):
    """The body of the answer to one request. Raises OSError on an error."""
    sock.sendall(frame(struct.pack(">ii", xid, operation) + body))
    reply = receive_frame(sock)
    error = struct.unpack(">i", reply[12:16])[0]
    if error != 0:
        raise ConnectionResetError(f"error {error}")
    return reply[16:]


def create_sequential(sock):
    open_acl = struct.pack(">ii", 1, 31) + text(b"world") + text(b"anyone")
    return call(sock, 1, 1, text(b"/first-write-") + text(b"x") + open_acl + struct.pack(">i", 2))[4:]


def first_write(port, timeout):
    """Opens a session, writes one znode, closes the session; the moment at which the write was acknowledged."""
    with session(port, timeout) as sock:
        create_sequential(sock)
        return time.monotonic()


def write_sets(port, count, data):
    """Sets the data of one new znode so many times, one after the other."""
    with session(port, 30) as sock:
        path = create_sequential(sock)
        for number in range(count):
            call(sock, 2 + number, 5, text(path) + text(data) + struct.pack(">i", -1))
        return len(path)
