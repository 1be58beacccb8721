"""Clients that reconfigure an ensemble: zkCli, `zoetrope shell` and the C library; and `zoetrope up` and `status` behind it."""

import json
import re
import subprocess

import pytest

from support.changing import ChangingEnsemble, discard_after, parse
from support.servers import zoetrope_binary
from test_c_client import PROGRAM
from test_zkcli import cli

# Of every form one, then what is refused: at the client, then by the server.
SCRIPT = """config
config -s
config -c
config -w
reconfig -add {four}
addauth digest super:test
reconfig -add {four}
reconfig -s -add {four_observes} -v {wrong_version}
reconfig -s -add {four_observes}
config
reconfig -remove 4 -add {four}
reconfig -members {three},{four}
reconfig -file {file}
reconfig -file /nowhere
reconfig -file {file} -members {three}
reconfig -add {four} -members {three}
reconfig
reconfig -v
reconfig -v xyz -remove 4
reconfig -x
reconfig -add server.4=nonsense
reconfig -remove four
reconfig -members nonsense
reconfig -members server.8=127.0.0.1:1:2;3,server.9=127.0.0.1:4:5;6
reconfig -remove 1,2,3,4
config extra words
config -q
quit
"""


@pytest.fixture
def change(request):
    made = []

    def build(kind="zoetrope", config=None):
        made.append(ChangingEnsemble((kind,) * 4, 3, {"zoetrope.compatibility": "3.8", **(config or {})}))
        made[-1].begin().join(4)
        return made[-1]

    yield build
    for ensemble in made:
        discard_after(request, ensemble)


def script_for(ensemble):
    file = ensemble[1].directory / "members.txt"
    file.write_text("# the members\n" + ensemble.entries(1, 2, 3, 4).replace(",", "\n") + "\n")
    return SCRIPT.format(four=ensemble.entries(4), four_observes=ensemble.entries(4, role="observer"), wrong_version="1",
                         three=ensemble.entries(1, 2, 3), file=file)


def shell(ensemble, *arguments, stdin="", number=1):
    """Run with all that zkCli would be given."""
    done = subprocess.run([zoetrope_binary(), "shell", f"127.0.0.1:{ensemble[number].port}", *arguments], input=stdin,
                          capture_output=True, text=True, timeout=60)
    return done.stdout, done.stderr, done.returncode


def comparable(ensemble, text):
    """Without what differs from one ensemble to the next: ports, zxids, times; one list of servers is in no order."""
    ports = {}
    for number in ensemble.members:
        for name, port in (("c", ensemble[number].port), ("q", ensemble.quorum_ports[number]),
                           ("e", ensemble.election_ports[number])):
            ports[str(port)] = f"{name}{number}"
    versions, lines = {}, []
    number_of = lambda match: match[1] + versions.setdefault(match[2], f"version{len(versions)}")
    for line in text.replace(str(ensemble[1].directory), "DIRECTORY").splitlines():
        line = re.sub(r"^([cm]time) = .*", r"\1 = TIME", line)
        line = re.sub(r"\b\d{5}\b", lambda match: ports.get(match[0], match[0]), line)
        line = re.sub(r"^(version=|[cmp]Zxid = 0x)([0-9a-f]+)$", number_of, line)
        if client_view := re.match(r"([0-9a-f]+) (127\.0\.0\.1:c\d.*)", line):
            line = number_of(["", "", client_view[1]]) + " " + ",".join(sorted(client_view[2].split(",")))
        if line and not line.startswith(("WATCHER::", "WatchedEvent state:SyncConnected type:None", "Connecting to", "Welcome",
                                         "JLine", "WatchedEvent state:Closed", "Exiting JVM")):
            lines.append(line)
    return lines


