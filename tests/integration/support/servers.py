"""Servers as processes: ours and Debian's Java ZooKeeper 3.8.0, with one interface."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
CLASSPATH = "/usr/share/java/zookeeper.jar:/usr/share/java/slf4j-simple.jar"
# Properties that stock reads without the prefix `zookeeper.`, so that zoo.cfg cannot set them there.
JAVA_PROPERTIES = ("jute.maxbuffer", "znode.container.checkIntervalMs", "znode.container.maxPerMinute",
                   "znode.container.maxNeverUsedIntervalMs", "readonlymode.enabled")
SUPER = ("super", "test")
SUPER_DIGEST = "super:D/InIHSb7yEEbrWz8b9l71RjZJU="


def kind_under_test():
    """`zoetrope` or `java`, from ZT_SERVER."""
    kind = os.environ.get("ZT_SERVER", "zoetrope")
    assert kind in ("zoetrope", "java"), f"ZT_SERVER={kind}"
    return kind


def zoetrope_binary():
    return Path(os.environ.get("ZT_BINARY", ROOT / "build/release/zoetrope"))


def free_port():
    """A port nobody listens on now; it is taken from below the range that outgoing connections use."""
    with open("/proc/sys/net/ipv4/ip_local_port_range") as file:
        low = int(file.read().split()[0])
    start = 10000 + os.getpid() * 37 % (low - 11000)
    for port in [*range(start, low), *range(10000, start)]:
        if port in free_port.given:
            continue
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        free_port.given.add(port)
        return port
    raise RuntimeError("no free port")


free_port.given = set()


def four_letters(port, word, timeout=10.0):
    """The whole answer to a four-letter word, as text."""
    with socket.create_connection(("127.0.0.1", port), timeout) as sock:
        sock.sendall(word.encode())
        sock.shutdown(socket.SHUT_WR)
        data = b""
        while True:
            try:
                piece = sock.recv(65536)
            except ConnectionResetError:
                break
            if not piece:
                break
            data += piece
    return data.decode("utf-8", "replace")


def wait_until(condition, seconds=20.0, what="condition"):
    """Waits for condition() to hold and returns its value; polling is the only way across processes."""
    deadline = time.monotonic() + seconds
    pause = 0.002
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {what() if callable(what) else what}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.05)


class Server:
    """One standalone server with its own directory. Started with start(), ended with stop() or kill().

    `config` holds further keys of zoo.cfg; a value of None removes a default. The directory survives
    restarts and is removed by discard(). Output goes to server.log in it.
    """

    kind = ""

    def __init__(self, config=None, directory=None, log_apart=False):
        self.directory = Path(directory or tempfile.mkdtemp(prefix=f"zt-{self.kind}-"))
        self.directory.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self.data = self.directory / "data"
        self.logs = self.directory / "txnlog" if log_apart else self.data
        self.process = None
        self.id = None  # the number in `myid`, of a member of an ensemble
        self.config = {
            "dataDir": self.data, "clientPort": self.port, "clientPortAddress": "127.0.0.1", "tickTime": 2000,
            "maxClientCnxns": 0, "extendedTypesEnabled": "true", "4lw.commands.whitelist": "*",
            "admin.enableServer": "false", "DigestAuthenticationProvider.superDigest": SUPER_DIGEST,
            "maxSessionTimeout": 3600000,
        }
        if log_apart:
            self.config["dataLogDir"] = self.logs
        self.config.update(config or {})

    def write_config(self):
        self.data.mkdir(parents=True, exist_ok=True)
        self.logs.mkdir(parents=True, exist_ok=True)
        if self.id is not None:
            (self.data / "myid").write_text(f"{self.id}\n")
        path = self.directory / "zoo.cfg"
        lines = [f"{key}={value}\n" for key, value in self.config.items() if value is not None and self.in_file(key)]
        path.write_text("".join(lines))
        return path

    def in_file(self, key):
        return True

    def command(self, config):
        raise NotImplementedError

    def spawn(self):
        """Starts the process without waiting for it to serve."""
        assert self.process is None
        config = self.write_config()
        with open(self.directory / "server.log", "ab") as log:
            self.process = subprocess.Popen(self.command(config), stdout=log, stderr=subprocess.STDOUT,
                                            stdin=subprocess.DEVNULL, cwd=self.directory)
        return self

    def start(self):
        return self.spawn().wait_ready()

    def wait_ready(self):
        wait_until(self.ready, 60, f"{self.kind} server on port {self.port} serves")
        return self

    def ready(self):
        if self.process.poll() is not None:
            raise AssertionError(f"{self.kind} server ended with {self.process.returncode}:\n{self.log_tail()}")
        try:
            return "Mode:" in four_letters(self.port, "srvr", 1)
        except OSError:
            return False

    def wait(self, seconds=60):
        """Waits for the process to end by itself; its exit status."""
        status = self.process.wait(seconds)
        self.process = None
        return status

    def end(self, number):
        if self.process is None:
            return None
        self.process.send_signal(number)
        return self.wait()

    def stop(self):
        """Orderly stop; the exit status."""
        return self.end(signal.SIGTERM)

    def kill(self):
        """kill -9."""
        return self.end(signal.SIGKILL)

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def rss(self):
        """Resident bytes."""
        with open(f"/proc/{self.process.pid}/statm") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")

    def four(self, word):
        return four_letters(self.port, word)

    def log_tail(self, lines=15):
        path = self.directory / "server.log"
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:]) if path.exists() else ""

    def output(self):
        """All that it has printed; nothing if it was never started."""
        path = self.directory / "server.log"
        return path.read_text(errors="replace") if path.exists() else ""

    def discard(self):
        self.kill()
        shutil.rmtree(self.directory, ignore_errors=True)


class JavaServer(Server):
    kind = "java"

    def in_file(self, key):
        return key not in JAVA_PROPERTIES and not key.startswith("zoetrope.")

    def command(self, config):
        properties = [f"-D{key}={value}" for key, value in self.config.items()
                      if key in JAVA_PROPERTIES and value is not None]
        return ["java", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", *properties, "-cp", CLASSPATH,
                "org.apache.zookeeper.server.quorum.QuorumPeerMain", str(config)]


class ZoetropeServer(Server):
    kind = "zoetrope"
    options = ()  # further ones of the command line

    def command(self, config):
        return [str(zoetrope_binary()), "serve", str(config), *map(str, self.options)]


def make_server(kind, config=None, **more):
    return (JavaServer if kind == "java" else ZoetropeServer)(config, **more)
