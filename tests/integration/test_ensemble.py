"""Three and five real servers as one ensemble: what clients of different servers see of each other, and the four-letter words."""

import queue

import pytest
from kazoo.exceptions import BadVersionError, NodeExistsError
from kazoo.protocol.states import KazooState

from support import protocol as p
from support.connection import Closed, Connection, open_session
from support.ensemble import MovingClient
from support.jute import ustring
from support.servers import four_letters, wait_until


@pytest.fixture
def clients(trio, connect, home):
    """One kazoo client on each server, all with the test's own path as root."""
    connect(trio[1]).ensure_path(home)
    made = {number: connect(trio[number], home) for number in trio.members}
    for client in made.values():
        client.sync("/")
    return made


def test_one_leads_and_the_others_follow(trio):
    assert sorted(trio.modes().values()) == ["follower", "follower", "leader"]
    assert list(trio.modes()) == [1, 2, 3]


def test_writes_through_every_server_are_seen_on_every_server(clients):
    for writer, client in clients.items():
        for number in range(10):
            client.create(f"/{writer}-{number}", b"%d" % writer)
    for reader in clients.values():
        reader.sync("/")
        assert sorted(reader.get_children("/")) == sorted(f"{w}-{n}" for w in clients for n in range(10))
        assert all(reader.get(f"/{w}-{n}")[0] == b"%d" % w for w in clients for n in range(10))
    stats = [[client.get(f"/{w}-{n}")[1] for w in clients for n in range(10)] for client in clients.values()]
    assert stats[0] == stats[1] == stats[2]


def test_a_write_is_read_back_at_once_on_its_own_server(clients):
    for client in clients.values():
        client.ensure_path("/own")
        for number in range(30):
            client.set("/own", b"%d" % number)
            assert client.get("/own")[0] == b"%d" % number


def test_sequential_names_are_unique_over_all_servers(clients):
    made = {number: [client.create_async("/s-", sequence=True) for _ in range(30)] for number, client in clients.items()}
    names = [[one.get(20) for one in requests] for requests in made.values()]
    assert all(list(one) == sorted(one) for one in names)
    assert sorted(sum(names, [])) == [f"/s-{number:010d}" for number in range(90)]


def test_conditional_writes_race_and_one_wins(clients):
    clients[1].create("/versioned", b"")
    for version in range(10):
        requests = [client.set_async("/versioned", b"%d" % number, version) for number, client in clients.items()]
        outcomes = [request.exception or request.get(20).version for request in requests if request.wait(20) or True]
        assert sum(outcome == version + 1 for outcome in outcomes) == 1
        assert sum(isinstance(outcome, BadVersionError) for outcome in outcomes) == 2


def test_a_transaction_is_seen_whole_or_not_at_all(clients):
    for number, client in clients.items():
        good = client.transaction()
        good.create(f"/t{number}")
        good.create(f"/t{number}/child-", sequence=True)
        good.set_data(f"/t{number}", b"x")
        assert not any(isinstance(one, Exception) for one in good.commit())
        bad = client.transaction()
        bad.create(f"/never{number}")
        bad.create(f"/t{number}")
        assert isinstance(bad.commit()[1], NodeExistsError)
    for client in clients.values():
        client.sync("/")
        assert sorted(client.get_children("/")) == ["t1", "t2", "t3"]
        assert client.get_children("/t2") == ["child-0000000000"]


def test_watches_fire_for_writes_of_other_servers(clients):
    for watcher, writer in ((1, 2), (2, 3), (3, 1)):
        events = queue.Queue()
        path = f"/watched-{watcher}"
        assert clients[watcher].exists(path, watch=events.put) is None
        clients[writer].create(path, b"")
        assert events.get(timeout=20).type == "CREATED"
        clients[watcher].get(path, watch=events.put)
        clients[writer].set(path, b"1")
        assert events.get(timeout=20).type == "CHANGED"
        # The event comes before the new value can be seen.
        assert clients[watcher].get(path)[0] == b"1"
        clients[watcher].get_children(path, watch=events.put)
        clients[writer].create(path + "/child")
        assert events.get(timeout=20).type == "CHILD"


