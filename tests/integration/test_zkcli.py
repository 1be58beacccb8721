"""Java's command line client (zkCli) prints the same against the server under test as against Java's server."""

import re
import subprocess

import pytest

from support.servers import CLASSPATH

EVERYDAY = """create /a value
create /a value
create -s /a/s-
create -e /a/e data
create -s -e /a/se- data
create -c /cont
create -t 100000 /ttl
create /x/y
get /a
get -s /a
set /a other
set -v 7 /a x
set -s -v 1 /a y
ls /
ls -s /a
ls -R /a
ls /nope
stat /a
stat /nope
getAllChildrenNumber /
getEphemerals
getEphemerals /a/s
sync /a
delete /nope
delete -v 9 /cont
delete /a
delete /cont
version
config
reconfig -remove 1
quit
"""
RIGHTS = """create /mine secret
getAcl /mine
getAcl -s /mine
setAcl /mine auth::cdrwa
addauth digest ann:secret
setAcl /mine auth::cdrwa
setAcl -s -v 0 /mine world:anyone:r
setAcl -s -v 1 /mine auth::cdrwa,ip:127.0.0.1:r
getAcl /mine
whoami
create /theirs data digest:bob:AAAAAAAAAAAAAAAAAAAAAAAAAAA=:cdrwa
get /theirs
set /theirs x
getAcl /theirs
delete /theirs
quit
"""
QUOTAS = """create /q x
setquota -n 3 /q
setquota -b 100 /q
setquota -N 4 /q
listquota /q
create /q/1 data
create /q/2 data
create /q/3 data
create /q/4 data
listquota /q
delquota -n /q
listquota /q
delquota /q
listquota /q
deleteall /q
ls /
quit
"""
WATCHES = """create /w x
get -w /w
set /w y
ls -w /w
create /w/c
stat -w /w/c
delete /w/c
addWatch -m PERSISTENT /w
set /w z
removewatches /w
set /w z
addWatch /w
create /w/d
create /w/d/e
removewatches /w
delete /w/d/e
quit
"""


def cli(server, script):
    """(stdout, stderr, exit status) of zkCli fed with a script; it exits with what its last command gave."""
    command = ["java", "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-Dorg.slf4j.simpleLogger.defaultLogLevel=off", "-cp",
               CLASSPATH, "org.apache.zookeeper.ZooKeeperMain", "-server", f"127.0.0.1:{server.port}"]
    run = subprocess.run(command, input=script, capture_output=True, text=True, timeout=60)
    return run.stdout.replace(str(server.port), "PORT"), run.stderr, run.returncode


def comparable(output):
    """Lines without times, lists in order, and the events apart: they come from a thread of their own."""
    lines, events = [], []
    for line in output.splitlines():
        line = re.sub(r"^([cm]time) = .*", r"\1 = TIME", line)
        if line.startswith("WatchedEvent"):
            if "state:Closed" not in line:  # the client prints it at its end, or ends before it does
                events.append(line)
        elif line.startswith("[") and line.endswith("]"):
            lines.append(f"[{', '.join(sorted(line[1:-1].split(', ')))}]")
        elif line not in ("", "WATCHER::"):
            lines.append(line)
    # whoami shows identities in the order of a hash table.
    whoami = [number for number, line in enumerate(lines) if re.match(r"(digest|ip|world|super): ", line)]
    for number, line in zip(whoami, sorted(lines[number] for number in whoami)):
        lines[number] = line
    return lines, events


@pytest.mark.parametrize("script, wanted", [
    (EVERYDAY, ["Created /a/s-0000000000", "Node already exists: /a", "version No is not valid : /a", "Node not empty: /a",
                "[a, cont, ttl, zookeeper]", "Node does not exist: /nope", "Sync is OK", "cZxid = 0x2"]),
    (RIGHTS, ["'world,'anyone", "Acl is not valid : /mine", "digest: ann", "ip: 127.0.0.1", "Insufficient permission : /theirs"]),
    (QUOTAS, ["Output quota for /q count=3,bytes=100=;byteHardLimit=-1;countHardLimit=4",
              "Output stat for /q count=5,bytes=17"]),
    (WATCHES, ["WatchedEvent state:SyncConnected type:NodeDataChanged path:/w",
               "WatchedEvent state:SyncConnected type:NodeChildrenChanged path:/w"]),
], ids=["everyday", "rights", "quotas", "watches"])
def test_zkcli_prints_the_same(make, script, wanted):
    seen = []
    for server in (make(kind="java").start(), make({"zoetrope.compatibility": "3.8"}).start()):
        out, err, status = cli(server, script)
        seen.append((comparable(out), comparable(err), status))
    reference, tested = seen
    printed = [line for part in reference[:2] for kind in part for line in kind]
    for line in wanted:
        assert line in printed, f"{line!r} is missing; printed:\n" + "\n".join(printed)
    assert tested == reference
