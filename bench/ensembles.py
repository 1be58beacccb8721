"""Contenders of several servers: ensembles with observers, and how one tells who leads and who has caught up."""

import contextlib
import re
import signal
import socket
import time
from dataclasses import dataclass

import contenders


@dataclass(frozen=True)
class Shape:
    """How many servers stand together, and configuration that is theirs alone, as (key, value) pairs."""

    participants: int = 1
    observers: int = 0
    config: tuple = ()

    def make(self, kind, directory, config=None):
        config = {**dict(self.config), **(config or {})}
        if self.participants == 1:
            return contenders.KINDS[kind](directory, config)
        return ENSEMBLES[kind](kind, directory, self, config)


ALONE = Shape()


def free_ports(count):
    """Ports that are free and differ: all are held until the last one is known."""
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


class Ensemble:
    """Servers of one kind with ids from 1 on, the observers last. Asked for load as one contender."""

    def __init__(self, kind, directory, shape, config):
        self.name = kind
        count = shape.participants + shape.observers
        self.members = [contenders.KINDS[kind](directory, config) for _ in range(count)]
        ports = free_ports(3 * count)
        client, quorum, election = ports[:count], ports[count:2 * count], ports[2 * count:]
        lines = {f"server.{i + 1}": f"127.0.0.1:{quorum[i]}:{election[i]}:"
                                    f"{'participant' if i < shape.participants else 'observer'}" for i in range(count)}
        for i, member in enumerate(self.members):
            member.id, member.port = i + 1, client[i]
            member.config.update({"clientPort": client[i], "initLimit": 10, "syncLimit": 5, **lines})
            if i >= shape.participants:
                member.config["peerType"] = "observer"

    # --- processes ---

    def start(self):
        self.seconds_to_first_write()
        for member in self.members:
            await_serving(member)
        return self

    def seconds_to_first_write(self):
        begun = time.monotonic()
        for member in self.members:
            member.spawn()
        return contenders.await_write(self.members) - begun

    def stop(self, number=signal.SIGTERM):
        for member in self.members:
            member.stop(number)

    def discard(self):
        for member in self.members:
            member.discard()

    # --- what the load generator is told ---

    @property
    def address(self):
        """Participants that follow, the leader, the observers: a single client is always led from afar."""
        order = {"follower": 0, "leader": 1, "observer": 2}
        ordered = sorted(self.members, key=lambda member: order.get(mode(member), 3))
        return ",".join(member.address for member in ordered)

    @property
    def pids(self):
        return ",".join(str(member.pid) for member in self.members)

    # --- roles ---

    def leader(self):
        return self.of_mode("leader")[0]

    def followers(self):
        return self.of_mode("follower")

    def of_mode(self, wanted, timeout=60):
        """The members that say of themselves that they are of a mode; waits for the first one."""
        deadline = time.monotonic() + timeout
        while True:
            found = [member for member in self.members if member.process and mode(member) == wanted]
            if found:
                return found
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self.name}: no {wanted} within {timeout} s")
            time.sleep(0.01)


class LimitEnsemble:
    """The least possible quorum: one takes requests and has two others log them; a majority's sync answers."""

    name = "limit"

    def __init__(self, kind, directory, shape, config):
        if shape.observers:
            raise contenders.Unavailable("the least possible server knows no observers")
        self.followers = [contenders.KINDS[kind](directory, config) for _ in range(shape.participants - 1)]
        self.leader = contenders.KINDS[kind](directory, config)
        self.leader.follower_ports = [follower.port for follower in self.followers]

    def start(self):
        for follower in self.followers:
            follower.start()
        self.leader.start()
        return self

    def discard(self):
        for server in (self.leader, *self.followers):
            server.discard()

    @property
    def address(self):
        return self.leader.address

    @property
    def pids(self):
        return ",".join(str(server.pid) for server in (self.leader, *self.followers))


ENSEMBLES = {"java": Ensemble, "ours": Ensemble, "limit": LimitEnsemble}


def srvr(member, timeout=2):
    """The answer to `srvr`, empty while the server gives none."""
    try:
        with socket.create_connection(("127.0.0.1", member.port), timeout) as sock:
            sock.settimeout(timeout)
            sock.sendall(b"srvr")
            answer = b""
            while piece := sock.recv(4096):
                answer += piece
            return answer.decode()
    except OSError:
        return ""


def mode(member):
    """leader, follower or observer; empty while it does not serve."""
    found = re.search(r"^Mode: (\w+)", srvr(member), re.MULTILINE)
    return found.group(1) if found else ""


def zxid(member):
    """The last one that the member has applied; -1 while it does not serve."""
    answer = srvr(member)
    found = re.search(r"^Zxid: 0x([0-9a-f]+)", answer, re.MULTILINE)
    return int(found.group(1), 16) if found and "Mode: " in answer else -1


def await_serving(member, at_zxid=0, timeout=120):
    """Waits until a member serves and has applied a zxid; the moment at which it was seen to."""
    deadline = time.monotonic() + timeout
    while zxid(member) < at_zxid:
        member.check_alive()
        if time.monotonic() > deadline:
            raise RuntimeError(f"{member.name}: server {member.id} is not at {at_zxid:#x} within {timeout} s")
        time.sleep(0.002)
    return time.monotonic()
