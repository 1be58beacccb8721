"""Members of an ensemble that die, pause, lose their data or know too much, under load: nothing acknowledged is lost."""

import re

import pytest

from support import protocol as p
from support.connection import Closed, open_session
from support.ensemble import Load, MovingClient
from support.kazoo_load import KazooLoad
from support.servers import wait_until


def write(client, home, count, start=0):
    for number in range(start, start + count):
        assert client.read(p.CREATE, p.create(f"{home}/n{number:05d}", b"x" * 100)).error in (0, -110)


def make_home(ensemble, home):
    client = MovingClient(ensemble.ports())
    assert client.call(p.CREATE, p.create(home)).error == 0
    return client


def way_back(ensemble, number):
    """DIFF, TRUNC or SNAP: how a member came to the leader's history since its last start."""
    ensemble.wait_for_log(number, "leader ")
    found = re.findall(r"leader \d+, epoch \d+: (\w+) to 0x([0-9a-f]+) from 0x([0-9a-f]+)", ensemble.log(number))
    assert found, ensemble.log(number)
    return found[-1][0]


@pytest.mark.parametrize("count", [3, 5])
def test_the_leader_is_killed_again_and_again(form, home, soak, count):
    """While stock clients write, and others whose every reply is judged."""
    ensemble = form(count).start()
    client = make_home(ensemble, home)
    assert client.call(p.CREATE, p.create(f"{home}/kazoo")).error == 0
    client.close()
    rounds = 20 if soak else 5
    with Load(ensemble, home) as load, KazooLoad(ensemble.hosts(), f"{home}/kazoo") as stock:
        for number in range(rounds):
            load.go_on(20)
            leader = ensemble.leader()
            ensemble.kill(leader)
            load.go_on(20)
            stock.go_on(20)
            assert ensemble.leader() != leader
            ensemble.start(leader)
            print(f"progress: {number + 1} of {rounds} leaders of {count} killed, {load.acknowledged()} acknowledged writes", flush=True)
        load.go_on(20)
    tree = ensemble.converged_tree()
    load.check(tree)
    stock.check(tree)
    moves = sum(client.client.moves for client in load.clients)
    print(f"figures: {rounds} leaders of {count} killed, {load.acknowledged()} acknowledged writes, {stock.acknowledged()} of kazoo, "
          f"{moves} moves of clients, {len(tree)} nodes, nothing lost")
    assert moves >= rounds


def test_all_are_killed_at_once(form, home):
    trio = form().start()
    make_home(trio, home).close()
    with Load(trio, home) as load:
        for _ in range(3):
            load.go_on(20)
            trio.kill(*trio.members)
            trio.start()
            load.go_on(20)
    load.check(trio.converged_tree())


def test_a_rolling_restart_under_load(form, home):
    """Orderly stops, one after the other, twice; the sessions live on and no acknowledged write fails."""
    trio = form().start()
    make_home(trio, home).close()
    with Load(trio, home) as load:
        for number in [*trio.members] * 2:
            load.go_on(20)
            assert trio[number].stop() == 0, trio.log(number)
            load.go_on(20)
            trio.start(number)
        load.go_on(20)
    load.check(trio.converged_tree())


def test_a_follower_pauses_under_load(form, home):
    """A process that stands still for longer than syncLimit is left behind, and comes back by itself."""
    trio = form(config={"syncLimit": 4}).start()
    make_home(trio, home).close()
    leader, (paused, _) = trio.leader(), trio.followers()
    others = [number for number in trio.members if number != paused]
    with Load(trio, home) as load:
        load.go_on(10)
        for client in load.clients:
            client.client.patience = 40
        with trio.paused(paused):
            trio.wait_for_log(leader, f"closed the connection to server {paused}", 20)
            write(MovingClient(trio.ports(*others)), home, 50)
        wait_until(lambda: trio.mode(paused) == "follower", 30, "the paused server follows again")
        load.go_on(10)
    assert trio.leader() == leader
    load.check(trio.converged_tree())


def test_a_leader_that_pauses_is_replaced(form, home):
    """When it wakes up it finds another leader, and what it alone held is not served."""
    trio = form(config={"syncLimit": 4}).start()
    client = make_home(trio, home)
    write(client, home, 20)
    old = trio.leader()
    others = [number for number in trio.members if number != old]
    with trio.paused(old):
        wait_until(lambda: "leader" in [trio.mode(number) for number in others], 30, "another one leads")
        fresh = MovingClient(trio.ports(*others))
        write(fresh, home, 20, 20)
    wait_until(lambda: trio.mode(old) == "follower", 30, "the old leader follows")
    tree = trio.converged_tree()
    assert all(f"{home}/n{number:05d}" in tree for number in range(40))
    fresh.close()


