"""`zoetrope shell`: zkCli's commands, in every way they can be given, against a server."""

import json
import os
import pty
import re
import select
import socket
import subprocess
import threading

import pytest

from support import protocol as p
from support.connection import open_session
from support.servers import free_port, wait_until, zoetrope_binary

EVENT = "WATCHER::\n\nWatchedEvent state:SyncConnected type:{} path:{}"


class Outcome:
    def __init__(self, run):
        self.status, self.out, self.err = run.returncode, run.stdout, run.stderr


def run_shell(server, *arguments, stdin=None, chroot=""):
    address = server if isinstance(server, str) else f"127.0.0.1:{server.port}"
    return Outcome(subprocess.run([zoetrope_binary(), "shell", address + chroot, *arguments], input=stdin or "",
                                  capture_output=True, text=True, timeout=60))


@pytest.fixture
def shell(shared):
    """shell('command', ...) runs commands given by -c in one session."""
    def call(*commands, json_output=False):
        arguments = [word for command in commands for word in ("-c", command)]
        return run_shell(shared, *arguments, *(["--json"] if json_output else []))
    return call


@pytest.fixture
def shell_json(shell):
    return lambda *commands: [json.loads(line) for line in shell(*commands, json_output=True).out.splitlines()]


def test_create_get_set_delete(shell, home):
    outcome = shell(f"create {home} one", f"get {home}", f"set {home} 'two words'", f"get {home}",
                    f"delete {home}", f"get {home}")
    assert outcome.out == "one\ntwo words\n"
    assert outcome.err == f"Created {home}\nNode does not exist: {home}\n"
    assert outcome.status == 1


def test_stat_has_zkclis_eleven_lines(shell, home):
    outcome = shell(f"create {home} 12345", f"stat {home}", f"deleteall {home}")
    assert outcome.status == 0, outcome.err
    names = [line.split(" = ")[0] for line in outcome.out.splitlines()]
    assert names == ["cZxid", "ctime", "mZxid", "mtime", "pZxid", "cversion", "dataVersion", "aclVersion",
                     "ephemeralOwner", "dataLength", "numChildren"]
    assert re.search(r"^ctime = \w{3} \w{3} \d\d \d\d:\d\d:\d\d \S+ \d{4}$", outcome.out, re.M)
    assert "dataLength = 5\n" in outcome.out


def test_every_kind_of_create(shell_json, home):
    replies = shell_json(f"create {home}", f"create -s {home}/s", f"create -s -e {home}/es", f"create -e {home}/e x",
                         f"create -c {home}/c", f"create -t 60000 {home}/t", f"create -st 60000 {home}/ts",
                         f"getEphemerals {home}", f"get -s {home}/e", f"deleteall {home}")
    assert all(reply["ok"] for reply in replies), replies
    paths = [reply["path"] for reply in replies if "path" in reply]
    assert paths == [home, f"{home}/s0000000000", f"{home}/es0000000001", f"{home}/e", f"{home}/c", f"{home}/t",
                     f"{home}/ts0000000005"]
    assert replies[7]["ephemerals"] == [f"{home}/e", f"{home}/es0000000001"]
    assert replies[8]["stat"]["ephemeralOwner"] != 0
    assert replies[9]["deleted"] == 7


@pytest.mark.parametrize("command, complaint", [
    ("create -e -c /x", "-c cannot be combined with -s or -e"),
    ("create -e -t 5 /x", "TTLs cannot be used with Ephemeral znodes"),
    ("create -t 0 /x", "ttl must be positive"),
    ("create x", "Path must start with / character"),
    ("create /a/", "Path must not end with / character"),
    ("create /a//b", 'Invalid path string "/a//b" caused by empty node name specified @3'),
    ("create /a/./b", 'Invalid path string "/a/./b" caused by relative paths not allowed @3'),
    ("create /a/..", 'Invalid path string "/a/.." caused by relative paths not allowed @4'),
    ("get", "get [-s] [-w] path"),
    ("set /x", "set [-s] [-v version] path data"),
    ("set -v abc /x y", "-v must be followed by a number"),
    ("get -q /x", "Unrecognized option: -q"),
    ("set -v", "Missing argument for option: v"),
    ("get 'x", "no closing ' in the line"),
    ("frobnicate", "Command not found: frobnicate"),
    ("setAcl /x world:anyone", "world:anyone does not have the form scheme:id:perm"),
    ("setAcl /x world:anyone:q", "Unknown perm type: q"),
    ("redo 7", "Command index out of range"),
    ("setquota -n 1 -b 2 /x", "give one of -n, -b, -N and -B"),
    ("delete /", "Arguments are not valid : /"),
    ("reconfig -add server.5=a -members server.6=b", "Can't use -file or -members together"),
])
def test_bad_input_gives_one_line_and_status_1(shell, command, complaint):
    outcome = shell(command)
    assert outcome.status == 1
    assert outcome.out == ""
    assert complaint in outcome.err and outcome.err.count("\n") == 1


