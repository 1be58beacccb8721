"""A client made of raw frames: one TCP connection, nothing done behind the caller's back."""

import collections
import socket
import struct

from . import protocol
from .jute import Reader, i32

CLOSED = "closed"


class Closed(Exception):
    """The server closed the connection, or reset it."""


class Connection:
    """One connection and, after connect(), one session on it. Not for use by two threads."""

    def __init__(self, port, host="127.0.0.1", timeout=20.0):
        try:
            self.sock = socket.create_connection((host, port), timeout)
        except ConnectionResetError as error:
            # A server that turns a client away resets the connection, at times before connect() has returned.
            raise Closed from error
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffered = bytearray()
        self.xid = 0
        self.session, self.password, self.timeout = 0, b"\0" * 16, 0
        self.events = collections.deque()

    def close(self):
        """Drops the TCP connection; the session lives on."""
        self.sock.close()

    def send(self, data):
        try:
            self.sock.sendall(data)
        except OSError as error:
            raise Closed from error

    def send_frame(self, payload):
        self.send(i32(len(payload)) + payload)

    def frame(self):
        """The next frame's payload."""
        while True:
            if len(self.buffered) >= 4:
                length = struct.unpack_from(">i", self.buffered)[0]
                if len(self.buffered) >= 4 + length:
                    payload = bytes(self.buffered[4:4 + length])
                    del self.buffered[:4 + length]
                    return payload
            try:
                data = self.sock.recv(1 << 16)
            except ConnectionError as error:
                raise Closed from error
            if not data:
                raise Closed
            self.buffered += data

    def ends(self):
        """True when the server has closed and nothing more is readable."""
        try:
            self.frame()
        except Closed:
            return True
        return False

    def connect(self, timeout=30000, session=0, password=b"\0" * 16, **more):
        """Handshakes; True when the session is valid. Closed is raised when the server just closes."""
        self.send_frame(protocol.connect_request(timeout, session, password, **more))
        return self.connected()

    def connected(self):
        """Reads the answer of a handshake."""
        reader = Reader(self.frame())
        reader.i32()
        self.timeout, self.session, self.password = reader.i32(), reader.i64(), reader.buffer()
        self.read_only = reader.rest()
        return self.session != 0

    def send_request(self, kind, body=b"", xid=None):
        if xid is None:
            self.xid += 1
            xid = self.xid
        self.send_frame(i32(xid) + i32(kind) + body)
        return xid

    def reply(self, kind):
        """The next reply; events that come before it are appended to `events`."""
        while True:
            frame = protocol.read_frame(self.frame(), kind)
            if not isinstance(frame, protocol.Event):
                return frame
            self.events.append(frame)

    def call(self, kind, body=b"", xid=None):
        """Sends one request and waits for its reply."""
        self.send_request(kind, body, xid)
        return self.reply(kind)

    def ping(self):
        return self.call(protocol.PING, b"", protocol.PING_XID)

    def event(self):
        """The next event, buffered or still to come."""
        if self.events:
            return self.events.popleft()
        frame = protocol.read_frame(self.frame())
        assert isinstance(frame, protocol.Event), frame
        return frame

    def end_session(self):
        """Closes the session and waits for the server to close the connection."""
        reply = self.call(protocol.CLOSE_SESSION)
        assert reply.error == 0, reply
        assert self.ends()
        self.close()


def open_session(port, timeout=30000):
    """A connection with a fresh session."""
    connection = Connection(port)
    assert connection.connect(timeout)
    return connection
