"""One ensemble of servers of both kinds: who leads is chosen, members change their kind, trees and digests are compared."""

import collections
import contextlib
import re
import subprocess
import time
import warnings
from pathlib import Path

from . import protocol as p
from . import treedump
from .connection import Closed, Connection
from .ensemble import Ensemble
from .jute import ustring
from .servers import JavaServer, make_server, wait_until, zoetrope_binary

# syncLimit is short enough for a paused leader to be left, and long enough for a Java server on a busy machine.
CONFIG = {"tickTime": 500, "initLimit": 40, "syncLimit": 10, "minSessionTimeout": 1000, "maxSessionTimeout": 60000}
# What a member logs when it is synchronised in one of the three ways, and when it has become a follower.
SYNCHRONISED = {
    "java": {"DIFF": "Getting a diff from the leader", "SNAP": "Getting a snapshot from leader",
             "TRUNC": "Truncating log to get in sync with the leader"},
    "zoetrope": {"DIFF": ": DIFF to ", "SNAP": ": SNAP to ", "TRUNC": ": TRUNC to "},
}


def java_logs_what_it_does(member):
    """Java's elections and synchronisations are logged as information, which its tests do not show otherwise."""
    stock = member.command
    member.command = lambda config: [word.replace("defaultLogLevel=warn", "defaultLogLevel=info") for word in stock(config)]


