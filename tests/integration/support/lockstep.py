"""Runs the same steps on two servers in lock step and compares all that their clients see.

Compared byte for byte after decoding, except: times (only whether they are set and sane), session ids (as the
n-th session of the run), the order of unordered lists, and the order of events that one closed session causes.
"""

import itertools
import time
from typing import NamedTuple

from . import protocol as p
from . import treedump
from .connection import Closed, Connection
from .jute import i32
from .servers import wait_until
from .workload import CLIENTS, Step

UNORDERED = (p.GET_CHILDREN, p.GET_EPHEMERALS, p.WHO_AM_I)


def session_password(session):
    """The 16 bytes that stock makes of a session id (facts, client protocol section 4)."""
    mask = (1 << 48) - 1
    state = ((session ^ 0xB3415C00) ^ 0x5DEECE66D) & mask
    password = b""
    while len(password) < 16:
        state = (state * 0x5DEECE66D + 0xB) & mask
        password += (state >> 16 & 0xFFFFFFFF).to_bytes(4, "little")
    return password


def in_any_order(acls):
    """Neighbouring entries of one scheme and permissions in order of their ids.

    Where an "auth" entry stood, 3.8.0 puts the connection's ids in the order of a hash set.
    """
    return [entry for _, group in itertools.groupby(acls or [], key=lambda entry: entry[:2]) for entry in sorted(group)]


class Difference(Exception):
    """The two servers differ at a step."""

    def __init__(self, steps, reference, tested):
        super().__init__(f"step {len(steps) - 1}: {steps[-1]}\n  reference: {reference}\n  tested:    {tested}")
        self.steps = steps


class Slot:
    """One client of a side: perhaps a connection, perhaps a session that outlives it."""

    def __init__(self):
        self.connection, self.session, self.password = None, 0, b""


class Side:
    """One server and its clients."""

    def __init__(self, server):
        self.server = server
        self.slots = [Slot() for _ in range(CLIENTS)]
        self.sessions = {}
        self.started = time.time() * 1000 - 60000
        self.created, self.zxid = [], 0
        self.idle_connections = self.connections()

    def connections(self):
        return int(next(line for line in self.server.four("srvr").splitlines() if line.startswith("Connections:"))[12:])

    def wait_for_connections(self):
        expected = self.idle_connections + sum(slot.connection is not None for slot in self.slots)
        wait_until(lambda: self.connections() == expected, 10, f"{expected} connections")

    # ---- what a client sees, without what may differ ----

    def owner(self, value):
        return f"session {self.sessions[value]}" if value in self.sessions else value

    def stat(self, stat):
        now = time.time() * 1000 + 60000
        show = lambda value: value if value == 0 else "set" if self.started < value < now else f"odd time {value}"
        untouched = stat.version != 0 or stat.mtime in (stat.ctime, 0) or stat.czxid != stat.mzxid
        return stat._replace(ctime=show(stat.ctime), mtime=show(stat.mtime) if untouched else "mtime is not ctime",
                             owner=self.owner(stat.owner))

    def value(self, value):
        if isinstance(value, p.Stat):
            return self.stat(value)
        if isinstance(value, tuple):
            return tuple(self.value(item) for item in value)
        return [self.value(item) for item in value] if isinstance(value, list) else value

    def ordered(self, kind, value):
        """Sorts what is unordered by contract."""
        if value is None:
            return None
        if kind in UNORDERED:
            return sorted(value)
        if kind == p.GET_CHILDREN2:
            return sorted(value[0]), value[1]
        if kind == p.GET_ACL:
            return in_any_order(value[0]), value[1]
        if kind == p.MULTI_READ:
            return [(*part[:2], sorted(part[2])) if part[0] == p.GET_CHILDREN else part for part in value]
        return value

    def reply(self, slot, kind):
        """Events up to the reply and the reply, as comparable values; "closed" when the connection ended."""
        seen = []
        while True:
            try:
                payload = slot.connection.frame()
            except Closed:
                self.forget(slot)
                return seen + ["closed"]
            try:
                frame = p.read_frame(payload, kind)
            except Exception as error:
                return seen + [f"undecodable {payload.hex()}: {error}"]
            if isinstance(frame, p.Event):
                seen.append(tuple(frame))
                continue
            if kind == p.MULTI_READ and frame.error != 0:
                # 3.8.0 sends the results that it had so far behind the error; clients do not read them.
                frame = frame._replace(extra=b"")
            self.note(kind, frame)
            return seen + [tuple(frame._replace(value=self.value(self.ordered(kind, frame.value))))]

    def note(self, kind, reply):
        self.zxid = max(self.zxid, reply.zxid)
        if reply.error == 0 and kind in (p.CREATE, p.CREATE2, p.CREATE_CONTAINER, p.CREATE_TTL):
            self.created.append(reply.value if kind == p.CREATE else reply.value[0])
        elif reply.error == 0 and kind == p.MULTI:
            self.created += [part[2] for part in reply.value[:-1] if part[0] == p.CREATE]

    def forget(self, slot):
        slot.connection.close()
        slot.connection = None

    # ---- steps: generators that yield after each sending, so that both servers work at the same time ----

    def perform(self, step):
        self.created = []
        if step.action == "restart":
            return (yield from self.do_restart(step))
        slot = self.slots[step.client]
        if (slot.connection is None) != (step.action in ("open", "resume")) or (step.action == "resume") > (slot.session != 0):
            return ["not possible here"]
        seen = yield from getattr(self, "do_" + step.action)(slot, step)
        others = [s for s in self.slots if s is not slot and s.connection is not None]
        if step.action == "batch" or step.action == "request" and step.kind in p.WRITES:
            for other in others:
                other.connection.send_request(p.PING, xid=p.PING_XID)
            yield
            events = [self.reply(other, p.PING) for other in others]
            if step.kind == p.CLOSE_SESSION:
                events = [sorted(map(str, each)) for each in events]
            seen = seen + events
        return seen

    def handshake(self, slot, connection):
        try:
            valid = connection.connected()
        except Closed:
            connection.close()
            return ["refused"]
        answer = ["valid" if valid else "invalid", connection.timeout, connection.read_only]
        if not valid:
            ended = connection.ends()
            connection.close()
            return answer + [connection.password, "closed" if ended else "left open"]
        self.sessions.setdefault(connection.session, len(self.sessions))
        slot.connection, slot.session, slot.password = connection, connection.session, connection.password
        right = session_password(connection.session) == connection.password
        return answer + [self.owner(connection.session), "password right" if right else "password wrong"]

    def do_open(self, slot, step):
        connection = Connection(self.server.port)
        connection.send_frame(p.connect_request(step.body))
        yield
        return self.handshake(slot, connection)

    def do_resume(self, slot, step):
        connection = Connection(self.server.port)
        password = slot.password if step.body else b"\1" * 16
        connection.send_frame(p.connect_request(30000, slot.session, password, last_zxid=self.zxid))
        yield
        return self.handshake(slot, connection)

    def do_steal(self, slot, step):
        """A second connection takes the session over; the server closes the first."""
        old = slot.connection
        seen = yield from self.do_resume(slot, Step("resume", step.client, body=True))
        ended = old.ends()
        old.close()
        self.wait_for_connections()
        return seen + ["first closed" if ended else "first left open"]

    def do_restart(self, step):
        """The server is killed or stopped, and comes back; sessions stay, connections do not."""
        self.end()
        (self.server.kill if step.body == "kill" else self.server.stop)()
        self.server.spawn()
        yield
        self.server.wait_ready()
        return []

    def do_ahead(self, slot, step):
        """A client that has seen the future is sent away."""
        connection = Connection(self.server.port)
        connection.send_frame(p.connect_request(30000, last_zxid=self.zxid + 1000))
        yield
        ended = connection.ends()
        connection.close()
        self.wait_for_connections()
        return ["refused" if ended else "accepted"]

    def do_drop(self, slot, step):
        self.forget(slot)
        self.wait_for_connections()
        return []
        yield

    def do_frame(self, slot, step):
        slot.connection.send_frame(step.body)
        yield
        return self.reply(slot, 0)

    def do_request(self, slot, step):
        slot.connection.send_request(step.kind, step.body, step.xid)
        yield
        seen = self.reply(slot, step.kind)
        # After these answers the server closes the connection.
        if seen[-1] != "closed" and (step.kind == p.CLOSE_SESSION or seen[-1][1:3] == (-1, -6) or seen[-1][2] == -115):
            seen.append("closed" if slot.connection.ends() else "left open")
            self.forget(slot)
        if step.kind == p.CLOSE_SESSION and slot.connection is None:
            slot.session = 0
            seen = sorted(map(str, seen))
        return seen

    def do_batch(self, slot, step):
        out = b""
        for kind, body in step.body:
            slot.connection.xid += 1
            payload = i32(slot.connection.xid) + i32(kind) + body
            out += i32(len(payload)) + payload
        slot.connection.send(out)
        yield
        seen = []
        for kind, _ in step.body:
            if slot.connection is not None:
                seen += self.reply(slot, kind)
        return seen

    def end(self):
        for slot in self.slots:
            if slot.connection is not None:
                self.forget(slot)


