"""The stock Python client: its recipes, each with several clients."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from kazoo import exceptions as ke
from kazoo.recipe.partitioner import PartitionState

WAIT = 30


@pytest.fixture
def team(shared, connect, home, zk):
    """Four clients on the test's own path."""
    return [zk] + [connect(shared, home) for _ in range(3)]


def in_threads(functions):
    """Runs functions side by side and returns their results; an exception of one is raised here."""
    with ThreadPoolExecutor(len(functions)) as pool:
        return [future.result(WAIT) for future in [pool.submit(function) for function in functions]]


def test_lock_lets_one_in_at_a_time(team):
    inside, order, guard = [], [], threading.Lock()

    def work(number, client):
        for _ in range(8):
            with client.Lock("/lock", f"client {number}"):
                with guard:
                    inside.append(number)
                    assert len(inside) == 1, inside
                order.append(number)
                with guard:
                    inside.remove(number)

    in_threads([lambda n=n, c=c: work(n, c) for n, c in enumerate(team)])
    assert sorted(order) == sorted(list(range(4)) * 8)
    assert team[0].get_children("/lock") == []


def test_lock_passes_on_when_its_holder_dies(team):
    first, second = team[0].Lock("/lock", "first"), team[1].Lock("/lock", "second")
    assert first.acquire()
    waiting = threading.Thread(target=second.acquire, kwargs={"timeout": WAIT})
    waiting.start()
    while len(team[2].Lock("/lock").contenders()) < 2:
        pass
    assert team[2].Lock("/lock").contenders() == ["first", "second"]
    assert not team[3].Lock("/lock").acquire(blocking=False)
    team[0].stop()
    waiting.join(WAIT)
    assert second.is_acquired
    second.release()


def test_lock_times_out(team):
    with team[0].Lock("/lock"):
        with pytest.raises(ke.LockTimeout):
            team[1].Lock("/lock").acquire(timeout=0.2)


def test_read_locks_share_and_write_locks_do_not(team):
    with team[0].ReadLock("/rw"), team[1].ReadLock("/rw"):
        assert not team[2].WriteLock("/rw").acquire(blocking=False)
    with team[2].WriteLock("/rw"):
        assert not team[0].ReadLock("/rw").acquire(blocking=False)
        assert not team[1].WriteLock("/rw").acquire(blocking=False)
    assert team[1].WriteLock("/rw").acquire(timeout=WAIT)


def test_semaphore_keeps_its_limit(team):
    inside, most, guard = [0], [0], threading.Lock()

    def work(client):
        for _ in range(5):
            with client.Semaphore("/semaphore", max_leases=2):
                with guard:
                    inside[0] += 1
                    most[0] = max(most[0], inside[0])
                client.sync("/")
                with guard:
                    inside[0] -= 1

    in_threads([lambda c=c: work(c) for c in team])
    assert most[0] <= 2 and inside[0] == 0
    with pytest.raises(ValueError):
        team[0].Semaphore("/semaphore", max_leases=3).acquire()


def test_election_goes_to_the_next_when_the_leader_dies(team):
    led, leading, release = [], threading.Event(), threading.Event()

    def lead(number):
        led.append(number)
        leading.set()
        release.wait(WAIT)

    def run(number):
        try:
            elections[number].run(lead, number)
        except ke.ConnectionClosedError:
            assert number == 0  # the one that is stopped cannot give its lock back

    elections = [client.Election("/election", f"candidate {number}") for number, client in enumerate(team[:3])]
    threads = []
    for number in range(len(elections)):
        threads.append(threading.Thread(target=run, args=(number,), daemon=True))
        threads[-1].start()
        while len(team[3].Election("/election").contenders()) < number + 1:
            pass
    assert leading.wait(WAIT) and led == [0]
    assert team[3].Election("/election").contenders() == ["candidate 0", "candidate 1", "candidate 2"]
    leading.clear()
    team[0].stop()
    assert leading.wait(WAIT) and led == [0, 1]
    release.set()
    for thread in threads[1:]:
        thread.join(WAIT)
    assert led == [0, 1, 2]