class MixedEnsemble(Ensemble):
    """Members by id from 1 on; `kinds` names each one's kind, the last `observers` of them are observers."""

    def __init__(self, kinds, observers=0, config=None):
        by_id = dict(enumerate(kinds, 1))
        super().__init__("zoetrope", len(kinds) - observers, observers, {**CONFIG, **(config or {})}, by_id)
        for member in self.members.values():
            if isinstance(member, JavaServer):
                java_logs_what_it_does(member)
        self.complained = dict.fromkeys(self.members, 0)  # of a member's complaints those before are told
        self.zxids_known = {}  # of log files: (when it was written last, zxids)
        self.were_faulty = set()  # members whose logs were seen to be at fault

    def kind(self, id):
        return self.members[id].kind

    def of_kind(self, kind):
        return [id for id in self.members if self.kind(id) == kind]

    def change_kind(self, id, kind):
        """The stopped member becomes one of the other kind, with the same directory, ports and configuration.

        It begins anew when its log is not one that anybody should take over, as docs/migration.md says; what it told of
        that is put aside.
        """
        old = self.members[id]
        assert old.process is None and old.kind != kind
        if self.fault_of_own_log(id):
            self.begin_anew(id)
        new = make_server(kind, directory=old.directory)
        new.id, new.port, new.config, new.data, new.logs = id, old.port, old.config, old.data, old.logs
        if kind == "java":
            java_logs_what_it_does(new)
        self.members[id] = new

    def begin_anew(self, id):
        """Takes the data of a member that is down, and what it told of them."""
        self.wipe(id)
        told = self.members[id].directory / "server.log"
        told.rename(told.with_suffix(".faulty"))
        self.complained[id] = 0

    def make_whole(self):
        """All are running; members whose logs are at fault begin anew, and what members have complained of is forgotten."""
        for id in self.members:
            if id not in self.running():
                self.spawn(id)
        self.settle()
        for id in self.of_kind("java"):
            if self.fault_of_own_log(id):
                self.stop(id)
                self.settle()
                self.begin_anew(id)
                self.spawn(id)
                self.settle()
        self.complained = {id: len(self.complaints(id)) for id in self.members}
        self.were_faulty.clear()

    # ---- parts ----

    def settle(self, seconds=60):
        """Waits until one leads and every other running member follows or observes; the leader's id."""
        def settled():
            modes = list(self.modes().values())
            return modes.count("leader") == 1 and "" not in modes and "standalone" not in modes
        wait_until(settled, seconds, lambda: "all have their parts\n" + "\n".join(
            f"server {id} ({self.kind(id)}, {self.mode(id) or 'no part'}):\n{self.members[id].log_tail(25)}"
            for id in self.running()))
        return self.leader()

    def begin(self):
        for id in self.members:
            self.spawn(id)
        self.settle()
        return self

    def stop(self, id):
        self.members[id].stop()

    @contextlib.contextmanager
    def standing_still(self, *ids):
        """As paused(), and entered only when not one thread of them runs any more."""
        def stopped(process):
            stats = [path.read_text() for path in Path(f"/proc/{process.pid}/task").glob("*/stat")]
            return all(stat.rpartition(")")[2].split()[0] == "T" for stat in stats)
        with self.paused(*ids):
            for id in ids:
                wait_until(lambda: stopped(self.members[id].process), 10, f"server {id} stands still")
            yield

    def return_from(self, id):
        """A member that was taken out of a settled ensemble joins it again; anew if its own log is at fault."""
        if self.fault_of_own_log(id):
            self.begin_anew(id)
        self.spawn(id)
        return self.settle()

    def hand_over(self, end="stop"):
        """The leader is stopped or killed, another takes its place, and it comes back; (old, new)."""
        old = self.settle()
        getattr(self.members[old], end)()
        new = self.settle()
        self.return_from(old)
        return old, new

    def led_by(self, kind, among=None):
        """Stops other leaders, as many at a time as can be missed, until a member of `kind` leads; its id.

        `among`: ids of which it has to be one.
        """
        wanted = [id for id in self.of_kind(kind) if among is None or id in among]
        dispensable = (len(self.members) - len(self.observers) - 1) // 2
        for _ in range(6):
            leader, away = self.settle(), []
            while leader not in wanted and len(away) < dispensable:
                self.stop(leader)
                away.append(leader)
                leader = self.settle()
            for id in away:
                leader = self.return_from(id)
            if leader in wanted:
                return leader
        raise AssertionError(f"none of the servers {wanted} leads")

    def come_back(self, id, how=None):
        """Starts a member again and waits until it has its part; it must be synchronised in the way `how`."""
        self.spawn(id)
        self.settle()
        if how is not None:
            ways = [way for way, text in SYNCHRONISED[self.kind(id)].items() if text in self.log(id)]
            assert ways == [how], f"{ways} and not {how}:\n{self.log(id)}"

    # ---- what must be equal ----

    def tree(self, id):
        """A member's dump. What /zookeeper/config shows before any reconfiguration has a time of the member's own.

        So it has on a Java server whenever that begins to serve.
        """
        try:
            tree = treedump.dump(self.members[id].port)
        except TimeoutError as error:
            raise AssertionError(f"server {id} ({self.kind(id)}, {self.mode(id) or 'no part'}) does not answer a read:\n"
                                 f"{self.members[id].log_tail(60)}") from error
        data, stat, acl, children = tree["/zookeeper/config"]
        if stat.mzxid == 0 or self.of_kind("java"):
            tree["/zookeeper/config"] = data, stat._replace(mtime=0), acl, children
        return tree

    def monitored(self, id):
        return dict(line.split("\t", 1) for line in self.members[id].four("mntr").splitlines() if "\t" in line)

    def zxid(self, id):
        found = re.search(r"^Zxid: (0x[0-9a-f]+)", self.members[id].four("srvr"), re.M)
        return int(found[1], 16) if found else id

    def wait_level(self, seconds=30):
        """Waits until all running members have applied the same transactions.

        The first of them is a session's: before any of its epoch, kinds and parts differ in the zxid that they show.
        """
        Session(self, self.running()[0]).end()
        zxids = lambda: {self.zxid(id) for id in self.running()}
        wait_until(lambda: len(zxids()) == 1, seconds, lambda: f"all are level: {zxids()}")

    def wait_logged(self):
        """wait_level(), and every member would still have it after kill -9: Java applies what its log does not have yet."""
        self.wait_level()
        lasts = lambda: {id: self.logged(id)[-1] for id in self.running()}
        applied = lambda: {self.zxid(id) for id in self.running()}
        wait_until(lambda: set(lasts().values()) == applied(), 30,
                   lambda: f"what is applied is logged: {lasts()}, {applied()}")

    def digests(self, id):
        """{zxid: digest of the tree} of every 128th transaction that the member remembers."""
        return dict(re.findall(r"^([0-9a-f]+)[:,\s]+([0-9a-f]+)\s*$", self.members[id].four("hash"), re.M))

    def logged(self, id):
        """Zxids of all transactions in a member's log files, in their order there."""
        logs = sorted(self.members[id].logs.glob("version-2/log.*"), key=lambda path: int(path.name[4:], 16))
        return [zxid for log in logs for zxid in self.zxids_of(log)]

    def zxids_of(self, log):
        """Of a log file; those of one that rests are read once. Clocks of files are coarse, so it has to rest for a second."""
        written = log.stat().st_mtime_ns
        known, zxids = self.zxids_known.get(log, (None, []))
        if known != written:
            done = subprocess.run([str(zoetrope_binary()), "inspect", "--json", str(log)], capture_output=True, text=True)
            zxids = [int(zxid, 16) for zxid in re.findall(r'"zxid":"(0x[0-9a-f]+)"', done.stdout)]
            if time.time_ns() - written > 1_000_000_000:
                self.zxids_known[log] = written, zxids
        return zxids

    def fault_of_own_log(self, id):
        """What a Java member has written wrongly into its own log when it changed leaders under load, or None.

        Java 3.8.0 logs transactions twice after a failure in Learner.syncWithLeader (ZOOKEEPER-4394). And a follower applies
        what is committed before its own log has it: when it loses its leader then, it keeps the tree and forgets what was
        still to be logged (as in ZOOKEEPER-4712), so that the next leader sends what comes behind. Either shows in digests,
        and may show in the tree, once the tree was made from that log.
        """
        if self.kind(id) != "java":
            return None
        zxids = self.logged(id)
        pairs = list(zip(zxids, zxids[1:]))
        fault = next((f"{zxid:#x} stands behind {before:#x}" for before, zxid in pairs if zxid <= before), None)
        fault = fault or self.hole_in_log(id, zxids) or self.hole_before_mismatch(id, zxids)
        if fault is not None:
            self.were_faulty.add(id)
            warnings.warn(f"the log of server {id} (java): {fault}", stacklevel=2)
        return fault

    def hole_in_log(self, id, zxids):
        """Transactions that a new start of the member would miss: its newest snapshot does not have them, nor its log.

        Known are those between two of one epoch, and those that two others have logged.
        """
        snapshot = max((int(path.name[9:], 16) for path in self.members[id].data.glob("version-2/snapshot.*")), default=0)
        own = set(zxids)
        lacking = [before + 1 for before, zxid in zip(zxids, zxids[1:])
                   if before >> 32 == zxid >> 32 and zxid > before + 1 and zxid > snapshot + 1]
        elsewhere = collections.Counter(zxid for other in self.members if other != id for zxid in set(self.logged(other)))
        lacking += [zxid for zxid, logs in elsewhere.items() if logs > 1 and own and snapshot < zxid < zxids[-1] and zxid not in own]
        return f"{min(lacking):#x} is missing" if lacking else None

    def hole_before_mismatch(self, id, zxids):
        """As hole_in_log(), of a member that has started since: the first digest that did not match tells."""
        first = re.search(r"First digest mismatch on txn: -?\d+,-?\d+,(\d+),", self.members[id].output())
        if first is None:
            return None
        mismatch = int(first[1])
        before = max((zxid for zxid in zxids if zxid < mismatch), default=0)
        hole = before >> 32 == mismatch >> 32 and before + 1 < mismatch
        return f"nothing stands between {before:#x} and {mismatch:#x}" if hole else None

    def equal_tree(self):
        """The tree: the same on all members with every Stat and ACL; no digest differed anywhere."""
        self.settle()
        self.wait_level()
        trees = {id: self.tree(id) for id in self.running() if not self.fault_of_own_log(id)}
        (first, tree), *others = trees.items()
        for id, other in others:
            assert other == tree, f"servers {first} and {id}:\n" + "\n".join(treedump.difference(tree, other))
        self.check_digests()
        return tree

    def complaints(self, id):
        """[(line, whom it followed)] of a member's log that tell of a digest that differs."""
        leader, told = None, []
        for line in self.members[id].output().splitlines():
            if found := re.search(r"FOLLOWING, leader is server (\d+)", line):
                leader = int(found[1])
            if "Digests are not matching" in line or "digest differs" in line:
                told.append((line, leader))
        return told

    def check_digests(self):
        """No member found a digest in a transaction that differs from its own; returns how many could be compared.

        But for what ours found wrong with the transactions of a Java leader whose own log is at fault.
        """
        known, compared = {}, 0
        faulty = {id for id in self.of_kind("java") if self.fault_of_own_log(id)}
        for id in [id for id in self.running() if id not in faulty]:
            told = [line for line, leader in self.complaints(id)[self.complained[id]:] if leader not in self.were_faulty]
            assert not told, f"server {id} ({self.kind(id)}):\n" + "\n".join(told[:10])
            for zxid, digest in self.digests(id).items():
                compared += zxid in known
                assert known.setdefault(zxid, digest) == digest, f"server {id} ({self.kind(id)}) at {zxid}"
        return compared