def test_versions_decide(shell, home):
    outcome = shell(f"create {home} a", f"set -v 0 {home} b", f"set -v 0 {home} c", f"delete -v 7 {home}",
                    f"get {home}", f"delete -v 1 {home}")
    assert outcome.out == "b\n"
    assert outcome.err.splitlines()[1:] == [f"version No is not valid : {home}"] * 2


def test_ls_in_all_forms(shell, home):
    outcome = shell(f"create {home}", f"create {home}/b", f"create {home}/a", f"create {home}/a/x", f"ls {home}",
                    f"ls -R {home}", f"getAllChildrenNumber {home}", f"ls -s {home}", f"deleteall -b 2 {home}",
                    f"ls {home}")
    lines = outcome.out.splitlines()
    assert lines[0] == "[a, b]"
    assert lines[1:5] == [home, f"{home}/a", f"{home}/b", f"{home}/a/x"]
    assert lines[5:7] == ["3", "[a, b]"]
    assert lines[7].startswith("cZxid = 0x")
    assert outcome.err.splitlines()[-1] == f"Node does not exist: {home}"


def test_acl_and_identities(shell, home):
    outcome = shell(f"create {home} data world:anyone:rc", f"getAcl {home}", "addauth digest bob:secret",
                    f"create {home}/own x auth::cdrwa", f"getAcl {home}/own", "whoami")
    assert outcome.status == 0, outcome.err
    assert outcome.out.startswith("'world,'anyone\n: cr\n'digest,'bob:")
    assert "Auth scheme: User\ndigest: bob\nip: 127.0.0.1\n" in outcome.out
    refused = shell(f"get {home}/own")
    assert refused.err == f"Insufficient permission : {home}/own\n"


def test_set_acl_of_a_whole_tree(shell, home):
    outcome = shell(f"create {home}", f"create {home}/c", f"setAcl -R {home} world:anyone:cdra", f"getAcl {home}/c",
                    f"set {home}/c x", f"deleteall {home}")
    assert outcome.out == "'world,'anyone\n: cdra\n"
    assert outcome.err.splitlines()[-1] == f"Insufficient permission : {home}/c"


def test_quota(shell, home):
    outcome = shell(f"create {home} 123", f"setquota -n 5 {home}", f"create {home}/c", f"setquota -n 3 {home}/c",
                    f"listquota {home}", f"setquota -B 1 {home}", f"delquota -n {home}", f"listquota {home}",
                    f"delquota {home}", f"listquota {home}", f"deleteall {home}")
    assert outcome.out.splitlines() == [
        f"Output quota for {home} count=5,bytes=-1=;byteHardLimit=-1;countHardLimit=-1",
        f"Output stat for {home} count=2,bytes=3",
        "[Warning]: the bytes quota you create is less than the existing bytes:3",
        f"Output quota for {home} count=-1,bytes=-1=;byteHardLimit=1;countHardLimit=-1",
        f"Output stat for {home} count=2,bytes=3",
    ]
    assert f"{home}/c has a parent {home} which has a quota\n" in outcome.err
    assert outcome.err.endswith(f"quota for {home} does not exist.\n")


def test_watches_are_told_as_zkcli_does(shell, home):
    outcome = shell(f"create {home} v", f"get -w {home}", f"ls -w {home}", f"stat -w {home}/c", f"create {home}/c",
                    f"set {home} n", f"set {home} again", f"deleteall {home}")
    assert outcome.err.splitlines()[1:] == [f"Node does not exist: {home}/c", f"Created {home}/c"]
    events = re.findall(r"WATCHER::\n\n(.*)\n", outcome.out)
    assert events == [f"WatchedEvent state:SyncConnected type:{kind} path:{path}" for kind, path in [
        ("NodeCreated", f"{home}/c"), ("NodeChildrenChanged", home), ("NodeDataChanged", home)]]


def test_persistent_watches_and_their_removal(shell, home):
    outcome = shell(f"create {home}", f"addWatch {home}", f"create {home}/a", f"set {home}/a x",
                    f"removewatches {home}", f"delete {home}/a", f"removewatches {home}", f"delete {home}")
    events = re.findall(r"type:(\w+) path:(\S+)", outcome.out)
    assert events == [("NodeCreated", f"{home}/a"), ("NodeDataChanged", f"{home}/a"), ("PersistentWatchRemoved", home)]
    assert outcome.err.splitlines()[-1] == f"KeeperErrorCode = No such watcher for {home}"


