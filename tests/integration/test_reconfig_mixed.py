"""One ensemble of both kinds is reconfigured, by a leader of either kind: all have one configuration and one tree."""

import pytest

from support.changing import ChangingEnsemble, discard_after, reconfig_surely
from support.kazoo_load import KazooLoad

OTHER = {"java": "zoetrope", "zoetrope": "java"}


@pytest.fixture(params=["java", "zoetrope"])
def led(request):
    """An ensemble that is led by a server of that kind: 1 to 3 are members, 4 and 5 of the other kind are to join."""
    lead, other = request.param, OTHER[request.param]
    ensemble = ChangingEnsemble((lead, other, lead, other, other))
    ensemble.begin()
    ensemble.led_by(lead)
    yield ensemble
    discard_after(request, ensemble)


def same_everywhere(ensemble, *numbers):
    version = ensemble.agreed(*numbers)
    ensemble.stored(version)
    texts = {ensemble.dynamic_text(number) for number in ensemble.running()}
    assert len(texts) == 1, texts
    ensemble.equal_tree()
    return version


def test_servers_of_the_other_kind_join_change_their_part_and_leave(led):
    kind = led.kind(led.leader())
    client = led.operator(1)
    client.create("/load")
    with KazooLoad(led.hosts(), "/load") as load:
        led.join(4, 5)
        members, _ = reconfig_surely(client, led.entries(4, 5))
        assert sorted(members) == [1, 2, 3, 4, 5]
        load.go_on(5)
        for role in ("observer", "participant"):
            members, _ = reconfig_surely(client, led.entries(4, role=role))
            assert members[4] == led.line(4, role)
            led.wait_for_mode(4, "observer" if role == "observer" else "follower")
            load.go_on(5)
        assert led.kind(led.leader()) == kind
        reconfig_surely(client, leaving="4,5")
        members, version = reconfig_surely(client, members=led.entries(1, 2, 3))
        assert sorted(members) == [1, 2, 3]
        load.go_on(5)
    client.stop()
    assert led.kind(led.leader()) == kind
    assert same_everywhere(led, 1, 2, 3) == version
    load.check(led.equal_tree())


def test_the_part_of_a_member_changes_while_the_other_kind_leads(led):
    leader = led.leader()
    client = led.operator(leader)
    for role in ("observer", "participant"):
        for number in (2, 4 - leader):
            reconfig_surely(client, led.entries(number, role=role))
            led.wait_for_mode(number, "observer" if role == "observer" else "follower")
            if role == "observer":
                reconfig_surely(client, led.entries(number))
                led.wait_for_mode(number, "follower")
    client.stop()
    assert led.leader() == leader
    same_everywhere(led, 1, 2, 3)


def test_the_leader_leaves_and_one_of_the_other_kind_takes_over(led):
    leader = led.leader()
    client = led.operator(2)
    client.create("/load")
    with KazooLoad(led.hosts(2), "/load") as load:
        led.join(4)
        rest = 4 - leader
        reconfig_surely(client, led.entries(4), str(rest))
        load.go_on(5)
        reconfig_surely(client, leaving=str(leader))
        led.settle()
        assert led.kind(led.leader()) == OTHER[led.kind(leader)]
        load.go_on(5)
        # And back again: the servers that left are still there, synchronised without a vote.
        reconfig_surely(client, led.entries(leader, rest), "4")
        load.go_on(5)
    client.stop()
    same_everywhere(led, 1, 2, 3)
    load.check(led.equal_tree())


def test_all_come_back_with_the_files_of_both_kinds(led):
    client = led.operator(1)
    led.join(4)
    members, version = reconfig_surely(client, led.entries(4), "3")
    led.settle()
    led.stored(version)
    client.stop()
    led.kill(*led.running())
    for number in members:
        led.spawn(number)
    led.settle()
    assert same_everywhere(led, *members) == version


@pytest.mark.parametrize("kind", OTHER)
def test_an_ensemble_changes_its_kind_between_reconfigurations(request, kind):
    """Each member takes over the dynamic files of the other kind, as in docs/migration.md."""
    ensemble = ChangingEnsemble((kind,) * 4).begin()
    request.addfinalizer(lambda: discard_after(request, ensemble))
    ensemble.join(4)
    client = ensemble.operator(*ensemble.members)
    client.create("/load")
    first = next(number for number in (1, 2, 3) if ensemble.mode(number) == "follower")
    members, version = reconfig_surely(client, ensemble.entries(4), str(first))
    ensemble.agreed(*members)
    ensemble.stored(version)
    ensemble.kill(first)
    with KazooLoad(ensemble.hosts(*members), "/load") as load:
        leader = ensemble.leader()
        for number in [number for number in members if number != leader] + [leader]:
            load.go_on(5)
            ensemble.stop(number)
            ensemble.change_kind(number, OTHER[kind])
            ensemble.spawn(number)
            ensemble.settle()
            assert ensemble.config_of(number) == (members, version)
        ensemble.change_kind(first, OTHER[kind])
        ensemble.come_again(first, *members)
        members, version = reconfig_surely(client, ensemble.entries(first), "4")
        load.go_on(5)
    client.stop()
    assert same_everywhere(ensemble, 1, 2, 3) == version
    load.check(ensemble.equal_tree())
