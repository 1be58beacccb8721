"""Every node of a server's tree: data, Stat and ACL, read over the client protocol as the super user."""

from . import protocol as p
from .connection import open_session
from .jute import ustring
from .servers import SUPER

BATCH = 200


def read_all(connection, kind, paths, body):
    """Pipelined replies of one kind of read for all paths, as {path: reply}; None where the node is gone."""
    replies = {}
    for start in range(0, len(paths), BATCH):
        part = paths[start:start + BATCH]
        for path in part:
            connection.send_request(kind, body(path))
        for path in part:
            reply = connection.reply(kind)
            assert reply.error in (0, -101), (path, reply)
            replies[path] = reply.value
    return replies


def dump(port):
    """{path: (data, stat, acl, sorted children)} of the whole tree."""
    connection = open_session(port)
    assert connection.call(p.AUTH, p.auth("digest", ":".join(SUPER).encode()), p.AUTH_XID).error == 0
    found, level = {}, ["/"]
    while level:
        children = read_all(connection, p.GET_CHILDREN2, level, p.with_watch)
        data = read_all(connection, p.GET_DATA, level, p.with_watch)
        acls = read_all(connection, p.GET_ACL, level, ustring)
        for path in level:
            if children[path] is not None and data[path] is not None:
                found[path] = (data[path][0], data[path][1], acls[path][0], sorted(children[path][0]))
        level = [path.rstrip("/") + "/" + name for path in level if path in found for name in found[path][3]]
    connection.end_session()
    return found


def difference(first, second, limit=8):
    """Lines that tell where two dumps differ; empty when they are equal."""
    lines = []
    for path in sorted(first.keys() | second.keys()):
        if first.get(path) != second.get(path):
            lines.append(f"{path!r}: {first.get(path)} and {second.get(path)}")
    return lines[:limit] + ([f"and {len(lines) - limit} more"] if len(lines) > limit else [])
