#!/usr/bin/env python3
"""Makes the first inputs of the fuzz targets from tests/data: corpus.py OUT writes OUT/<target>/<number>.

The form of each target's input stands at the head of its source file.
"""

import random
import struct
import sys
import zlib
from pathlib import Path

DATA = Path(__file__).resolve().parent.parent / "data"
LOG_HEADER_SIZE = 16
XID_EVENT = -1
OP_MULTI, OP_MULTI_READ = 14, 22


def frames():
    """Yields (connection, from_client, payload) of every captured frame that has bytes."""
    for line in (DATA / "client" / "frames-3.8.0.txt").read_text().splitlines():
        if not line or line.startswith("#"):
            continue
        connection, direction = line.split()[:2]
        try:
            data = bytes.fromhex(line.rsplit(" ", 1)[1])
        except ValueError:
            continue
        yield connection, direction == "C>", data[4:]


def byte(number):
    return struct.pack(">b", number)


def client_inputs(corpus):
    spoken, types = set(), {}
    for connection, from_client, payload in frames():
        if (connection, from_client) not in spoken:
            spoken.add((connection, from_client))
            corpus["handshake"].append(byte(0 if from_client else 1) + payload)
            continue
        xid = struct.unpack_from(">i", payload)[0] if len(payload) >= 8 else 0
        if from_client and len(payload) >= 8:
            kind = types[connection, xid] = struct.unpack_from(">i", payload, 4)[0]
            if -128 <= kind <= 127:
                corpus["request"].append(byte(kind) + payload[8:])
            if kind in (OP_MULTI, OP_MULTI_READ):
                corpus["multi"].append(byte(0 if kind == OP_MULTI else 1) + payload[8:])
        elif not from_client and len(payload) > 16:
            kind = -1 if xid == XID_EVENT else types[connection, xid]
            corpus["reply"].append(byte(kind) + payload[16:])
            if kind in (OP_MULTI, OP_MULTI_READ):
                corpus["multi"].append(byte(2) + payload[16:])


def frame_inputs(corpus):
    """Runs of frames as streams, cut into pieces of random sizes with random pauses."""
    draw = random.Random(1)
    payloads = [payload for _, _, payload in frames()]
    for start in range(0, len(payloads), 8):
        stream = b"".join(struct.pack(">i", len(p)) + p for p in payloads[start:start + 8])
        for limit in (3, 63):
            pieces, at = [], 0
            while at < len(stream):
                size = draw.randint(1, limit)
                control = min(size, len(stream) - at) | (draw.choice((0, 0, 64, 128, 192)))
                pieces.append(bytes([control]) + stream[at:at + size])
                at += size
            corpus["frame"].append(b"".join(pieces))
    corpus["frame"].append(b"\x08\xff\xff\xff\xff" + bytes(4))
    corpus["frame"].append(b"\x04ruok")


def payloads_of_log(log):
    at = LOG_HEADER_SIZE
    while at + 12 <= len(log):
        (length,) = struct.unpack_from(">i", log, at + 8)
        if length <= 0:
            return
        yield log[at + 12:at + 12 + length]
        at += 13 + length


