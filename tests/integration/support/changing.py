"""An ensemble whose configuration changes: servers that join, leave and take other parts while it runs."""

from kazoo.client import KazooClient
from kazoo.security import make_acl

from . import servers
from .mixed import MixedEnsemble
from .servers import free_port, make_server, wait_until

CONFIG = {"reconfigEnabled": "true", "standaloneEnabled": "false", "clientPort": None, "clientPortAddress": None,
          "tickTime": 250, "initLimit": 80, "syncLimit": 40}


class ChangingEnsemble(MixedEnsemble):
    """The first `count` of the servers named by `kinds` make the ensemble; the others are to join."""

    def __init__(self, kinds, count=3, config=None):
        self.roles = {}
        self.first = range(1, count + 1)
        super().__init__(kinds, 0, {**CONFIG, **(config or {})})
        for number in self.members:
            self.keep_config(number)
            if number not in self.first:
                self.write_initial(number, "participant")

    def keep_config(self, number):
        """A server writes its configuration itself, so that it is written here only once."""
        member = self.members[number]
        write = member.write_config
        path = member.directory / "zoo.cfg"
        member.write_config = lambda: path if path.exists() else write()

    def line(self, number, role="participant"):
        return (f"127.0.0.1:{self.quorum_ports[number]}:{self.election_ports[number]}:{role};"
                f"127.0.0.1:{self.members[number].port}")

    def server_lines(self):
        return {f"server.{number}": self.line(number) for number in self.first}

    def write_initial(self, number, role, known=None):
        """The configuration with which a server comes that is to join: some who are there, and itself."""
        member = self.members[number]
        for key in [key for key in member.config if key.startswith("server.")]:
            del member.config[key]
        lines = {other: self.line(other) for other in known or self.first}
        lines[number] = self.line(number, role)
        member.config.update({f"server.{id}": line for id, line in lines.items()})

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
