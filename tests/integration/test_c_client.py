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


def test_its_exit_status_tells_a_dead_server(make):
    server = make().start()
    server.kill()
    run = subprocess.run([PROGRAM, f"127.0.0.1:{server.port}", "1"], capture_output=True, text=True, timeout=120)
    assert run.returncode == 1
