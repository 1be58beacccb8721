"""What an operator does with a running ensemble: it grows and shrinks, ports move, servers fail meanwhile."""

import socket

import pytest
from kazoo.exceptions import BadArgumentsException, ConnectionLoss, NoAuthError, ReconfigInProcessError

from support import protocol as p
from support.changing import ChangingEnsemble, discard_after, parse, reconfig, reconfig_surely
from support.connection import Connection
from support.jute import i64, ustring
from support.kazoo_load import KazooLoad, connected
from support.servers import free_port, wait_until

RECONFIG_DISABLED = -123


@pytest.fixture
def change(request):
    """change(count=3, joining=2, config=None) gives an ensemble that runs, and servers that may join; ended after the test."""
    made = []

    def build(count=3, joining=2, config=None):
        made.append(ChangingEnsemble(("zoetrope",) * (count + joining), count, config))
        return made[-1].begin()

    yield build
    for ensemble in made:
        discard_after(request, ensemble)


def test_three_become_five_and_three_again_under_load(change):
    ensemble = change()
    client = ensemble.operator(1)
    client.create("/load")
    with KazooLoad(ensemble.hosts(), "/load") as load:
        load.go_on()
        ensemble.join(4, 5)
        members, _ = reconfig(client, ensemble.entries(4, 5))
        assert sorted(members) == [1, 2, 3, 4, 5]
        assert all(line == ensemble.line(number) for number, line in members.items())
        load.go_on()
        leaving = [number for number in (2, 3, 4, 5) if ensemble.mode(number) == "follower"][:2]
        staying = {1, 2, 3, 4, 5} - set(leaving)
        members, version = reconfig(client, leaving=",".join(map(str, leaving)))
        assert set(members) == staying
        load.go_on()
        ensemble.kill(*leaving)
        load.go_on()
    assert ensemble.agreed(*staying) == version
    ensemble.stored(version)
    load.check(ensemble.equal_tree())
    client.stop()


def test_one_step_adds_and_removes_and_a_whole_list_replaces_all(change):
    ensemble = change()
    client = ensemble.operator(1)
    client.create("/load")
    with KazooLoad(ensemble.hosts(1, 2, 3), "/load") as load:
        ensemble.join(4, 5)
        leaving = [number for number in (2, 3) if ensemble.mode(number) == "follower"][0]
        staying = ({1, 2, 3} - {leaving}) | {4, 5}
        members, version = reconfig(client, ensemble.entries(4, 5), str(leaving))
        assert set(members) == staying
        load.go_on()
        # Line breaks and commas both stand between the servers; a version that is given does not count.
        whole = ensemble.entries(1, 2, 3).replace(",", "\n") + "," + ensemble.entries(4, role="observer") + "\nversion=7"
        members, version = reconfig(client, members=whole, from_config=version)
        assert sorted(members) == [1, 2, 3, 4] and members[4] == ensemble.line(4, "observer")
        wait_until(lambda: ensemble.mode(4) == "observer", 60, "server 4 observes")
        load.go_on()
    assert ensemble.agreed(1, 2, 3, 4) == version
    load.check(ensemble.equal_tree())
    client.stop()


def test_an_ensemble_begins_as_one_server_and_grows(change):
    ensemble = change(1, 2)
    client = ensemble.operator(1)
    client.create("/load")
    with KazooLoad(ensemble.hosts(1), "/load", 2) as load:
        for number in (2, 3):
            ensemble.join(number)
            reconfig(client, ensemble.entries(number))
            load.go_on()
        ensemble.settle()
        _, version = reconfig_surely(client, leaving="1")
        wait_until(lambda: ensemble.mode(1) == "follower", 60, "the first server follows one of the others")
        load.go_on()
    assert ensemble.agreed(2, 3) == version
    load.check(ensemble.equal_tree())
    follower = next(number for number in (2, 3) if ensemble.mode(number) == "follower")
    members, version = reconfig_surely(client, leaving=str(follower))
    assert len(members) == 1 and ensemble.agreed(*members) == version
    client.stop()


