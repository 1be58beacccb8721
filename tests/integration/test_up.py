"""`zoetrope up`: a local ensemble by one command, what it says, and that nothing of it is left behind."""

import os
import pty
import re
import signal
import subprocess
import threading
from pathlib import Path

import pytest

from support import protocol as p
from support.connection import open_session
from support.jute import ustring
from support.servers import four_letters, free_port, wait_until, zoetrope_binary


class Up:
    """One running `zoetrope up` and what it has printed so far."""

    def __init__(self, *arguments, terminal=False, environment=None):
        command = [str(zoetrope_binary()), "up", *map(str, arguments)]
        self.keyboard, output = pty.openpty() if terminal else (None, subprocess.PIPE)
        self.process = subprocess.Popen(command, stdin=output if terminal else subprocess.DEVNULL, stdout=output,
                                        stderr=subprocess.STDOUT, start_new_session=terminal,
                                        env={**os.environ, **(environment or {})},
                                        preexec_fn=self.take_terminal if terminal else None)
        if terminal:
            os.close(output)
        self.descriptor = self.keyboard if terminal else self.process.stdout.fileno()
        self.text = ""
        self.reader = threading.Thread(target=self.read, daemon=True)
        self.reader.start()

    @staticmethod
    def take_terminal():
        import fcntl
        import termios
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def read(self):
        try:
            while data := os.read(self.descriptor, 65536):
                self.text += data.decode(errors="replace").replace("\r\n", "\n")
        except OSError:  # the terminal's other end is gone
            pass

    def says(self, text, seconds=30):
        wait_until(lambda: text in self.text, seconds, lambda: f"`up` says {text!r}; it said:\n{self.text}")
        return self

    def ports(self):
        self.says("connect: ")
        return [int(port) for port in re.findall(r"127\.0\.0\.1:(\d+)", self.text.split("connect: ")[1].split("\n")[0])]

    def pids(self):
        self.says("connect: ")
        return {int(number): int(pid) for number, pid in re.findall(r"^server (\d+): port .* pid (\d+)", self.text, re.M)}

    def directory(self):
        return Path(re.search(r"^data in (\S+)", self.says("connect: ").text, re.M).group(1))

    def end(self, number=signal.SIGINT):
        self.process.send_signal(number)
        return self.ended()

    def ended(self, seconds=30):
        status = self.process.wait(seconds)
        self.reader.join(10)
        return status


@pytest.fixture
def up():
    running = []

    def build(*arguments, **more):
        running.append(Up(*arguments, **more))
        return running[-1]

    yield build
    for one in running:
        if one.process.poll() is None:
            one.process.terminate()
            one.process.wait(30)
        if one.keyboard is not None:
            os.close(one.keyboard)


def gone(pids):
    """True when none of our own children's children is left (a zombie that nobody reaps counts as gone)."""
    def is_gone(pid):
        try:
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
        except OSError:
            return True
    return all(is_gone(pid) for pid in pids)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_three_servers_come_up_serve_and_go_without_a_trace(up, number):
    one = up().says("ready: ")
    ports, pids, directory = one.ports(), one.pids(), one.directory()
    assert len(ports) == 3 and sorted(pids) == [1, 2, 3] and "removed at the end" in one.text
    connection = open_session(ports[0])
    assert connection.call(p.CREATE, p.create("/made", b"x")).error == 0
    other = open_session(ports[2])
    other.call(p.SYNC, ustring("/"))
    assert other.call(p.GET_DATA, p.with_watch("/made")).value[0] == b"x"
    assert len(re.findall(r"^server \d: leader, epoch 1, zxid 0x", one.text, re.M)) == 1
    assert len(re.findall(r"^server \d: follower, epoch 1, zxid 0x", one.text, re.M)) == 2
    assert one.end(number) == 0
    assert one.text.endswith("stopping\nstopped\n") and gone(pids.values()) and not directory.exists()