def test_ephemerals_are_everywhere_and_go_with_their_session(trio, connect, clients, home):
    for owner in trio.members:
        client = connect(trio[owner], home)
        client.create("/mine", b"", ephemeral=True)
        session = client.client_id[0]
        for reader in clients.values():
            reader.sync("/")
            assert reader.exists("/mine").ephemeralOwner == session
        client.stop()
        for reader in clients.values():
            reader.sync("/")
            assert reader.exists("/mine") is None


def test_a_silent_session_expires_on_every_server(trio, clients, home):
    for owner in trio.members:
        silent = open_session(trio[owner].port, 1000)
        assert silent.call(p.CREATE, p.create(home + "/silent", flags=1)).error == 0
        for reader in clients.values():
            wait_until(lambda: reader.exists("/silent") is None, 15, f"the silent session of server {owner} ends")
        silent.close()


def test_a_session_is_taken_up_on_another_server(trio, home, clients):
    first = open_session(trio[1].port)
    assert first.call(p.CREATE, p.create(home + "/moving", flags=1)).error == 0
    for number in (2, 3, 1, 3):
        moved = Connection(trio[number].port)
        assert moved.connect(30000, first.session, first.password), f"refused by server {number}"
        assert moved.call(p.EXISTS, p.with_watch(home + "/moving")).value.owner == first.session
        # A write that still comes over the older connection does nothing, and ends that connection.
        first.send_request(p.CREATE, p.create(home + "/late"))
        with pytest.raises(Closed):
            while True:
                assert first.reply(p.CREATE).error == -118
        assert moved.call(p.SYNC, ustring("/")).error == 0
        assert moved.call(p.EXISTS, p.with_watch(home + "/late")).error == -101
        first = moved
    first.end_session()
    clients[2].sync("/")
    assert clients[2].exists("/moving") is None


def test_a_wrong_password_is_refused_on_every_server(trio):
    session = open_session(trio[1].port)
    for number in trio.members:
        thief = Connection(trio[number].port)
        assert not thief.connect(30000, session.session, b"x" * 16)
    assert session.ping().error == 0
    session.end_session()


def test_sync_then_read_is_up_to_date(trio, home, clients):
    """A write that one server acknowledged is seen behind a sync by a client of any other one."""
    writer = open_session(trio.ports(trio.leader())[0])
    readers = [open_session(trio[number].port) for number in trio.followers()]
    assert writer.call(p.CREATE, p.create(home + "/fresh", b"")).error == 0
    for number in range(50):
        assert writer.call(p.SET_DATA, p.set_data(home + "/fresh", b"%d" % number)).error == 0
        for reader in readers:
            reader.send_request(p.SYNC, ustring("/"))
            reader.send_request(p.GET_DATA, p.with_watch(home + "/fresh"))
            assert reader.reply(p.SYNC).error == 0
            assert reader.reply(p.GET_DATA).value[0] == b"%d" % number
    for connection in [writer, *readers]:
        connection.end_session()


def test_requests_of_one_client_stay_in_order(trio, home, clients):
    """Reads between pipelined writes, through a follower: each sees what was written just before it."""
    connection = open_session(trio[trio.followers()[0]].port)
    assert connection.call(p.CREATE, p.create(home + "/order", b"")).error == 0
    for number in range(200):
        connection.send_request(p.SET_DATA, p.set_data(home + "/order", b"%d" % number))
        connection.send_request(p.GET_DATA, p.with_watch(home + "/order"))
    for number in range(200):
        assert connection.reply(p.SET_DATA).value.version == number + 1
        assert connection.reply(p.GET_DATA).value[0] == b"%d" % number
    connection.end_session()


# ---- four-letter words ----

def keys_of(text, separator):
    return {line.split(separator)[0]: line.split(separator, 1)[1] for line in text.splitlines() if separator in line}