def test_a_leader_that_is_removed_answers_who_removed_it(change):
    ensemble = change(3, 0)
    for _ in range(5):
        leader = ensemble.settle()
        client = ensemble.operator(leader)
        members, version = reconfig(client, leaving=str(leader))
        assert leader not in members
        client.stop()
        ensemble.agreed(*members)
        client = ensemble.operator(*members)
        reconfig_surely(client, ensemble.entries(leader))
        client.stop()


def test_a_server_that_was_removed_does_not_start_by_itself(change):
    ensemble = change(3, 0)
    client = ensemble.operator(1)
    follower = next(number for number in (2, 3) if ensemble.mode(number) == "follower")
    members, version = reconfig(client, leaving=str(follower))
    ensemble.stored(version)
    ensemble.kill(follower)
    ensemble.spawn(follower)
    assert ensemble[follower].wait() == 2
    assert f"myid is {follower}, and there is no server.{follower} line: the server was removed" in ensemble[follower].log_tail(1)
    ensemble.come_again(follower, *members)
    members, version = reconfig(client, ensemble.entries(follower))
    assert ensemble.agreed(1, 2, 3) == version
    client.stop()


def test_a_standalone_server_is_not_left_over(change):
    ensemble = change(3, 0, {"standaloneEnabled": "true"})
    client = ensemble.operator(1)
    followers = [number for number in (1, 2, 3) if ensemble.mode(number) == "follower"]
    reconfig(client, leaving=str(followers[0]))
    with pytest.raises(BadArgumentsException):
        reconfig(client, leaving=str(followers[1]))
    client.stop()


def test_a_client_port_moves_and_its_clients_stay(change, connect):
    ensemble = change(3, 0)
    for number in (1, 2, 3):
        old = ensemble[number].port
        client = connect(ensemble[number])
        session, lost = client.client_id[0], []
        client.add_listener(lost.append)
        ensemble[number].port = free_port()
        operator = ensemble.operator(number % 3 + 1)
        members, version = reconfig(operator, ensemble.entries(number))
        assert members[number].endswith(f";127.0.0.1:{ensemble[number].port}")
        ensemble[number].wait_ready()
        wait_until(lambda: refuses(old), 30, "the old port is closed")
        assert client.exists("/zookeeper") and client.client_id[0] == session
        assert lost == []
        # A session goes on at the new port too.
        other = connect(ensemble[number], client_id=client.client_id)
        assert other.client_id[0] == session
        operator.stop()
    ensemble.kill(1, 2, 3)
    for number in (1, 2, 3):
        ensemble.spawn(number)
    assert ensemble.agreed(1, 2, 3) == version