def test_zkcli_prints_the_same(change):
    seen = []
    for kind in ("java", "zoetrope"):
        ensemble = change(kind)
        out, err, status = cli(ensemble[1], script_for(ensemble))
        seen.append((comparable(ensemble, restored(ensemble, out)), comparable(ensemble, restored(ensemble, err)), status))
    assert sum(line.startswith("Committed new configuration:") for line in seen[0][0]) == 5
    assert seen[1] == seen[0]


def restored(ensemble, text):
    """cli() has put a word in the place of the server's port."""
    return text.replace("PORT", str(ensemble[1].port))


def events_apart(lines):
    """zkCli prints events in a thread of their own, so that their place among the other lines is not given."""
    is_event = lambda line: line == "" or line.startswith(("WATCHER::", "WatchedEvent "))
    return [line for line in lines if not is_event(line)], sorted(line for line in lines if is_event(line) and line)


def test_the_shell_prints_what_zkcli_prints(change):
    seen = []
    for run in (lambda ensemble, script: cli(ensemble[1], script)[:2], lambda ensemble, script: shell(ensemble, stdin=script)[:2]):
        ensemble = change()
        seen.append([comparable(ensemble, restored(ensemble, text)) for text in run(ensemble, script_for(ensemble))])
    (zkcli_out, zkcli_err), (shell_out, shell_err) = seen
    assert sum(line.startswith("Committed new configuration:") for line in shell_out) == 5
    assert events_apart(shell_out) == events_apart(zkcli_out)
    assert events_apart(shell_out)[1], "the watch on the configuration fired"
    own = ("cannot open ", "No quorum of ")
    assert [line for line in shell_err if not line.startswith(own)] == [
        re.sub(r"^org\.\S+: ", "", line) for line in zkcli_err if not line.startswith(("Error processing ", "No quorum of "))]
    assert sum(line.startswith(own) for line in shell_err) == 2


def test_the_shell_shows_the_configuration_as_json(change):
    ensemble = change()
    out, err, status = shell(ensemble, "--json", "-c", "addauth digest super:test", "-c", f"reconfig -s -add {ensemble.entries(4)}",
                             "-c", "config -s", "-c", "config -c")
    replies = [json.loads(line) for line in out.splitlines()]
    assert status == 0 and err == "" and all(reply["ok"] for reply in replies)
    assert replies[1]["config"] == replies[2]["config"]
    members, version = parse(replies[2]["config"].encode())
    assert members == {number: ensemble.line(number) for number in (1, 2, 3, 4)}
    assert replies[2]["stat"]["mzxid"] == version
    found, _, servers = replies[3]["config"].partition(" ")
    assert found == f"{version:x}" and servers.split(",") == [f"127.0.0.1:{port}" for port in ensemble.ports(1, 2, 3, 4)]


def test_the_shell_tells_why_it_is_refused(change):
    ensemble = change(config={"reconfigEnabled": None})
    out, err, status = shell(ensemble, "-c", f"reconfig -add {ensemble.entries(4)}")
    assert (out, status) == ("", 1) and "econfig is disabled" in err and err.count("\n") == 1
    out, _, status = shell(ensemble, "-c", "config")
    assert status == 0 and out.endswith("version=0\n")


def test_a_standalone_server_has_no_configuration(make):
    server = make({"reconfigEnabled": "true", "skipACL": "yes"}).start()
    done = subprocess.run([zoetrope_binary(), "shell", f"127.0.0.1:{server.port}", "-c", "config", "-c", "reconfig -remove 1"],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and done.stderr.count("\n") == 1


@pytest.mark.parametrize("kind", ["zoetrope", "java"])
def test_the_c_client_reconfigures(change, kind):
    ensemble = change(kind)
    follower = next(number for number in (2, 3) if ensemble.mode(number) == "follower")
    done = subprocess.run([PROGRAM, "--reconfig", ensemble.hosts(1), ensemble.entries(4), str(follower)], capture_output=True,
                          text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    ensemble.agreed(*{1, 2, 3, 4} - {follower})
