"""`zoetrope status` and `zoetrope up` while the configuration of their ensemble changes."""

import re
import subprocess

import pytest

from support.changing import ChangingEnsemble, discard_after, reconfig_surely
from support.servers import free_port, wait_until, zoetrope_binary
from test_status import report, status
from test_up import up  # noqa: F401, a fixture

RECONFIG = ("--config", "reconfigEnabled=true", "--config", "skipACL=yes")


@pytest.fixture(params=["zoetrope", "java"])
def changing(request):
    ensemble = ChangingEnsemble((request.param,) * 4, 3)
    yield ensemble.begin()
    discard_after(request, ensemble)


def test_status_follows_the_configuration(changing):
    name = lambda number: f"127.0.0.1:{changing[number].port}"
    changing.config_of(1)  # the first transaction of the epoch, before which a leader of Java's shows the one before
    found = report(changing.hosts(2))
    assert found["well"] and {(one["id"], one["server"]) for one in found["servers"]} == {(n, name(n)) for n in (1, 2, 3)}
    assert found["configuration"] == f"{changing.config_of(1)[1]:#x}"
    changing.join(4)
    note = f"not a member of configuration {found['configuration']}"
    found = report(changing.hosts(1, 2, 3, 4))
    assert found["well"] and [one["note"] for one in found["servers"]] == [None, None, None, note]
    leader = changing.leader()
    rest = [number for number in (1, 2, 3) if number != leader]
    client = changing.operator(leader)
    _, version = reconfig_surely(client, changing.entries(4), str(rest[0]))
    client.stop()
    changing.settle()
    changing.kill(rest[0])
    note = f"Connection refused; not a member of configuration {version:#x}"
    # Also who only knows the list of before sees the new member, and does not miss the old one.
    wait_until(lambda: report(changing.hosts(1, 2, 3))["configuration"] == f"{version:#x}", 20, "it is in force")
    found = report(changing.hosts(1, 2, 3))
    assert found["well"], found["problems"]
    assert {one["server"]: one["note"] for one in found["servers"]} == {
        name(leader): None, name(rest[0]): note, name(rest[1]): None, name(4): None}
    table = status(changing.hosts(1, 2, 3)).stdout
    assert f"{name(rest[0])}: {note}\n" in table and name(4) in table
    changing.kill(4)
    found = report(changing.hosts(leader, rest[1]))
    assert not found["well"] and found["problems"] == [f"{name(4)}: Connection refused"]


def shell(port, *commands):
    words = [word for command in commands for word in ("-c", command)]
    done = subprocess.run([zoetrope_binary(), "shell", f"127.0.0.1:{port}", *words], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_up_shows_what_a_reconfiguration_changes(up, tmp_path):  # noqa: F811
    one = up("--data", tmp_path / "e", *RECONFIG).says("ready: ")
    ports = one.ports()
    leader = int(re.findall(r"^server (\d): leader", one.text, re.M)[-1])
    moved, third = [number for number in (1, 2, 3) if number != leader]
    lines = dict(re.findall(r"^(server\.\d)=(\S+)$", shell(ports[leader - 1], "config"), re.M))
    new_port = free_port()
    shell(ports[leader - 1], f"reconfig -add server.{moved}={lines[f'server.{moved}']};127.0.0.1:{new_port}")
    wait_until(lambda: "version=1" in shell_or_nothing(new_port), 20, "the port has moved")
    as_observer = lines[f"server.{third}"].replace("participant", "observer")
    shell(ports[leader - 1], f"reconfig -add server.{third}={as_observer};127.0.0.1:{ports[third - 1]}")
    one.says(f"server {third}: observer, epoch 1")
    # It is looked for where it is now, so that nothing is said of it.
    shown = one.text.split("ready: ")[1]
    assert not re.search(rf"^server {moved}: ", shown, re.M), shown
    found = report(",".join(f"127.0.0.1:{port}" for port in ports))
    assert found["well"] and {one["id"]: one["role"] for one in found["servers"] if one["serves"]} == {
        leader: "leader", moved: "follower", third: "observer"}
    shell(ports[leader - 1], "create /kept x")
    assert one.end() == 0
    # `up` makes the ensemble of its own arguments again.
    two = up("--data", tmp_path / "e", *RECONFIG).says("ready: ")
    config = shell(two.ports()[0], "get /kept", "config")
    assert config.startswith("x\n") and config.count("participant") == 3 and re.search(r"version=[2-9]00000000$", config, re.M)
    assert two.end() == 0


def shell_or_nothing(port):
    done = subprocess.run([zoetrope_binary(), "shell", f"127.0.0.1:{port}", "-c", "config"], capture_output=True, text=True,
                          timeout=60)
    return done.stdout