# ---- the ways back into the ensemble ----

def test_one_that_was_away_briefly_returns_by_diff(form, home):
    trio = form().start()
    client = make_home(trio, home)
    write(client, home, 20)
    for away in (trio.followers()[0], trio.leader()):
        trio.kill(away)
        write(client, home, 50, away * 100)
        trio.start(away)
        assert way_back(trio, away) == "DIFF"
        trio.converged_tree()
    client.close()


def test_one_whose_data_is_gone_returns_by_snap(form, home):
    trio = form().start()
    client = make_home(trio, home)
    write(client, home, 700)  # more than the leader keeps in memory
    wiped = trio.followers()[0]
    trio.kill(wiped)
    trio.wipe(wiped)
    trio.start(wiped)
    assert way_back(trio, wiped) == "SNAP"
    assert len(trio.converged_tree()) > 700
    # And once more from the disk that the snapshot was written to.
    trio.kill(wiped)
    trio.start(wiped)
    assert way_back(trio, wiped) == "DIFF"
    trio.converged_tree()
    client.close()


def test_one_that_was_away_for_long_returns_by_snap(form, home):
    trio = form().start()
    client = make_home(trio, home)
    away = trio.followers()[0]
    trio.kill(away)
    write(client, home, 1200)
    trio.start(away)
    assert way_back(trio, away) == "SNAP"
    trio.converged_tree()
    client.close()


def log_holds(member, text):
    return any(text in path.read_bytes() for path in (member.data / "version-2").glob("log.*"))


def log_alone(ensemble, home, connection, others):
    """The leader logs one transaction that nobody else gets to see, and dies with `others`."""
    alone = ensemble.leader()
    with ensemble.paused(*others):
        connection.send_request(p.CREATE, p.create(home + "/never-acknowledged"))
        wait_until(lambda: log_holds(ensemble[alone], b"/never-acknowledged"), 10, "the leader logs")
        ensemble.kill(alone, *others)  # the others too: what stands in their sockets goes with them
    with pytest.raises(Closed):
        connection.reply(p.CREATE)


def connection_zxid(connection):
    return connection.call(p.EXISTS, p.with_watch("/")).zxid


def is_cut_off(ensemble, home):
    tree = ensemble.converged_tree()
    assert home + "/never-acknowledged" not in tree and home + "/n00110" in tree
    # From the disk as well.
    ensemble.kill(*ensemble.members)
    ensemble.start()
    assert ensemble.converged_tree() == tree
    return True


def test_a_transaction_of_the_leader_alone_is_cut_off_by_trunc(form, home):
    """The next leader was led by the old one, and lost it before that transaction; it still knows where the two part."""
    trio = form(config={"syncLimit": 4}).start()
    client = make_home(trio, home)
    write(client, home, 20)
    old = trio.leader()
    restarted, successor = sorted(trio.followers())
    connection = open_session(trio[old].port)  # before the pause: it is a transaction too
    wait_until(lambda: trio[successor].four("srvr").split("Zxid: ")[1].split()[0] == f"{connection_zxid(connection):#x}",
               10, "the successor has all")
    with trio.paused(successor):
        trio.wait_for_log(old, f"closed the connection to server {successor}")
        log_alone(trio, home, connection, [restarted])
    trio.start(restarted)
    assert trio.leader() == successor
    write(client, home, 20, 100)
    trio.start(old)
    assert way_back(trio, old) == "TRUNC"
    assert is_cut_off(trio, home)
    client.close()


def test_a_transaction_of_the_leader_alone_is_cut_off_by_servers_that_were_restarted(form, home):
    trio = form().start()
    client = make_home(trio, home)
    write(client, home, 20)
    old, others = trio.leader(), trio.followers()
    log_alone(trio, home, open_session(trio[old].port), others)
    trio.start(*others)
    write(client, home, 20, 100)
    trio.start(old)
    assert way_back(trio, old) == "TRUNC"
    assert is_cut_off(trio, home)
    client.close()


def test_a_member_whose_log_is_damaged_does_not_harm_the_others(form, home):
    """Its last record is torn off; the record comes back from the leader."""
    trio = form().start()
    client = make_home(trio, home)
    write(client, home, 30)
    victim = trio.followers()[0]
    trio.kill(victim)
    log = max((trio[victim].data / "version-2").glob("log.*"))
    content = log.read_bytes()
    end = content.rindex(b"/n00029")
    log.write_bytes(content[:end])
    trio.start(victim)
    assert way_back(trio, victim) == "DIFF"
    assert home + "/n00029" in trio.converged_tree()
    client.close()
