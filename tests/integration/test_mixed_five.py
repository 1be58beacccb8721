"""Five servers, three of them Java's, and observers of both kinds: the leadership goes through both kinds under load."""

import pytest

from support import protocol as p
from support.ensemble import Load
from support.mixed import Session, exists

KINDS = ("java", "java", "zoetrope", "java", "zoetrope")


def test_five_servers_under_load(mix, home, soak):
    """Leaders of both kinds are killed, also with a follower of the other kind, and nothing acknowledged is lost."""
    ensemble = mix(KINDS).begin()
    first = Session(ensemble, 1)
    assert first.call(p.CREATE, p.create(home)).error == 0
    first.end()
    led = []
    with Load(ensemble, home, clients=5) as load:
        load.go_on()
        for _ in range(5 if soak else 1):
            for kind in ("java", "zoetrope"):
                leader = ensemble.led_by(kind)
                led.append(kind)
                other = next(id for id in ensemble.members if ensemble.kind(id) != kind)
                ensemble.kill(leader, other)
                ensemble.settle()
                load.go_on()
                ensemble.spawn(leader)
                ensemble.spawn(other)
                ensemble.settle()
                load.go_on()
    load.check(ensemble.equal_tree())
    print(f"figures: leaders killed: {led}, {load.acknowledged()} acknowledged writes, nothing lost")


@pytest.mark.parametrize("leader", ["java", "zoetrope"])
def test_observers_of_either_kind_follow_either_kind(mix, home, leader):
    other = "zoetrope" if leader == "java" else "java"
    ensemble = mix((leader, leader, leader, other, leader), observers=2).begin()
    assert ensemble.kind(ensemble.leader()) == leader
    assert [ensemble.mode(id) for id in (4, 5)] == ["observer", "observer"]
    sessions = [Session(ensemble, id) for id in ensemble.members]
    assert sessions[0].call(p.CREATE, p.create(home)).error == 0
    for id, session in zip(ensemble.members, sessions):
        for number in range(100):
            session.connection.send_request(p.CREATE, p.create(f"{home}/{id}-{number}", flags=1))
        for number in range(100):
            assert session.connection.reply(p.CREATE).error == 0
    for session in sessions:
        assert exists(session.connection, f"{home}/4-99") and exists(session.connection, f"{home}/1-99")
    sessions[0].move(4)
    sessions[3].move(2)
    for way in ("DIFF", "SNAP"):
        ensemble.stop(4)
        if way == "SNAP":
            for file in (ensemble[4].data / "version-2").iterdir():
                file.unlink()
        assert sessions[1].call(p.CREATE, p.create(f"{home}/while-away-{way}")).error == 0
        ensemble.come_back(4, way)
        assert ensemble.mode(4) == "observer"
    # A quorum needs no observer, and an observer does not make one.
    ensemble.kill(4, 5)
    assert sessions[1].call(p.CREATE, p.create(home + "/without-observers")).error == 0
    ensemble.come_back(4)
    ensemble.come_back(5)
    tree = ensemble.equal_tree()
    assert len([path for path in tree if path.startswith(home + "/")]) == 503
    assert ensemble.check_digests() > 0