def test_srvr_and_stat_tell_the_mode(trio):
    leader = trio.leader()
    for number, member in trio.members.items():
        for word in ("srvr", "stat"):
            facts = keys_of(member.four(word), ": ")
            assert facts["Mode"] == ("leader" if number == leader else "follower")
            assert ("Proposal sizes last/min/max" in facts) == (number == leader)
            assert facts["Zxid"].startswith("0x") and int(facts["Node count"]) >= 5
        assert member.four("isro") == "rw" and member.four("ruok") == "imok"


def test_mntr_of_leader_and_follower(trio):
    leader = trio.leader()
    only_leader = {"zk_learners", "zk_synced_followers", "zk_synced_observers", "zk_synced_non_voting_followers",
                   "zk_pending_syncs", "zk_leader_uptime", "zk_last_proposal_size", "zk_min_proposal_size",
                   "zk_max_proposal_size"}
    for number, member in trio.members.items():
        facts = keys_of(member.four("mntr"), "\t")
        assert facts["zk_server_state"] == ("leader" if number == leader else "follower")
        assert facts["zk_peer_state"] == ("leading - broadcast" if number == leader else "following - broadcast")
        if number == leader:
            assert only_leader <= facts.keys()
            assert (facts["zk_learners"], facts["zk_synced_followers"], facts["zk_synced_observers"]) == ("2", "2", "0")
        else:
            assert not {"zk_synced_followers", "zk_pending_syncs"} & facts.keys()


def test_conf_shows_the_ensemble(trio):
    for number, member in trio.members.items():
        text = member.four("conf")
        facts = keys_of(text, "=")
        assert facts["serverId"] == str(number) and facts["clientPort"] == str(member.port)
        assert facts["initLimit"] == "80" and facts["syncLimit"] == "40" and facts["electionAlg"] == "3"
        assert facts["electionPort"] == str(trio.election_ports[number])
        assert facts["quorumPort"] == str(trio.quorum_ports[number]) and facts["peerType"] == "0"
        for key, value in trio.server_lines().items():
            assert f"{key}={value}" in text


def test_the_configuration_node_is_there(clients, trio, connect):
    client = connect(trio[2])
    data, _ = client.get("/zookeeper/config")
    for key, value in trio.server_lines().items():
        assert f"{key}={value}".encode() in data


# ---- clients that move ----

def test_a_kazoo_client_goes_on_when_its_server_is_killed(form, connect):
    trio = form().start()
    victim = trio.followers()[0]
    others = [number for number in trio.members if number != victim]
    client = connect(trio.hosts(victim, *others), randomize_hosts=False)
    states, events = queue.Queue(), queue.Queue()
    client.add_listener(states.put)
    client.create("/mine", b"", ephemeral=True)
    client.create("/watched", b"")
    session = client.client_id
    trio.kill(victim)
    assert states.get(timeout=20) == KazooState.SUSPENDED and states.get(timeout=20) == KazooState.CONNECTED
    assert client.client_id == session
    assert client.exists("/mine").ephemeralOwner == session[0]
    client.get("/watched", watch=events.put)
    connect(trio[others[1]]).set("/watched", b"1")
    assert events.get(timeout=20).type == "CHANGED"
    trio.start(victim)
    connect(trio[victim]).sync("/")
    assert connect(trio[victim]).exists("/mine").ephemeralOwner == session[0]