def test_barrier_holds_until_it_is_removed(team):
    barrier = team[0].Barrier("/barrier")
    barrier.create()
    assert not team[1].Barrier("/barrier").wait(0.1)
    with ThreadPoolExecutor(3) as pool:
        waiting = [pool.submit(client.Barrier("/barrier").wait, WAIT) for client in team[1:]]
        assert barrier.remove()
        assert all(future.result(WAIT) for future in waiting)
    assert not barrier.remove()


def test_double_barrier_enters_and_leaves_together(team):
    entered, left, guard = [], [], threading.Lock()

    def work(number, client):
        barrier = client.DoubleBarrier("/double", len(team), f"member {number}")
        with guard:
            entered.append(number)
        barrier.enter()
        assert barrier.participating and len(entered) == len(team)
        with guard:
            left.append(number)
        barrier.leave()
        assert len(left) == len(team)

    in_threads([lambda n=n, c=c: work(n, c) for n, c in enumerate(team)])


def test_queue_hands_each_item_to_one_taker_in_order(team):
    queue = team[0].Queue("/queue")
    for number in range(40):
        queue.put(b"%02d" % number, priority=10 if number < 20 else 5)
    assert len(queue) == 40

    def take(client):
        taken, mine = [], client.Queue("/queue")
        while True:
            item = mine.get()
            if item is None:
                return taken
            taken.append(item)

    taken = in_threads([lambda c=c: take(c) for c in team[1:]])
    assert sorted(item for part in taken for item in part) == [b"%02d" % number for number in range(40)]
    first = [b"%02d" % number for number in [*range(20, 40), *range(20)]]
    for part in taken:
        assert part == sorted(part, key=first.index)


def test_locking_queue_keeps_an_item_until_it_is_consumed(team):
    queue = team[0].LockingQueue("/locking")
    queue.put_all([b"one", b"two"])
    second = team[1].LockingQueue("/locking")
    assert queue.get(WAIT) == b"one" and second.get(WAIT) == b"two"
    assert queue.holds_lock() and second.consume()
    team[0].stop()
    third = team[2].LockingQueue("/locking")
    assert third.get(WAIT) == b"one" and third.consume() and len(third) == 0


def test_counter_loses_no_increment(team):
    def count(client):
        counter = client.Counter("/counter")
        for _ in range(20):
            counter += 1

    in_threads([lambda c=c: count(c) for c in team])
    assert team[0].Counter("/counter").value == 80
    real = team[1].Counter("/real", default=1.5)
    real -= 0.5
    assert real.value == 1.0


def test_parties_show_who_is_there(team):
    parties = [client.Party("/party", f"guest {number}") for number, client in enumerate(team)]
    shallow = [client.ShallowParty("/shallow", f"guest{number}") for number, client in enumerate(team)]
    for party in parties + shallow:
        party.join()
    assert sorted(parties[0]) == [f"guest {number}" for number in range(4)]
    assert sorted(shallow[1]) == [f"guest{number}" for number in range(4)]
    parties[1].leave()
    team[2].stop()
    assert sorted(parties[0]) == ["guest 0", "guest 3"] and len(shallow[0]) == 3


def test_partitioner_shares_out_a_set(team):
    things = [f"thing-{number}" for number in range(7)]

    def hold(client):
        partitioner = client.SetPartitioner("/partition", things, time_boundary=0.3, identifier=str(client.client_id[0]))
        partitioner.wait_for_acquire(WAIT)
        return partitioner

    partitioners = in_threads([lambda c=c: hold(c) for c in team[:2]])
    for partitioner in partitioners:
        while not partitioner.acquired:
            if partitioner.state == PartitionState.RELEASE:
                partitioner.release_set()
            partitioner.wait_for_acquire(WAIT)
    assert sorted(thing for partitioner in partitioners for thing in partitioner) == things
    for partitioner in partitioners:
        partitioner.finish()


def test_lease_is_held_by_one(team):
    from datetime import timedelta
    assert team[0].NonBlockingLease("/lease", timedelta(hours=1), identifier="one")
    assert not team[1].NonBlockingLease("/lease", timedelta(hours=1), identifier="two")
    assert team[0].NonBlockingLease("/lease", timedelta(hours=1), identifier="one")