def test_a_server_that_dies_is_told_of_and_the_others_go_on(up):
    one = up().says("ready: ")
    leader = int(re.findall(r"^server (\d): leader", one.text, re.M)[-1])
    pids = one.pids()
    os.kill(pids[leader], signal.SIGKILL)
    one.says(f"server {leader} (pid {pids[leader]}) was ended by signal 9 (Killed)")
    one.says("leader, epoch 2")
    survivor = one.ports()[leader % 3]
    assert open_session(survivor).call(p.CREATE, p.create("/after")).error == 0
    assert one.end() == 1
    assert gone(pids.values())


def test_data_is_kept_and_gone_on_with(up, tmp_path):
    one = up("--data", tmp_path / "e", "--observers", 1, "--config", "snapCount=500").says("ready: ")
    connection = open_session(one.ports()[3])
    assert connection.call(p.CREATE, p.create("/kept", b"x")).error == 0
    assert "observer, epoch 1" in one.text and "(kept)" in one.text
    assert one.end() == 0
    assert "snapCount=500\n" in (tmp_path / "e/server-2/zoo.cfg").read_text()
    two = up("--data", tmp_path / "e", "--observers", 1).says("ready: ")
    assert open_session(two.ports()[0]).call(p.GET_DATA, p.with_watch("/kept")).value[0] == b"x"
    assert "leader, epoch 2" in two.text
    assert two.end() == 0
    three = up(5, "--data", tmp_path / "e")
    assert three.ended() == 2 and "holds an ensemble of 4 servers, not 5" in three.text


def test_a_temporary_directory_can_be_kept(up, tmp_path):
    one = up(1, "--keep", environment={"TMPDIR": str(tmp_path)}).says("ready: ")
    assert "server 1: standalone" in one.text and len(one.ports()) == 1
    assert one.end() == 0
    assert (one.directory() / "server-1/data/version-2").is_dir() and one.directory().parent == tmp_path


def test_ports_are_given_and_further_keys_reach_the_servers(up):
    base = free_port()
    one = up("--port", base, "--config", "syncLimit=7", "--config", "tickTime=333").says("ready: ")
    assert one.ports() == [base, base + 1, base + 2]
    text = four_letters(base + 1, "conf")
    assert "syncLimit=7\n" in text and "tickTime=333\n" in text and f"server.3=127.0.0.1:{base + 709}:{base + 1709}" in text
    second = up("--port", base)
    assert second.ended() == 2 and f"port {base} is not free" in second.text
    assert one.end() == 0


@pytest.mark.parametrize("arguments, line", [
    ((0,), "0 not in range"), (("many",), "many"), (("--config", "x"), "'x' is not KEY=VALUE"),
    (("--config", "=1"), "is not KEY=VALUE"), (("--config", "clientPort=1"), "clientPort is set by `up` itself"),
    (("--config", "server.9=a:1:2"), "server.9 is set by `up` itself"), (("--port", 65000), "65000 not in range"),
    (("--data", "/dev/null/x"), "cannot create /dev/null/x"),
], ids=str)
def test_bad_usage_is_refused(up, arguments, line):
    one = up(*arguments)
    assert one.ended() == 2 and line in one.text and "Traceback" not in one.text


def test_servers_that_cannot_start_are_told_of_with_their_last_words(up):
    one = up("--config", "tickTime=none")
    assert one.ended() == 1
    assert len(re.findall(r"server \d \(pid \d+\) ended with status 2; its last words: .*tickTime", one.text)) == 3
    assert "no server is left" in one.text


def test_on_a_terminal_the_state_stays_in_place_and_ctrl_c_ends_it(up):
    one = up(terminal=True).says("ready: ").says("\x1b[3A\x1b[J")
    pids = one.pids()
    os.write(one.keyboard, b"\x03")
    assert one.ended() == 0 and gone(pids.values())
    assert "stopped" in one.text


def test_no_server_outlives_an_up_that_is_killed(up):
    one = up().says("ready: ")
    pids, directory = one.pids(), one.directory()
    one.process.kill()
    one.ended()
    wait_until(lambda: gone(pids.values()), 20, "the servers end")
    assert directory.name.startswith("zoetrope-up-")
    subprocess.run(["rm", "-r", str(directory)], check=True)