def test_printwatches_off(shell, home):
    outcome = shell("printwatches off", "printwatches", f"create {home}", f"get -w {home}", f"set {home} x",
                    f"delete {home}")
    assert outcome.out == "printwatches is off\nnull\n"


def test_chroot_is_put_on_and_taken_off(shared, shell, home):
    shell(f"create {home}")
    inside = run_shell(shared, "-c", "create /in x", "-c", "create -s -e /in/e-", "-c", "ls -R /", "-c", "get -w /in",
                       "-c", "set /in y", "-c", "getEphemerals /in", chroot=home)
    assert inside.status == 0, inside.err
    assert inside.out.startswith("/\n/in\n/in/e-0000000000\nx\n")
    assert EVENT.format("NodeDataChanged", "/in") in inside.out
    assert inside.out.endswith("[/in/e-0000000000]\n")
    assert shell(f"get {home}/in", f"deleteall {home}").out == "y\n"


def test_null_empty_and_binary_data_in_json(shell_json, zk, home):
    zk.create("/binary", b"\xff\x00\x01")
    replies = shell_json(f"create {home}/null", f"get {home}/null", f"create {home}/empty ''", f"get {home}/empty",
                         f"get {home}/binary", f"get {home}/nothing", f"set {home}/null 'a\"b'", f"get {home}/null")
    assert replies[1]["data"] is None
    assert replies[3]["data"] == ""
    assert replies[4]["data_hex"] == "ff0001"
    assert replies[5] == {"command": f"get {home}/nothing", "ok": False, "error": "NoNode",
                          "message": f"Node does not exist: {home}/nothing"}
    assert replies[7]["data"] == 'a"b'


def test_commands_from_a_pipe(shared, home):
    lines = [f"create {home} piped", "", f"get {home}", "history", "redo 1", f"delete {home}", "quit", "ls /", ""]
    outcome = run_shell(shared, stdin="\n".join(lines))
    assert outcome.status == 0, outcome.err
    connected = "\nWATCHER::\n\nWatchedEvent state:SyncConnected type:None path:null\n"
    closed = "\nWATCHER::\n\nWatchedEvent state:Closed type:None path:null\n"
    assert outcome.out == (f"{connected}piped\n0 - create {home} piped\n1 - get {home}\n2 - history\npiped\n{closed}")
    assert run_shell(shared, stdin="get /nothing-here\nls /\n").status == 1


def test_close_and_connect(shared):
    lines = ["close", "ls /", f"connect 127.0.0.1:{shared.port}", "getAllChildrenNumber /nothing-here", ""]
    outcome = run_shell(shared, stdin="\n".join(lines))
    assert outcome.err == "Not connected\nNode does not exist: /nothing-here\n"


def test_sync_version_help(shell):
    outcome = shell("sync /", "version", "help")
    assert outcome.status == 0
    assert outcome.out.startswith("Sync is OK\nZoetrope shell version: ")
    names = ("addWatch addauth close config connect create delete deleteall delquota get getAcl getAllChildrenNumber "
             "getEphemerals help history listquota ls printwatches quit reconfig redo removewatches set setAcl "
             "setquota stat sync version whoami")
    for name in names.split():
        assert f"\t{name} " in outcome.out


def test_usage_errors_have_status_2(shared):
    assert run_shell("127.0.0.1:port", "-c", "ls /").status == 2
    assert run_shell("", "-c", "ls /").status == 2
    assert subprocess.run([zoetrope_binary(), "shell"], capture_output=True).returncode == 2
    assert run_shell(shared, "--nonsense").status == 2


def test_nobody_listens():
    port = free_port()
    outcome = run_shell(f"127.0.0.1:{port}", "-c", "ls /")
    assert (outcome.status, outcome.out) == (1, "")
    assert outcome.err == f"zoetrope shell: cannot connect to 127.0.0.1:{port}: Connection refused\n"


def test_the_next_server_of_the_list_is_taken(shared):
    address = f"127.0.0.1:{free_port()},127.0.0.1:{shared.port}"
    assert run_shell(address, "-c", "getAllChildrenNumber /zookeeper/config").out == "0\n"


