"""MessagePack as far as the players' protocol uses it: plain values, text keys, no extension types, at most 32 deep.

Written from the vectors; shares no code with src/. Standard library only.
"""

import struct

DEPTH_MAX = 32


class Malformed(ValueError):
    """Bytes that are not exactly one plain value."""


class Reader:
    def __init__(self, data):
        self._data = data
        self._at = 0

    @property
    def left(self):
        return len(self._data) - self._at

    def take(self, size):
        if size > self.left:
            raise Malformed(f"{size} bytes are wanted, {self.left} are left")
        self._at += size
        return self._data[self._at - size : self._at]

    def number(self, form):
        return struct.unpack(">" + form, self.take(struct.calcsize(">" + form)))[0]

    def value(self, depth=0):
        head = self.number("B")
        if head <= 0x7F:
            return head
        if head >= 0xE0:
            return head - 0x100
        if head <= 0x8F:
            return self._pairs(head & 0x0F, depth)
        if head <= 0x9F:
            return self._items(head & 0x0F, depth)
        if head <= 0xBF:
            return self._text(head & 0x1F)
        if head in (0xC0, 0xC2, 0xC3):
            return {0xC0: None, 0xC2: False, 0xC3: True}[head]
        if 0xC4 <= head <= 0xC6:
            return bytes(self.take(self.number("BHI"[head - 0xC4])))
        if 0xCA <= head <= 0xD3:
            return self.number("fdBHIQbhiq"[head - 0xCA])
        if 0xD9 <= head <= 0xDB:
            return self._text(self.number("BHI"[head - 0xD9]))
        if head in (0xDC, 0xDD):
            return self._items(self.number("HI"[head - 0xDC]), depth)
        if head in (0xDE, 0xDF):
            return self._pairs(self.number("HI"[head - 0xDE]), depth)
        raise Malformed(f"a value may not begin with 0x{head:02x}")

    def _text(self, size):
        # What is no UTF-8 is no fault: a game may have cut a name in the middle of a character.
        return bytes(self.take(size)).decode("utf-8", errors="replace")

    def _enter(self, count, depth):
        # Every item has at least one byte, so a count that is made up allocates nothing.
        if count > self.left:
            raise Malformed(f"{count} items are announced, {self.left} bytes are left")
        if depth >= DEPTH_MAX:
            raise Malformed(f"it is deeper than {DEPTH_MAX}")

    def _items(self, count, depth):
        self._enter(count, depth)
        return [self.value(depth + 1) for _ in range(count)]

    def _pairs(self, count, depth):
        self._enter(count, depth)
        pairs = {}
        for _ in range(count):
            key = self.value(depth + 1)
            if not isinstance(key, str):
                raise Malformed("a key is not text")
            pairs[key] = self.value(depth + 1)
        return pairs


def unpack(data):
    reader = Reader(data)
    value = reader.value()
    if reader.left > 0:
        raise Malformed(f"{reader.left} bytes follow the value")
    return value


def pack(value):
    """The shortest form; whole numbers beyond 32 bits as a double, as the vectors have times, if one holds them."""
    if value is None:
        return b"\xc0"
    if isinstance(value, bool):
        return b"\xc3" if value else b"\xc2"
    if isinstance(value, int):
        return _integer(value)
    if isinstance(value, float):
        return b"\xcb" + struct.pack(">d", value)
    if isinstance(value, str):
        raw = value.encode("utf-8")
        return _sized(len(raw), (0xA0, 31), (0xD9, 0xDA, 0xDB)) + raw
    if isinstance(value, bytes):
        return _sized(len(value), None, (0xC4, 0xC5, 0xC6)) + value
    if isinstance(value, list):
        return _sized(len(value), (0x90, 15), (None, 0xDC, 0xDD)) + b"".join(map(pack, value))
    if isinstance(value, dict):
        body = b"".join(pack(key) + pack(item) for key, item in value.items())
        return _sized(len(value), (0x80, 15), (None, 0xDE, 0xDF)) + body
    raise TypeError(f"{type(value).__name__} is no plain value")


def _sized(size, short, heads):
    if short is not None and size <= short[1]:
        return bytes([short[0] + size])
    for head, form, size_max in zip(heads, "BHI", (0xFF, 0xFFFF, 0xFFFFFFFF)):
        if head is not None and size <= size_max:
            return struct.pack(">B" + form, head, size)
    raise ValueError(f"size is {size}, limit is {0xFFFFFFFF}")


def _integer(value):
    if 0 <= value <= 0x7F or -0x20 <= value < 0:
        return struct.pack(">B", value & 0xFF)
    unsigned = value >= 0
    for head, form, bits in zip((0xCC, 0xCD, 0xCE) if unsigned else (0xD0, 0xD1, 0xD2), "BHI" if unsigned else "bhi", (8, 16, 32)):
        if (value < 1 << bits) if unsigned else (value >= -(1 << (bits - 1))):
            return struct.pack(">B" + form, head, value)
    if abs(value) <= 2**53 - 1:
        return b"\xcb" + struct.pack(">d", value)
    if not -(2**63) <= value < 2**64:
        raise ValueError(f"{value} has more than 64 bits")
    return struct.pack(">Bq", 0xD3, value) if value < 2**63 else struct.pack(">BQ", 0xCF, value)
