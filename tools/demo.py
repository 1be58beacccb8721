#!/usr/bin/env python3
"""Shows the server at work: demo.py ZOETROPE

A stock ZooKeeper client (kazoo) works on a real server, which is killed with kill -9 under load and comes back; then
a crash campaign runs in the simulator. Every figure is measured; the exit status is 1 when anything does not hold.
"""

import logging
import queue
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from kazoo.client import KazooClient
from kazoo.exceptions import KazooException
from kazoo.protocol.states import KazooState

KILLS = 3
WINDOW = 32


def say(text):
    print(text, flush=True)


def check(condition, text):
    if not condition:
        say(f"  FAILED: {text}")
        sys.exit(1)
    say(f"  {text}")


class Server:
    """`zoetrope serve` on a directory of its own."""

    def __init__(self, binary):
        self.binary, self.process = binary, None
        self.directory = Path(tempfile.mkdtemp(prefix="zoetrope-demo-"))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.config = self.directory / "zoo.cfg"
        self.config.write_text(f"dataDir={self.directory}/data\nclientPort={self.port}\nclientPortAddress=127.0.0.1\n"
                               "tickTime=500\nmaxSessionTimeout=20000\n4lw.commands.whitelist=*\n")

    def start(self):
        """Starts it and waits until it serves; the milliseconds that this took."""
        began = time.monotonic()
        with open(self.directory / "log", "ab") as log:
            self.process = subprocess.Popen([self.binary, "serve", self.config], stdout=log, stderr=log)
        while time.monotonic() < began + 30:
            if self.process.poll() is not None:
                break
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1) as sock:
                    sock.sendall(b"ruok")
                    if sock.recv(4) == b"imok":
                        return (time.monotonic() - began) * 1000
            except OSError:
                pass
        say((self.directory / "log").read_text())
        raise SystemExit("the server does not start")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def stop(self):
        self.process.terminate()
        return self.process.wait(30)


class Load(threading.Thread):
    """Creates sequential nodes with many requests outstanding until the connection breaks; notes what was acknowledged."""

    def __init__(self, client, number):
        super().__init__()
        self.client, self.parent, self.acknowledged = client, f"/demo/load-{number}", []

    def run(self):
        self.client.create(self.parent)
        outstanding = []
        try:
            while True:
                while len(outstanding) < WINDOW:
                    outstanding.append(self.client.create_async(self.parent + "/n-", b"x" * 100, sequence=True))
                self.acknowledged.append(outstanding.pop(0).get(10))
        except KazooException:
            pass


def everyday(client, watcher):
    say("\n1. What clients do every day")
    events = queue.Queue()
    client.create("/demo/config", b"red", makepath=True)
    watcher.get("/demo/config", watch=events.put)
    began = time.monotonic()
    client.set("/demo/config", b"blue")
    event = events.get(timeout=10)
    check(event.path == "/demo/config", f"a watch told of the change after {(time.monotonic() - began) * 1000:.1f} ms")
    check(watcher.get("/demo/config")[0] == b"blue", "and the watching client reads the new value")
    with client.Lock("/demo/lock", "first"):
        check(not watcher.Lock("/demo/lock", "second").acquire(blocking=False), "a lock lets one client in, not two")
    transaction = client.transaction()
    transaction.create("/demo/half")
    transaction.set_data("/demo/config", b"never", version=99)
    transaction.commit()
    check(client.exists("/demo/half") is None, "a transaction that fails in part is undone as a whole")


def crashes(server, watcher):
    say(f"\n2. kill -9 under load, {KILLS} times")
    states = queue.Queue()
    watcher.add_listener(states.put)
    watcher.create("/demo/i-am-alive", ephemeral=True)
    session, total = watcher.client_id[0], 0
    for number in range(KILLS):
        writer = KazooClient(f"127.0.0.1:{server.port}", timeout=10)
        writer.start()
        load = Load(writer, number)
        began = time.monotonic()
        load.start()
        while len(load.acknowledged) < 2000:
            time.sleep(0.01)
        seconds = time.monotonic() - began
        server.kill()
        load.join()
        back = server.start()
        writer.stop()
        while states.get(timeout=20) != KazooState.CONNECTED:
            pass
        there = {f"{load.parent}/{name}" for name in watcher.get_children(load.parent)}
        lost = [path for path in load.acknowledged if path not in there]
        total += len(load.acknowledged)
        check(not lost, f"killed after {len(load.acknowledged)} acknowledged writes ({2000 / seconds:.0f} a second from Python); "
                        f"back in {back:.0f} ms; none is missing")
    check(watcher.client_id[0] == session and watcher.exists("/demo/i-am-alive") is not None,
          f"the other client kept its session 0x{session:x} and its ephemeral node through all of it")
    return total


def simulate(binary):
    say("\n3. The same engine in the simulator, crashed at every turn")
    seeds = "1..400"
    say(f"  {binary} sim --seeds {seeds}   (kills, power losses, torn writes, failing disks; every history judged)")
    run = subprocess.run([binary, "sim", "--seeds", seeds], stdout=subprocess.PIPE, text=True)
    summary = run.stdout.strip().splitlines()[-1] if run.stdout.strip() else "no output"
    if run.returncode != 0:
        say(run.stdout)
    check(run.returncode == 0, summary)
    return summary


def main():
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    logging.disable(logging.CRITICAL)
    binary = Path(sys.argv[1]).resolve()
    server = Server(binary)
    try:
        began = server.start()
        say(f"zoetrope serves on 127.0.0.1:{server.port} (started in {began:.0f} ms), data in {server.directory}/data")
        client = KazooClient(f"127.0.0.1:{server.port}", timeout=10)
        watcher = KazooClient(f"127.0.0.1:{server.port}", timeout=20)
        client.start()
        watcher.start()
        everyday(client, watcher)
        client.stop()
        writes = crashes(server, watcher)
        watcher.stop()
        check(server.stop() == 0, "SIGTERM ends the server in order, status 0")
        simulate(binary)
    finally:
        if server.process is not None and server.process.poll() is None:
            server.kill()
        shutil.rmtree(server.directory, ignore_errors=True)
    say(f"\nSeen: a stock client unchanged on a real server; {writes} acknowledged writes, {KILLS} times kill -9, none lost;\n"
        "the same engine under simulated crashes and disk faults, every history judged, no violation.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
