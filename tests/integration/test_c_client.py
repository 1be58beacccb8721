"""The stock C client library: every call, synchronous and asynchronous, watches and sessions."""

import os
import subprocess
from pathlib import Path

from support.servers import ROOT

PROGRAM = Path(os.environ.get("ZT_C_CLIENT_TEST", ROOT / "build/release/c_client_test"))


def test_all_calls_of_the_c_client(shared):
    run = subprocess.run([PROGRAM, f"127.0.0.1:{shared.port}"], capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr[-3000:]
    assert "checks held" in run.stdout


def test_a_session_of_the_c_client_moves_from_server_to_server(form, connect):
    """Its server is killed, three times; the session, its ephemeral and its watches come along."""
    trio = form().start()
    by_port = {member.port: number for number, member in trio.members.items()}
    with subprocess.Popen([PROGRAM, "--move", trio.hosts(), "3"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True) as client:
        def told(word):
            line = client.stdout.readline().split()
            assert line and line[0] == word, (line, client.stderr.read())
            return int(line[1]), line[2]

        def go_on():
            client.stdin.write("\n")
            client.stdin.flush()

        try:
            sessions = set()
            for number in range(3):
                port, session = told("at")
                trio.kill(by_port[port])
                go_on()
                next_port, _ = told("moved")
                assert next_port != port
                connect(trio.hosts(*[other for other in trio.members if other != by_port[port]])).set("/c-move", b"%d" % number)
                go_on()
                trio.start(by_port[port])
                sessions.add(session)
            told("done")
            assert len(sessions) == 1
            go_on()
            assert "checks held" in client.stdout.readline() and client.wait(30) == 0
        finally:
            client.kill()


def test_its_exit_status_tells_a_dead_server(make):
    server = make().start()
    server.kill()
    run = subprocess.run([PROGRAM, f"127.0.0.1:{server.port}", "1"], capture_output=True, text=True, timeout=120)
    assert run.returncode == 1
