"""An ensemble whose configuration changes: servers that join, leave and take other parts while it runs."""

import re
import time
from pathlib import Path

from kazoo.client import KazooClient
from kazoo.exceptions import ConnectionLoss, NewConfigNoQuorumError, ReconfigInProcessError

from . import servers
from .mixed import MixedEnsemble
from .servers import wait_until

CONFIG = {"reconfigEnabled": "true", "standaloneEnabled": "false", "clientPort": None, "clientPortAddress": None,
          "tickTime": 250, "initLimit": 80, "syncLimit": 40}


class ChangingEnsemble(MixedEnsemble):
    """The first `count` of the servers named by `kinds` make the ensemble; the others are to join."""

    def __init__(self, kinds, count=3, config=None, client_ports_in_static=False):
        self.client_ports_in_static = client_ports_in_static
        self.first = range(1, count + 1)
        super().__init__(kinds, 0, {**CONFIG, **(config or {})})
        for number, member in self.members.items():
            if client_ports_in_static:
                member.config.update(clientPort=member.port, clientPortAddress="127.0.0.1")
            self.keep_config(number)
            if number not in self.first:
                self.write_initial(number, "participant")

    def keep_config(self, number):
        """A server writes its configuration itself, so that it is written here only once."""
        member = self.members[number]
        write = member.write_config
        path = member.directory / "zoo.cfg"
        member.write_config = lambda: path if path.exists() else write()

    def change_kind(self, number, kind):
        super().change_kind(number, kind)
        self.keep_config(number)

    def line(self, number, role="participant"):
        return (f"127.0.0.1:{self.quorum_ports[number]}:{self.election_ports[number]}:{role};"
                f"127.0.0.1:{self.members[number].port}")

    def server_lines(self):
        return {f"server.{number}": self.first_line(number) for number in self.first}

    def first_line(self, number, role="participant"):
        """The server's line in the files with which servers begin."""
        line = self.line(number, role)
        return line.partition(";")[0] if self.client_ports_in_static else line

    def write_initial(self, number, role, known=None):
        """The configuration with which a server comes that is to join: some who are there, and itself."""
        member = self.members[number]
        for key in [key for key in member.config if key.startswith("server.")]:
            del member.config[key]
        lines = {other: self.first_line(other) for other in known or self.first}
        lines[number] = self.first_line(number, role)
        member.config.update({f"server.{id}": line for id, line in lines.items()})

    def come_again(self, number, *known):
        """What an operator does for a server that was removed and stopped: it comes like a new one, with its old data."""
        (self.members[number].directory / "zoo.cfg").unlink()
        self.write_initial(number, "participant", known)
        self.join(number)

    def begin(self):
        for number in self.first:
            self.spawn(number)
        self.settle()
        return self

    def operator(self, *numbers):
        """A client that may change the configuration, of some members or of all that run."""
        client = KazooClient(hosts=self.hosts(*(numbers or self.running())), timeout=20,
                             auth_data=[("digest", "super:test")], randomize_hosts=False)
        client.start(30)
        return client

    def entries(self, *numbers, role="participant"):
        """What a reconfiguration says of servers that are to be members."""
        return ",".join(f"server.{number}={self.line(number, role)}" for number in numbers)

    def join(self, *numbers):
        """Starts servers that are to be members; they are synchronised, and follow without a vote."""
        for number in numbers:
            self.spawn(number)
        for number in numbers:
            wait_until(lambda: self.mode(number) in ("follower", "observer"), 60,
                       lambda: f"server {number} follows:\n{self.members[number].log_tail(25)}")

    def wait_for_mode(self, number, mode):
        wait_until(lambda: self.mode(number) == mode, 60,
                   lambda: f"server {number} is {mode}: {self.modes()}\n{self.members[number].log_tail(25)}")

    def dynamic_text(self, number):
        """The file that zoo.cfg of a server points to."""
        static = (self.members[number].directory / "zoo.cfg").read_text()
        return Path(re.search(r"^dynamicConfigFile=(.*)$", static, re.M)[1]).read_text()

    def agreed(self, *numbers):
        """All running servers have one configuration of just these members; its version."""
        self.settle()
        configs = {number: self.config_of(number) for number in self.running()}
        first = next(iter(configs.values()))
        assert all(config == first for config in configs.values()), configs
        assert sorted(first[0]) == sorted(numbers)
        return first[1]

    def stored(self, version):
        """Every running server has the files of that configuration, and of none to come.

        What kill -9 left of one that has come is nothing to anybody: the next one replaces it.
        """
        for number in self.running():
            static = self.members[number].directory / "zoo.cfg"
            wait_until(lambda: f"zoo.cfg.dynamic.{version:x}\n" in static.read_text(), 30,
                       f"server {number} points to {version:x}")
            wait_until(lambda: self.next_version(number) <= version, 30, f"server {number} has no next")

    def next_version(self, number):
        """That of the configuration to come in a server's file; 0 without one."""
        try:
            text = (self.members[number].directory / "zoo.cfg.dynamic.next").read_text()
        except FileNotFoundError:
            return 0
        return int(re.search(r"^version=([0-9a-f]+)$", text, re.M)[1], 16)

    def files(self, number):
        """Names of the configuration's files of a member."""
        return sorted(path.name for path in self.members[number].directory.glob("zoo.cfg*"))

    def config_of(self, number):
        """What /zookeeper/config says on one member: {id: line}, version."""
        client = KazooClient(hosts=self.hosts(number), timeout=20)
        client.start(30)
        try:
            client.sync("/")
            return parse(client.get("/zookeeper/config")[0])
        finally:
            client.stop()
            client.close()


def parse(data):
    """{id: line} and the version of a configuration."""
    found, version = {}, 0
    for line in data.decode().splitlines():
        key, _, value = line.partition("=")
        if key == "version":
            version = int(value, 16)
        else:
            found[int(key.partition(".")[2])] = value
    return found, version


def reconfig(client, joining=None, leaving=None, members=None, **more):
    """{id: line} and version of the configuration that was committed."""
    data, stat = client.reconfig(joining=joining, leaving=leaving, new_members=members, **more)
    found, version = parse(data)
    assert version == stat.mzxid
    return found, version


def reconfig_surely(client, *arguments, seconds=60, **more):
    """A reconfiguration after which the connection may be lost, and its answer with it; then it is asked for again.

    So it is while the ensemble has no leader, or a server that is wanted is not synchronised yet.
    """
    deadline = time.monotonic() + seconds
    while True:
        try:
            return reconfig(client, *arguments, **more)
        except (ConnectionLoss, NewConfigNoQuorumError, ReconfigInProcessError):
            assert time.monotonic() < deadline, "the reconfiguration does not succeed"
            wait_until(lambda: client.connected, seconds, "the client finds a server")


def discard_after(request, ensemble):
    """Ends all members; the directories and logs of a failed test stay and are named."""
    failed = getattr(request.node, "report_call", None) is not None and request.node.report_call.failed
    for id, member in ensemble.members.items():
        if not failed:
            member.discard()
            continue
        member.kill()
        print(f"server {id}: kept {member.directory}; the end of its log:\n{member.log_tail(40)}")
