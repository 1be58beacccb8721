"""The jute encoding: writers return bytes, the Reader takes them apart (facts: client protocol, section 2)."""

import struct


def i8(value):
    return struct.pack(">b", value)


def i32(value):
    return struct.pack(">i", value)


def i64(value):
    return struct.pack(">q", value)


def boolean(value):
    return b"\x01" if value else b"\x00"


def buffer(value):
    """Bytes with a length; None is written as length -1."""
    return i32(-1) if value is None else i32(len(value)) + value


def ustring(value):
    """Text as UTF-8; bytes go out as they are, so that malformed text can be sent."""
    return buffer(value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value)


def vector(items, write):
    return i32(-1) if items is None else i32(len(items)) + b"".join(write(item) for item in items)


def acl(entry):
    """(perms, scheme, id)."""
    return i32(entry[0]) + ustring(entry[1]) + ustring(entry[2])


class Reader:
    """Reads values off a frame; running past the end raises struct.error or ValueError."""

    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        if count < 0 or self.at + count > len(self.data):
            raise ValueError(f"{count} bytes wanted at {self.at} of {len(self.data)}")
        self.at += count
        return self.data[self.at - count:self.at]

    def i8(self):
        return struct.unpack(">b", self.take(1))[0]

    def i32(self):
        return struct.unpack(">i", self.take(4))[0]

    def i64(self):
        return struct.unpack(">q", self.take(8))[0]

    def boolean(self):
        return self.i8() != 0

    def buffer(self):
        count = self.i32()
        return None if count == -1 else self.take(count)

    def ustring(self):
        raw = self.buffer()
        return None if raw is None else raw.decode("utf-8", "surrogateescape")

    def vector(self, read):
        count = self.i32()
        return None if count == -1 else [read() for _ in range(count)]

    def rest(self):
        return self.take(len(self.data) - self.at)
