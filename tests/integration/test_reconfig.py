"""The configuration of a running ensemble changes: servers join and leave under load, also the one that leads."""

import pytest
from kazoo.exceptions import (BadArgumentsException, BadVersionError, NewConfigNoQuorumError, NoAuthError,
                              ReconfigInProcessError, UnimplementedError)

from support.changing import ChangingEnsemble, discard_after, parse
from support.ensemble import Load
from support.servers import wait_until

SETS = {"zoetrope": ("zoetrope",) * 5, "mixed": ("zoetrope", "java", "zoetrope", "java", "zoetrope")}


@pytest.fixture(params=SETS)
def changing(request):
    ensemble = ChangingEnsemble(SETS[request.param])
    yield ensemble.begin()
    discard_after(request, ensemble)


@pytest.fixture
def operator(changing):
    client = changing.operator(*changing.first)
    yield client
    client.stop()
    client.close()


def test_the_first_epoch_gives_the_configuration_its_version(changing, operator):
    members, version = changing.config_of(1)
    assert sorted(members) == [1, 2, 3] and version == 0x100000000
    for number in changing.first:
        wait_until(lambda: "zoo.cfg.dynamic.100000000" in changing.files(number), 20, f"server {number} has the file")
        wait_until(lambda: "dynamicConfigFile=" in (changing[number].directory / "zoo.cfg").read_text(), 20, "it is pointed to")
        static = (changing[number].directory / "zoo.cfg").read_text()
        assert "server." not in static and static.count("zoo.cfg.dynamic.100000000") == 1
        assert "server.1=" in (changing[number].directory / "zoo.cfg.bak").read_text()


def test_a_server_joins_and_another_leaves_under_load(changing, operator):
    operator.ensure_path("/load")
    with Load(changing_view(changing), "/load") as load:
        load.go_on()
        changing.spawn(4)
        wait_until(lambda: changing.mode(4) == "follower", 60, "the new server follows without a vote")
        data, stat = operator.reconfig(joining=f"server.4={changing.line(4)}", leaving=None, new_members=None)
        members, version = parse(data)
        assert sorted(members) == [1, 2, 3, 4] and version == stat.mzxid
        load.go_on()
        follower = next(number for number in (1, 2, 3) if changing.mode(number) == "follower")
        members, _ = parse(operator.reconfig(joining=None, leaving=str(follower), new_members=None)[0])
        assert sorted(members) == sorted({1, 2, 3, 4} - {follower})
        load.go_on()
    changing.settle()
    load.check(changing.equal_tree())
    for number in changing.running():
        assert sorted(changing.config_of(number)[0]) == sorted(members)


def changing_view(changing):
    """The ensemble as the load sees it: the servers that run now."""
    class View:
        def ports(self):
            return changing.ports(*changing.running())
    return View()


def test_the_leader_is_removed_and_another_takes_over(changing, operator):
    operator.ensure_path("/load")
    leader = changing.leader()
    with Load(changing_view(changing), "/load") as load:
        load.go_on()
        members, version = parse(operator.reconfig(joining=None, leaving=str(leader), new_members=None)[0])
        assert leader not in members
        wait_until(lambda: changing.mode(leader) == "follower", 60, "the old leader follows the new one")
        load.go_on()
    assert changing.leader() != leader
    changing.settle()
    load.check(changing.equal_tree())
    assert all(changing.config_of(number)[1] == version for number in changing.running())


def test_parts_change_to_observer_and_back(changing, operator):
    for number in (1, 2, 3):
        for role in ("observer", "participant"):
            operator.reconfig(joining=f"server.{number}={changing.line(number, role)}", leaving=None, new_members=None)
            wanted = ("observer",) if role == "observer" else ("follower", "leader")
            wait_until(lambda: changing.mode(number) in wanted, 60, lambda: f"server {number} is {role}: {changing.modes()}")
            changing.settle()
    operator.ensure_path("/after")
    changing.equal_tree()


def test_a_configuration_survives_restarts(changing, operator):
    changing.spawn(4)
    wait_until(lambda: changing.mode(4) == "follower", 60, "the new server follows")
    operator.reconfig(joining=f"server.4={changing.line(4)}", leaving="1", new_members=None)
    _, version = changing.config_of(4)
    for number in (2, 3, 4):
        wait_until(lambda: f"{version:x}" in (changing[number].directory / "zoo.cfg").read_text(), 20, "it is stored")
    changing.kill(1, 2, 3, 4)
    for number in (2, 3, 4):
        changing.spawn(number)
    changing.settle()
    assert all(changing.config_of(number)[1] == version for number in (2, 3, 4))
    operator.ensure_path("/again")


def test_what_is_refused(changing, operator, connect):
    line = f"server.4={changing.line(4)}"
    _, version = changing.config_of(1)
    refuse = lambda error, **what: pytest.raises(error, operator.reconfig, **{
        "joining": None, "leaving": None, "new_members": None, **what})
    refuse(BadVersionError, joining=line, from_config=version + 1)
    refuse(BadArgumentsException, joining="server.4=127.0.0.1:1:2")
    refuse(BadArgumentsException, joining=f"server.9={changing.line(2)}")
    refuse(BadArgumentsException, new_members="servers.1=x")
    refuse(NewConfigNoQuorumError, new_members=f"server.1={changing.line(1)},{line},server.5={changing.line(5)}")
    with pytest.raises(NoAuthError):
        connect(changing[1]).reconfig(joining=None, leaving="3", new_members=None)
    assert changing.config_of(1)[1] == version


def test_watches_on_the_configuration_fire(changing, operator, connect):
    seen = []
    for number in changing.first:
        client = connect(changing[number])
        client.get("/zookeeper/config", watch=lambda event, number=number: seen.append(number))
    leader = changing.leader()
    follower = next(number for number in changing.first if number != leader)
    operator.reconfig(joining=f"server.{follower}={changing.line(follower)}", leaving=None, new_members=None)
    wait_until(lambda: sorted(seen) == [1, 2, 3], 20, lambda: f"all are told: {seen}")