def test_watches_come_along_with_a_session_that_moves(form):
    """Re-sent watches fire for what happened on the way, and later, as on the server that is gone."""
    trio = form().start()
    victim, other = trio.followers()
    client = MovingClient(trio.ports(victim, other))
    for name in ("/before", "/between", "/after"):
        assert client.call(p.CREATE, p.create(name)).error == 0
        assert client.call(p.GET_DATA, p.with_watch(name, True)).error == 0
    assert client.call(p.EXISTS, p.with_watch("/absent", True)).error == -101
    writer = open_session(trio[trio.leader()].port)
    assert writer.call(p.SET_DATA, p.set_data("/before", b"1")).error == 0
    assert client.connection.event().path == "/before"
    client.zxid = writer.call(p.SYNC, ustring("/")).zxid
    trio.kill(victim)
    assert writer.call(p.SET_DATA, p.set_data("/between", b"1")).error == 0
    client.connection.close()
    client.connect()
    body = p.set_watches(client.zxid, ["/between", "/after"], ["/absent"], [])
    client.connection.call(p.SET_WATCHES, body, p.SET_WATCHES_XID)
    assert client.connection.event().path == "/between"
    assert writer.call(p.SET_DATA, p.set_data("/after", b"1")).error == 0
    assert writer.call(p.CREATE, p.create("/absent")).error == 0
    assert [client.connection.event().path for _ in range(2)] == ["/after", "/absent"]
    client.close()
    writer.end_session()


# ---- other sizes ----

def test_five_servers_bear_the_loss_of_two(form):
    five = form(5).start()
    assert sorted(five.modes().values()) == ["follower"] * 4 + ["leader"]
    client = MovingClient(five.ports(*five.followers()))
    assert client.call(p.CREATE, p.create("/five", b"0")).error == 0
    gone = [five.leader(), five.followers()[0]]
    five.kill(*gone)
    assert client.read(p.SET_DATA, p.set_data("/five", b"1")).error == 0
    five.start(*gone)
    assert five.converged_tree()["/five"][0] == b"1"
    assert sorted(five.modes().values()) == ["follower"] * 4 + ["leader"]
    client.close()


def test_observers_follow_and_do_not_count(form, connect):
    """Two of five observe: they serve reads and writes, and do not stand in for participants that are gone."""
    whole = form(3, observers=2).start()
    assert [whole.mode(number) for number in (4, 5)] == ["observer", "observer"]
    leader = whole.leader()
    facts = keys_of(whole[leader].four("mntr"), "\t")
    assert (facts["zk_synced_followers"], facts["zk_synced_observers"]) == ("2", "2")
    assert keys_of(whole[4].four("conf"), "=")["peerType"] == "1"
    client = connect(whole[4])
    client.create("/by-observer", b"x")
    client.create("/by-observer/e", ephemeral=True)
    for number in whole.members:
        other = connect(whole[number])
        other.sync("/")
        assert other.get_children("/by-observer") == ["e"]
    whole.kill(5)
    client.set("/by-observer", b"y")
    whole.start(5)
    whole.converged_tree()
    followers = whole.followers()
    whole.kill(*followers)
    wait_until(lambda: set(whole.modes().values()) == {""}, 20, "one participant with two observers stops serving")
    whole.start(*followers)
    wait_until(lambda: whole.mode(4) == "observer" and whole.mode(5) == "observer", 20, "the observers are back")
    assert whole.converged_tree()["/by-observer"][0] == b"y"


def test_a_minority_does_not_serve(form):
    trio = form().start()
    client = MovingClient(trio.ports())
    assert client.call(p.CREATE, p.create("/kept", b"")).error == 0
    survivor = trio.leader()
    gone = [number for number in trio.members if number != survivor]
    connection = open_session(trio[survivor].port)
    trio.kill(*gone)
    assert connection.ends(), "the connection to the minority still stands"
    assert "not currently serving" in four_letters(trio[survivor].port, "srvr")
    assert trio[survivor].four("ruok") == "imok" and trio[survivor].four("isro") == "null"
    alone = MovingClient.__new__(MovingClient)
    alone.ports, alone.session, alone.password = [trio[survivor].port], client.session, client.password
    alone.timeout, alone.zxid = 30000, 0
    assert not any(alone.try_connect() for _ in range(5)), "a minority took a session"
    trio.start(*gone)
    assert "/kept" in trio.converged_tree()
    assert client.read(p.SET_DATA, p.set_data("/kept", b"1")).error == 0
    client.close()
