"""Fixtures of the integration tests. ZT_SERVER=zoetrope|java says which server is under test."""

import os
import signal

import pytest
from kazoo.client import KazooClient

from support import servers
from support.ensemble import Ensemble
from support.mixed import MixedEnsemble


def pytest_configure():
    # Whoever starts the tests in the background of a shell has interrupts ignored, and processes would inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_report_header():
    return f"server under test: {servers.kind_under_test()}"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    setattr(item, "report_" + call.when, outcome.get_result())


@pytest.fixture(scope="session")
def kind():
    """The kind of server under test."""
    return servers.kind_under_test()


@pytest.fixture(scope="session")
def soak():
    """True in ./dev soak: the long versions."""
    return os.environ.get("ZT_SOAK") == "1"


@pytest.fixture
def make(request, kind):
    """make(config=None, kind=...) gives a server, not yet started; all are discarded after the test.

    When the test failed, their directories and logs stay and are named.
    """
    made = []

    def build(config=None, kind=kind, **more):
        made.append(servers.make_server(kind, config, **more))
        return made[-1]

    yield build
    for server in made:
        if has_failed(request):
            server.kill()
            print(f"kept {server.directory}; the end of its log:\n{server.log_tail()}")
        else:
            server.discard()


@pytest.fixture(scope="module")
def shared(request, kind):
    """One running server for all tests of a file."""
    server = servers.make_server(kind)
    server.start()
    before = request.session.testsfailed
    yield server
    assert server.alive(), f"the server died:\n{server.log_tail()}"
    if request.session.testsfailed > before:
        server.kill()
        print(f"kept {server.directory}; the end of its log:\n{server.log_tail()}")
    else:
        server.discard()


def has_failed(request):
    """Whether the test, or a fixture of it, failed."""
    reports = [getattr(request.node, "report_" + when, None) for when in ("setup", "call")]
    return any(report is not None and report.failed for report in reports)


def part_with(ensemble, failed):
    """Ends all members; the directories and logs of a failed test stay and are named."""
    if not failed:
        return ensemble.discard()
    for number, server in ensemble.members.items():
        server.kill()
        print(f"server {number}: kept {server.directory}; the end of its log:\n{server.log_tail(30)}")


@pytest.fixture
def form(request, kind):
    """form(count=3, observers=0, config=None, kinds=None) gives an ensemble, not yet started; ended after the test."""
    formed = []

    def build(count=3, observers=0, kind=kind, **more):
        formed.append(Ensemble(kind, count, observers, **more))
        return formed[-1]

    yield build
    for ensemble in formed:
        part_with(ensemble, has_failed(request))


@pytest.fixture
def mix(request):
    """mix(kinds, observers=0) gives an ensemble of servers of these kinds, not yet started; ended after the test."""
    made = []

    def build(kinds, observers=0):
        made.append(MixedEnsemble(kinds, observers))
        return made[-1]

    yield build
    for ensemble in made:
        part_with(ensemble, has_failed(request))


@pytest.fixture(scope="module")
def trio(request, kind):
    """One running ensemble of three for all tests of a file that leave it whole."""
    ensemble = Ensemble(kind)
    before = request.session.testsfailed
    try:
        yield ensemble.start()
    finally:
        part_with(ensemble, request.session.testsfailed > before)


@pytest.fixture
def connect(request):
    """connect(server, chroot="", **options) gives a started kazoo client; all are closed after the test.

    `server` is a server or a connect string.
    """
    clients = []

    def build(server, chroot="", **options):
        hosts = server if isinstance(server, str) else f"127.0.0.1:{server.port}"
        client = KazooClient(hosts + chroot, timeout=options.pop("timeout", 10.0), **options)
        clients.append(client)
        client.start(20)
        return client

    yield build
    for client in clients:
        client.stop()
        client.close()


@pytest.fixture
def home(request):
    """A path of the test's own, so that tests can share a server."""
    return "/" + "".join(letter if letter.isalnum() else "-" for letter in request.node.name)


@pytest.fixture
def zk(shared, connect, home):
    """A kazoo client whose root is the test's own path on the shared server."""
    connect(shared).ensure_path(home)
    return connect(shared, home)