class Session:
    """A raw session that goes where it is told; for tests of sessions that move."""

    def __init__(self, ensemble, id, timeout=30000):
        self.ensemble, self.connection = ensemble, Connection(ensemble[id].port)
        assert self.connection.connect(timeout)
        self.session, self.password, self.timeout = self.connection.session, self.connection.password, timeout
        self.zxid = 0

    def call(self, kind, body=b""):
        reply = self.connection.call(kind, body)
        self.zxid = max(self.zxid, reply.zxid)
        return reply

    def move(self, id):
        """To another server, which must continue it; the old connection is left open and returned."""
        old = self.connection
        wait_until(lambda: self.take_over(id), 20, f"server {id} continues the session")
        return old

    def take_over(self, id):
        # Numbers go on, as in stock clients: Java tells whose reply a transaction is by session and number alone.
        xid = self.connection.xid + 1000
        self.connection = Connection(self.ensemble[id].port)
        self.connection.xid = xid
        try:
            valid = self.connection.connect(self.timeout, self.session, self.password, last_zxid=self.zxid)
        except Closed:
            # The server has not seen what the session has seen.
            return False
        assert valid, f"server {id} ({self.ensemble.kind(id)}) says that the session has expired"
        assert (self.connection.session, self.connection.password) == (self.session, self.password)
        return True

    def end(self):
        self.connection.end_session()


def refused(ensemble, id, session, password):
    """Whether a server refuses to continue a session with that password."""
    connection = Connection(ensemble[id].port)
    try:
        return not connection.connect(30000, session, password)
    except Closed:
        return True
    finally:
        connection.close()


def exists(connection, path):
    """Whether a znode is there, after a sync."""
    assert connection.call(p.SYNC, ustring("/")).error == 0
    return connection.call(p.EXISTS, p.with_watch(path)).error == 0