class Relay:
    """A relay to a server whose connections can be cut."""

    def __init__(self, port):
        self.target = port
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.pairs = []
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.target))
            self.pairs.append((client, server))
            for source, target in ((client, server), (server, client)):
                threading.Thread(target=self.pump, args=(source, target), daemon=True).start()

    @staticmethod
    def pump(source, target):
        try:
            while data := source.recv(65536):
                target.sendall(data)
        except OSError:
            pass
        for end in (source, target):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def cut(self):
        for pair in self.pairs:
            for end in pair:
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
        self.pairs.clear()

    def close(self):
        self.listener.close()
        self.cut()


class LiveShell:
    """A shell at a pipe, given lines one by one."""

    def __init__(self, address):
        self.process = subprocess.Popen([zoetrope_binary(), "shell", address], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.text = ""

    def say(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def await_text(self, expected, count=1):
        def arrived():
            while select.select([self.process.stdout], [], [], 0)[0]:
                piece = os.read(self.process.stdout.fileno(), 65536)
                if not piece:
                    break
                self.text += piece.decode()
            return self.text.count(expected) >= count
        wait_until(arrived, 30, f"{expected!r} {count} times in {self.text!r}")

    def end(self):
        self.process.stdin.close()
        status = self.process.wait(30)
        self.process.stdout.close()
        return status


def test_a_cut_connection_keeps_session_ephemerals_identities_and_watches(shared, zk, home):
    relay = Relay(shared.port)
    shell = LiveShell(f"127.0.0.1:{relay.port}{home}")
    shell.say("addauth digest eve:pass")
    shell.say("create -e /mine here")
    shell.say("create /kept old auth::cdrwa")
    shell.say("get -w /mine")
    shell.say("ls -w /")
    shell.await_text("[kept, mine]")
    owner = zk.exists("/mine").ephemeralOwner
    relay.cut()
    shell.await_text("state:Disconnected")
    shell.await_text("state:SyncConnected type:None", 2)
    zk.set("/mine", b"changed")
    shell.await_text("type:NodeDataChanged path:/mine")
    zk.create("/another")
    shell.await_text("type:NodeChildrenChanged path:/")
    shell.say("get /kept")
    shell.await_text("old")
    assert zk.exists("/mine").ephemeralOwner == owner
    assert shell.end() == 0
    relay.close()
    assert zk.exists("/mine") is None  # closed, not left to expire


def test_an_idle_shell_outlives_its_session_timeout(make, connect):
    server = make({"tickTime": 250}).start()
    zk, relay = connect(server), f"127.0.0.1:{server.port}"
    shell = LiveShell(relay)
    shell.say("create -e /alive")
    shell.await_text("Created /alive")
    shell.end()
    process = subprocess.Popen([zoetrope_binary(), "shell", relay, "-t", "500"], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE)
    process.stdin.write(b"create -e /alive\n")
    process.stdin.flush()
    wait_until(lambda: zk.exists("/alive"), 10)
    # Sessions of the same time-out that say nothing come and go: only pings can have kept the shell's.
    for name in ("/silent", "/silent-again"):
        silent = open_session(server.port, 500)
        assert silent.call(p.CREATE, p.create(name, flags=1)).error == 0
        wait_until(lambda: zk.exists(name) is None, 20, "a silent session expires")
    assert zk.exists("/alive") is not None
    process.stdin.close()
    assert process.wait(30) == 0
    process.stdout.close()
    assert zk.exists("/alive") is None


def test_an_expired_session_says_so(make):
    server = make().start()
    shell = LiveShell(f"127.0.0.1:{server.port}")
    shell.await_text("SyncConnected")
    server.kill()
    shell.await_text("state:Disconnected")
    # A server without this session's history refuses it.
    server.discard()
    server.start()
    shell.await_text("state:Expired")
    shell.say("ls /")
    shell.await_text("Not connected")
    assert shell.end() == 1


def test_line_editing_at_a_terminal(shared, shell, home):
    shell(f"create {home} shown")
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ["TERM"] = "dumb"
        os.execv(zoetrope_binary(), ["zoetrope", "shell", f"127.0.0.1:{shared.port}"])
    text = ""

    def await_text(expected):
        def arrived():
            nonlocal text
            while select.select([terminal], [], [], 0)[0]:
                try:
                    text += os.read(terminal, 65536).decode()
                except OSError:
                    return expected in text
            return expected in text
        wait_until(arrived, 20, f"{expected!r} in {text!r}")

    await_text("(CONNECTED) 0]")
    os.write(terminal, f"get {home[:-1]}\t\r".encode())  # completed by the key
    await_text("shown")
    text = ""
    os.write(terminal, b"\x10\r")  # the line before, again
    await_text("shown")
    os.write(terminal, b"quit\r")
    _, status = os.waitpid(pid, 0)
    os.close(terminal)
    assert os.waitstatus_to_exitcode(status) == 0
    shell(f"deleteall {home}")
