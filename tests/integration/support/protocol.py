"""Requests and replies of the client protocol (facts: client protocol, sections 3 to 7)."""

from typing import NamedTuple

from .jute import Reader, acl, boolean, buffer, i32, i64, ustring, vector

OPEN = ((31, "world", "anyone"),)

CREATE, DELETE, EXISTS, GET_DATA, SET_DATA, GET_ACL, SET_ACL = 1, 2, 3, 4, 5, 6, 7
GET_CHILDREN, SYNC, PING, GET_CHILDREN2, CHECK, MULTI, CREATE2 = 8, 9, 11, 12, 13, 14, 15
RECONFIG, CHECK_WATCHES, REMOVE_WATCHES, CREATE_CONTAINER, DELETE_CONTAINER = 16, 17, 18, 19, 20
CREATE_TTL, MULTI_READ, AUTH, SET_WATCHES, SASL, GET_EPHEMERALS = 21, 22, 100, 101, 102, 103
GET_ALL_CHILDREN_NUMBER, SET_WATCHES2, ADD_WATCH, WHO_AM_I, CLOSE_SESSION = 104, 105, 106, 107, -11
NAMES = {value: name for name, value in list(globals().items()) if name.isupper() and isinstance(value, int)}

EVENT_XID, PING_XID, AUTH_XID, SET_WATCHES_XID = -1, -2, -4, -8
# Requests that may change the tree, and so may make other connections' watches fire.
WRITES = {CREATE, CREATE2, CREATE_CONTAINER, CREATE_TTL, DELETE, DELETE_CONTAINER, SET_DATA, SET_ACL, MULTI,
          CLOSE_SESSION, RECONFIG}


class Stat(NamedTuple):
    """A znode's Stat in wire order."""

    czxid: int
    mzxid: int
    ctime: int
    mtime: int
    version: int
    cversion: int
    aversion: int
    owner: int
    data_length: int
    children: int
    pzxid: int


def read_stat(reader):
    return Stat(reader.i64(), reader.i64(), reader.i64(), reader.i64(), reader.i32(), reader.i32(), reader.i32(),
                reader.i64(), reader.i32(), reader.i32(), reader.i64())


def read_acl(reader):
    return reader.vector(lambda: (reader.i32(), reader.ustring(), reader.ustring()))


def connect_request(timeout, session=0, password=b"\0" * 16, last_zxid=0, read_only=False, with_read_only=True):
    body = i32(0) + i64(last_zxid) + i32(timeout) + i64(session) + buffer(password)
    return body + boolean(read_only) if with_read_only else body


def create(path, data=b"", acls=OPEN, flags=0):
    return ustring(path) + buffer(data) + vector(acls, acl) + i32(flags)


def create_ttl(path, data, acls, flags, ttl):
    return create(path, data, acls, flags) + i64(ttl)


def with_version(path, version):
    """delete and check; also check_watches, remove_watches and add_watch, whose number is a type or mode."""
    return ustring(path) + i32(version)


def set_data(path, data, version=-1):
    return ustring(path) + buffer(data) + i32(version)


def set_acl(path, acls, version=-1):
    return ustring(path) + vector(acls, acl) + i32(version)


def with_watch(path, watch=False):
    """exists, getData, getChildren, getChildren2."""
    return ustring(path) + boolean(watch)


def auth(scheme, data):
    return i32(0) + ustring(scheme) + buffer(data)


def set_watches(zxid, *lists):
    """Three lists of paths for setWatches, five for setWatches2."""
    return i64(zxid) + b"".join(vector(paths, ustring) for paths in lists)


def multi(operations):
    """operations: (type, body) each."""
    head = lambda kind, done: i32(kind) + boolean(done) + i32(-1)
    return b"".join(head(kind, False) + body for kind, body in operations) + head(-1, True)


def read_multi(reader):
    results = []
    while True:
        kind, done, error = reader.i32(), reader.boolean(), reader.i32()
        if done:
            return results + [(kind, error)]
        results.append((kind, error, read_result(kind, reader)))


def read_result(kind, reader):
    """One result of a multi by its type."""
    if kind in (CREATE,):
        return reader.ustring()
    if kind in (CREATE2, CREATE_CONTAINER, CREATE_TTL):
        return reader.ustring(), read_stat(reader)
    if kind == SET_DATA:
        return read_stat(reader)
    if kind == GET_DATA:
        return reader.buffer(), read_stat(reader)
    if kind == GET_CHILDREN:
        return reader.vector(reader.ustring)
    return reader.i32() if kind == -1 else None


BODIES = {
    CREATE: lambda r: r.ustring(),
    CREATE2: lambda r: (r.ustring(), read_stat(r)),
    CREATE_CONTAINER: lambda r: (r.ustring(), read_stat(r)),
    CREATE_TTL: lambda r: (r.ustring(), read_stat(r)),
    EXISTS: read_stat,
    GET_DATA: lambda r: (r.buffer(), read_stat(r)),
    SET_DATA: read_stat,
    GET_ACL: lambda r: (read_acl(r), read_stat(r)),
    SET_ACL: read_stat,
    GET_CHILDREN: lambda r: r.vector(r.ustring),
    GET_CHILDREN2: lambda r: (r.vector(r.ustring), read_stat(r)),
    SYNC: lambda r: r.ustring(),
    MULTI: read_multi,
    MULTI_READ: read_multi,
    RECONFIG: lambda r: (r.buffer(), read_stat(r)),
    SASL: lambda r: r.buffer(),
    GET_EPHEMERALS: lambda r: r.vector(r.ustring),
    GET_ALL_CHILDREN_NUMBER: lambda r: r.i32(),
    ADD_WATCH: lambda r: r.i32(),
    WHO_AM_I: lambda r: r.vector(lambda: (r.ustring(), r.ustring())),
}


class Reply(NamedTuple):
    """A reply: `value` is the decoded body, `extra` whatever stood behind it."""

    xid: int
    zxid: int
    error: int
    value: object
    extra: bytes


class Event(NamedTuple):
    """A watch event."""

    zxid: int
    kind: int
    state: int
    path: str


def read_frame(payload, kind=None):
    """Decodes a server's frame; `kind` is the type of the request that a positive xid answers."""
    reader = Reader(payload)
    xid, zxid, error = reader.i32(), reader.i64(), reader.i32()
    if xid == EVENT_XID:
        return Event(zxid, reader.i32(), reader.i32(), reader.ustring())
    value = BODIES[kind](reader) if error == 0 and kind in BODIES else None
    return Reply(xid, zxid, error, value, reader.rest())
