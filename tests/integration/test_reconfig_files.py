"""The files of a configuration that changes: byte for byte those that Java ZooKeeper writes for the same changes."""

import re

import pytest

from support.changing import ChangingEnsemble, discard_after, parse
from support.servers import free_port


class Recorder:
    """Runs one story on an ensemble, and keeps what its files say after each step, with names for what must differ."""

    def __init__(self, ensemble):
        self.ensemble, self.told, self.versions = ensemble, {}, {}
        self.names = {}
        for number, member in ensemble.members.items():
            self.name(f"client{number}", member.port)
            self.name(f"quorum{number}", ensemble.quorum_ports[number])
            self.name(f"election{number}", ensemble.election_ports[number])

    def name(self, name, port):
        self.names[str(port)] = name

    def move_client_port(self, number):
        self.ensemble[number].port = free_port()
        self.name(f"client{number} anew", self.ensemble[number].port)

    def version_name(self, match):
        return match[1] + self.versions.setdefault(match[2], f"version{len(self.versions)}")

    def without_accidents(self, number, text):
        text = text.replace(str(self.ensemble[number].directory), "DIRECTORY")
        text = re.sub(r"(\.dynamic\.|version=)([0-9a-f]+)\b", self.version_name, text)
        return re.sub(r"\d{5}", lambda match: self.names.get(match[0], match[0]), text)

    def content(self, number, path):
        """A stock server writes the keys of zoo.cfg in the order of a hash table, and no comments."""
        text = self.without_accidents(number, path.read_text())
        return sorted(text.splitlines()) if path.name == "zoo.cfg" else text

    def files(self):
        found = {}
        for number in self.ensemble.running():
            paths = sorted(self.ensemble[number].directory.glob("zoo.cfg*"))
            found[number] = {self.without_accidents(number, path.name): self.content(number, path) for path in paths}
        return found

    def keep(self, step, version=None):
        self.ensemble.settle()
        if version is not None:
            self.versions.setdefault(f"{version:x}", f"version{len(self.versions)}")
            self.ensemble.stored(version)
        client = self.ensemble.operator(1)
        config = self.without_accidents(1, client.get("/zookeeper/config")[0].decode())
        client.stop()
        self.told[step] = self.files(), config

    def change(self, step, joining=None, leaving=None, members=None):
        client = self.ensemble.operator(1)
        data, stat = client.reconfig(joining=joining, leaving=leaving, new_members=members)
        client.stop()
        assert parse(data)[1] == stat.mzxid
        self.keep(step, stat.mzxid)

    def first_epoch(self):
        """The first leader gives the configuration a version, which everybody stores."""
        self.keep("start", self.ensemble.config_of(1)[1])


def steps(story, ensemble):
    """Most of what can happen to a configuration."""
    entries = ensemble.entries
    story.first_epoch()
    ensemble.join(4)
    story.keep("a server comes")
    story.change("it joins", entries(4))
    story.change("it becomes an observer", entries(4, role="observer"))
    story.change("server 1 is named as it is", entries(1))
    story.change("a server leaves", leaving="4")
    whole = entries(1, 2, 3)
    story.change("all are named", members=whole + ",server.4=" + ensemble.line(4, "observer"))
    story.change("all are named without the last", members=whole)
    story.move_client_port(1)
    moved = entries(1)
    client = ensemble.operator(2)
    _, stat = client.reconfig(joining=moved, leaving=None, new_members=None)
    client.stop()
    ensemble[1].wait_ready()
    story.keep("a client port moves", stat.mzxid)
    groups = ",group.1=1:2:3,weight.1=1,weight.2=1,weight.3=1"
    story.change("votes get weights", members=entries(1, 2, 3) + groups)
    story.change("and lose them", members=entries(1, 2, 3))
    ensemble.kill(*ensemble.running())
    for number in (1, 2, 3):
        ensemble.spawn(number)
    story.keep("all start again")


def one_server_grows(story, ensemble):
    story.first_epoch()
    for number in (2, 3):
        ensemble.join(number)
        story.change(f"server {number} joins", ensemble.entries(number))
    story.change("server 3 leaves", leaving="3")


def files_given_apart(story, ensemble):
    """The servers stand in a dynamic file from the beginning."""
    story.first_epoch()
    story.change("server 1 is named as it is", ensemble.entries(1))


def nothing_changes(story, ensemble):
    """Without reconfigEnabled; also when the servers stand in a dynamic file."""
    story.keep("start")
    ensemble.kill(*ensemble.running())
    for number in (1, 2, 3):
        ensemble.spawn(number)
    story.keep("again")


def give_apart(ensemble, name="zoo.cfg.dynamic"):
    for number in ensemble.first:
        member = ensemble[number]
        lines = [f"{key}={member.config.pop(key)}\n" for key in sorted(member.config) if key.startswith("server.")]
        (member.directory / name).write_text("".join(lines))
        member.config["dynamicConfigFile"] = member.directory / name


STORIES = {
    "steps": (steps, 4, 3, {}, False, None),
    "client ports in zoo.cfg": (steps, 4, 3, {}, True, None),
    "standalone servers allowed": (files_given_apart, 3, 3, {"standaloneEnabled": "true"}, False, None),
    "one server grows": (one_server_grows, 3, 1, {}, False, None),
    "dynamic file": (files_given_apart, 3, 3, {}, False, "zoo.cfg.dynamic"),
    "dynamic file with a version": (files_given_apart, 3, 3, {}, False, "zoo.cfg.dynamic.7"),
    "dynamic file of another name": (files_given_apart, 3, 3, {}, True, "servers"),
    "switched off": (nothing_changes, 3, 3, {"reconfigEnabled": None}, False, None),
    "switched off, dynamic file": (nothing_changes, 3, 3, {"reconfigEnabled": None}, False, "zoo.cfg.dynamic"),
}


def told_by(request, kind, story, servers, count, config, client_ports_in_static, apart):
    ensemble = ChangingEnsemble((kind,) * servers, count, config, client_ports_in_static)
    request.addfinalizer(lambda: discard_after(request, ensemble))
    if apart:
        give_apart(ensemble, apart)
    ensemble.begin()
    recorder = Recorder(ensemble)
    story(recorder, ensemble)
    ensemble.kill(*ensemble.running())
    return recorder.told


@pytest.mark.parametrize("name", STORIES)
def test_files_as_java_writes_them(request, name):
    ours, javas = (told_by(request, kind, *STORIES[name]) for kind in ("zoetrope", "java"))
    assert list(ours) == list(javas)
    for step in javas:
        assert ours[step] == javas[step], step