def disk_inputs(corpus):
    for path in sorted((DATA / "disk").iterdir()):
        data = path.read_bytes()
        if "-log." in path.name:
            corpus["log"] += [b"\0" + data, b"\1" + data, b"\0" + data[:len(data) // 2],
                              b"\0" + data + bytes(64)]
            for payload in payloads_of_log(data):
                corpus["txn"].append(b"\0" + payload)
                (kind,) = struct.unpack_from(">i", payload, 28)
                corpus["txn"].append(b"\1" + byte(kind) + payload[32:])
        elif path.name.endswith(".gz"):
            corpus["snapshot"].append(b"\1" + data)
        elif path.name.endswith(".snappy"):
            corpus["snapshot"].append(b"\2" + data)
        else:
            corpus["snapshot"] += [b"\0" + data, b"\x81" + data]


def quorum_inputs(corpus):
    """Quorum packets as one stream in small and in large pieces, election messages, configurations."""
    title, stream = "", b""
    for line in (DATA / "quorum" / "frames-3.8.0.txt").read_text().splitlines():
        if line.startswith("#"):
            title = line
        elif "INITIAL" in title:
            corpus["election"].append(b"\1" + bytes.fromhex(line))
        elif "FLE" in title:
            message = bytes.fromhex(line)[4:]
            corpus["election"] += [b"\0" + message, b"\0" + message[:28], b"\0" + message[:40]]
        elif "snapshot stream" in title:
            corpus["snapshot_stream"] += [b"\xff" + bytes.fromhex(line), b"\x10" + bytes.fromhex(line)]
        else:
            stream += bytes.fromhex(line)
    corpus["election"] += [b"\1" + struct.pack(">q", 7),
                           b"\1" + struct.pack(">qqi", -65535, 2, 14) + b"h:1|[fe80::]:2"]
    for size in (5, 63):
        pieces = [stream[at:at + size] for at in range(0, len(stream), size)]
        corpus["quorum_packet"].append(b"".join(bytes([len(piece)]) + piece for piece in pieces))
    configs = (DATA / "quorum" / "java-configs-3.8.0.txt").read_bytes()
    corpus["ensemble"] += [text for text in configs.split(b"\n\n") if text]
    corpus["ensemble"].append(b"server.1=[::1]:1:2|b:1:2:observer;2181;[::ffff:1.2.3.4]:2281\nserver.2=a:1:2\n")


def trace_inputs(corpus):
    """A whole trace file, and the records of its first block alone."""
    trace = (DATA / "trace" / "version-1.trace").read_bytes()
    records = 12 + 9 + struct.unpack_from(">I", trace, 13)[0]
    length = struct.unpack_from(">I", trace, records + 1)[0]
    corpus["trace_file"] += [b"\0" + trace, b"\1" + trace[records + 9 + 24:records + 9 + length]]


def recording_inputs(corpus):
    """Single entries, and a file of them as record/file.hpp states it."""
    head = lambda kind: struct.pack("<BqqQ", kind, 5, 7, 42)
    received, tick, batch_end, start, end = 3, 10, 11, 254, 255
    marked = bytes([26]) + struct.pack("<QQ", 1 << 32 | 3, 10) + b"some bytes"
    entries = [head(start), head(received) + marked, head(tick) + b"\x01", head(batch_end) + b"\x01", head(end)]
    state = b"no state"
    file = b"ZTRECORD" + struct.pack("<IIQQQI", 1, 1, 2, 0, len(state), zlib.crc32(state))
    checksum = zlib.crc32(file)
    file += struct.pack("<I", checksum) + state
    for entry in entries:
        checksum = zlib.crc32(entry, checksum)
        file += struct.pack("<II", len(entry), checksum) + entry + bytes(-len(entry) % 8)
    corpus["recording"] += [*entries, file, file + bytes(64)]


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: corpus.py OUT")
    targets = ("handshake", "request", "multi", "reply", "frame", "txn", "log", "snapshot", "config",
               "quorum_packet", "election", "ensemble", "snapshot_stream", "trace_file",
               "recording")
    corpus = {target: [] for target in targets}
    client_inputs(corpus)
    frame_inputs(corpus)
    disk_inputs(corpus)
    quorum_inputs(corpus)
    trace_inputs(corpus)
    recording_inputs(corpus)
    corpus["config"] += [path.read_bytes() for path in sorted((DATA / "config").glob("*.cfg"))]
    for target, inputs in corpus.items():
        folder = Path(sys.argv[1]) / target
        folder.mkdir(parents=True, exist_ok=True)
        for number, data in enumerate(inputs):
            (folder / f"{number:04}").write_bytes(data)


if __name__ == "__main__":
    main()
