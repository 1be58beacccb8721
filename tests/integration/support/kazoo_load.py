"""Kazoo clients that write without a pause, each an application that tries again when its connection was lost."""

import threading

from kazoo.client import KazooClient
from kazoo.exceptions import ConnectionLoss, NodeExistsError, SessionExpiredError

from .ensemble import ClientThreads
from .servers import wait_until


class KazooLoad(ClientThreads):
    """Every client creates znodes of its own below `home`, which exists, until the end of the context.

    A connection that is lost is the only failure that is allowed, and the same write is then tried again: at last it
    succeeds or is found done. check() judges a tree.
    """

    def __init__(self, hosts, home, clients=3):
        self.home, self.stopping = home, threading.Event()
        hosts = hosts.split(",")
        self.clients = [KazooWriter(self, number, ",".join(hosts[number % len(hosts):] + hosts[:number % len(hosts)]))
                        for number in range(clients)]

    def go_on(self, writes=20, seconds=60):
        """Waits until every client has had so many further writes acknowledged."""
        for client, count in [(client, len(client.written)) for client in self.clients]:
            wait_until(lambda: client.error or len(client.written) >= count + writes, seconds,
                       f"client {client.number} goes on writing")
        self.judge_threads()

    def acknowledged(self):
        return sum(len(client.written) for client in self.clients)

    def check(self, tree):
        for client in self.clients:
            lost = [path for path in client.written if path not in tree]
            assert not lost, f"acknowledged by client {client.number} and lost: {lost}"
            assert all(tree[path][0] == path.encode() for path in client.written)


class KazooWriter(threading.Thread):
    def __init__(self, load, number, hosts):
        super().__init__(name=f"kazoo-{number}", daemon=True)
        self.load, self.number, self.hosts = load, number, hosts
        self.written, self.error, self.losses = [], None, 0

    def run(self):
        client = KazooClient(hosts=self.hosts, timeout=20, randomize_hosts=False)
        try:
            client.start(30)
            self.session = client.client_id[0]
            while not self.load.stopping.is_set():
                self.write(client, f"{self.load.home}/{self.number}-{len(self.written):06d}")
            assert client.client_id[0] == self.session, "the session was lost"
        except BaseException as error:  # reported by the thread that waits for this one
            self.error = error
        finally:
            client.stop()
            client.close()

    def write(self, client, path):
        tried = False
        while True:
            try:
                client.create(path, path.encode())
                break
            except ConnectionLoss:
                tried, self.losses = True, self.losses + 1
                assert self.losses < 1000, "the connection is lost again and again"
                connected(client)
            except NodeExistsError:
                assert tried, f"{path} was there before"
                break
            except SessionExpiredError as error:
                raise AssertionError("the session expired") from error
        self.written.append(path)


def connected(client, seconds=60):
    """Waits until a client that has lost its connection has one again."""
    wait_until(lambda: client.connected, seconds, "the client finds a server")