def refuses(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


@pytest.mark.parametrize("port", ["quorum", "election"])
def test_ports_between_servers_move_one_after_the_other(change, port):
    ensemble = change(3, 0)
    ports = ensemble.quorum_ports if port == "quorum" else ensemble.election_ports
    client = ensemble.operator()
    client.create("/load")
    with KazooLoad(ensemble.hosts(), "/load") as load:
        for number in (1, 2, 3):
            load.go_on()
            old, ports[number] = ports[number], free_port()
            members, version = reconfig_surely(client, ensemble.entries(number))
            assert members[number] == ensemble.line(number)
            ensemble.settle()
            wait_until(lambda: refuses(old), 30, f"server {number} has left its old port")
            # Its new port is where the others find it.
            leader = ensemble.leader()
            if port == "election":
                ensemble.kill(number)
                ensemble.spawn(number)
                ensemble.settle()
            elif leader == number:
                wait_until(lambda: not refuses(ports[number]), 30, "the leader listens at its new port")
        load.go_on()
    assert ensemble.agreed(1, 2, 3) == version
    load.check(ensemble.equal_tree())
    client.stop()


def test_one_reconfiguration_at_a_time(change):
    ensemble = change(3, 0)
    leader = ensemble.leader()
    client = ensemble.operator(leader)
    followers = [number for number in (1, 2, 3) if number != leader]
    with ensemble.paused(*followers):
        first = client.reconfig_async(ensemble.entries(followers[0], role="observer"), None, None, -1)
        second = client.reconfig_async(None, str(followers[1]), None, -1)
        wait_until(lambda: "zoo.cfg.dynamic.next" in ensemble.files(leader), 20, "the first one is proposed")
        third = client.reconfig_async(None, str(followers[1]), None, -1)
        assert not first.ready()
    members, version = parse(first.get(timeout=30)[0])
    assert members[followers[0]] == ensemble.line(followers[0], "observer") and followers[1] in members
    for refused in (second, third):
        with pytest.raises(ReconfigInProcessError):
            refused.get(timeout=30)
    assert ensemble.agreed(1, 2, 3) == version
    client.stop()


def test_who_may_reconfigure(change, connect):
    ensemble = change(3, 0)
    client = connect(ensemble[1])
    same = ensemble.entries(1)
    with pytest.raises(NoAuthError):
        reconfig(client, same)
    operator = ensemble.operator(1)
    acl = connect(ensemble[1]).get_acls("/zookeeper/config")[0]
    assert [(entry.perms, entry.id.scheme, entry.id.id) for entry in acl] == [(1, "world", "anyone")]
    reconfig(operator, same)
    operator.stop()


def test_skip_acl_lets_everybody(change, connect):
    ensemble = change(3, 0, {"skipACL": "yes"})
    reconfig(connect(ensemble[1]), ensemble.entries(1))
    keys = ("skipACL", "reconfigEnabled", "standaloneEnabled", "dynamicConfigFile", "superDigest")
    assert not warnings_in(ensemble, *keys)
    ensemble.kill(1, 2, 3)
    for number in (1, 2, 3):
        ensemble.spawn(number)
    ensemble.settle()
    assert not warnings_in(ensemble, *keys)


def warnings_in(ensemble, *keys):
    lines = [line for number in ensemble.members for line in ensemble[number].output().splitlines()]
    return [line for line in lines if " warning " in line and any(key in line for key in keys)]


def test_servers_are_killed_while_the_configuration_changes(change):
    ensemble = change()
    client = ensemble.operator()
    client.create("/load")
    ensemble.join(4, 5)
    known, version = ensemble.config_of(1)
    with KazooLoad(ensemble.hosts(), "/load") as load:
        for number, (victim, change) in enumerate([
                ("leader", {"joining": ensemble.entries(4, 5)}), ("follower", {"leaving": "4"}),
                ("leader", {"joining": ensemble.entries(4)}), ("follower", {"joining": ensemble.entries(5, role="observer")}),
                ("leader", {"leaving": "1"}), ("leader", {"joining": ensemble.entries(1), "leaving": "5"})]):
            load.go_on(5)
            asked = client.reconfig_async(change.get("joining"), change.get("leaving"), None, -1)
            # All may be on their way to another leader.
            killed = ensemble.leader() if victim == "leader" else wait_until(ensemble.followers, 20, "one of them follows")[0]
            ensemble.kill(killed)
            try:
                known, version = parse(asked.get(timeout=60)[0])
            except ConnectionLoss:
                connected(client)
            ensemble.spawn(killed)
            ensemble.settle()
            found, now = ensemble.config_of(killed)
            assert now >= version and (now > version or found == known), f"step {number}: {known} was acknowledged, {found} is"
            known, version = found, now
            ensemble.agreed(*known)
            ensemble.stored(version)
        load.go_on()
    assert ensemble.agreed(*known) == version
    load.check(ensemble.equal_tree())
    client.stop()
    ensemble.kill(*ensemble.running())
    for number in known:
        ensemble.spawn(number)
    assert ensemble.agreed(*known) == version


def test_reconfiguration_is_off_by_default(change):
    ensemble = change(3, 0, {"reconfigEnabled": None})
    for number in (1, 2, 3):
        connection = Connection(ensemble[number].port)
        assert connection.connect(30000) and connection.call(p.AUTH, p.auth("digest", b"super:test"), xid=-4).error == 0
        reply = connection.call(p.RECONFIG, ustring(ensemble.entries(1)) + ustring(None) + ustring(None) + i64(-1))
        assert reply.error == RECONFIG_DISABLED
        connection.end_session()
        members, version = ensemble.config_of(number)
        assert version == 0 and members == {number: ensemble.line(number) for number in (1, 2, 3)}
        assert ensemble.files(number) == ["zoo.cfg"]