class Outcome(NamedTuple):
    steps: list
    events: int


def together(generators):
    """Runs generators in turn, phase by phase, and returns their results."""
    results = [None] * len(generators)
    running = dict(enumerate(generators))
    while running:
        for index, generator in list(running.items()):
            try:
                next(generator)
            except StopIteration as stop:
                results[index] = stop.value
                del running[index]
    return results


def run(sides, steps=None, workload=None, count=0, done=None):
    """Performs given steps, or `count` steps drawn from a workload; raises Difference at the first one.

    What was performed is appended to `done`.
    """
    done, events = [] if done is None else done, 0
    for number in range(count if steps is None else len(steps)):
        step = workload.next() if steps is None else steps[number]
        done.append(step)
        first, second = together([side.perform(step) for side in sides])
        if first != second:
            raise Difference(done, first, second)
        events += sum(isinstance(item, tuple) and item[0] == p.EVENT_XID for item in first)
        if workload is not None:
            slots = sides[0].slots
            workload.learn([slot.connection is not None for slot in slots], [slot.session != 0 for slot in slots],
                           sides[0].created, sides[0].zxid)
    return Outcome(done, events)


def compare_trees(sides):
    """Lines that tell where the two whole trees differ."""
    dumps = [{path: (data, side.stat(stat), in_any_order(acl), children) for path, (data, stat, acl, children)
              in treedump.dump(side.server.port).items()} for side in sides]
    return treedump.difference(*dumps)


def reduce(steps, fails, budget_seconds):
    """The shortest failing list found by leaving out halves, quarters and so on; fails(steps) runs it afresh."""
    deadline = time.monotonic() + budget_seconds
    piece = max(1, len(steps) // 2)
    while time.monotonic() < deadline:
        start, shrunk = 0, False
        while start < len(steps) - 1 and time.monotonic() < deadline:
            candidate = steps[:start] + steps[min(start + piece, len(steps) - 1):]
            cut = fails(candidate)
            if cut is not None:
                steps, shrunk = candidate[:cut], True
            else:
                start += piece
        if piece == 1 and not shrunk:
            break
        piece = max(1, piece // 2)
    return steps
