"""MessagePack as section 14 of docs/protocol.md wants it: plain values only, text keys, at most 32 deep.

Written against that page and the vectors; shares no code with src/. Standard library only.
"""

import struct

DEPTH_MAX = 32
NO_VALUE = object()
"""An empty body: no value at all."""


class BodyFault(ValueError):
    """Bytes that are not exactly one plain value."""


def unpack(data):
    if len(data) == 0:
        return NO_VALUE
    value, at = _read(data, 0, 0)
    if at != len(data):
        raise BodyFault("bytes follow the value")
    return value


def _take(data, at, size):
    if at + size > len(data):
        raise BodyFault("it ends in the middle of a value")
    return data[at : at + size], at + size


def _number(data, at, form):
    raw, at = _take(data, at, struct.calcsize(form))
    return struct.unpack(form, raw)[0], at


_NUMBERS = {
    0xCA: ">f", 0xCB: ">d", 0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q",
    0xD0: ">b", 0xD1: ">h", 0xD2: ">i", 0xD3: ">q",
}
_LENGTHS = {1: ">B", 2: ">H", 4: ">I"}
_TEXT = {0xD9: 1, 0xDA: 2, 0xDB: 4}
_BINARY = {0xC4: 1, 0xC5: 2, 0xC6: 4}
_ARRAY = {0xDC: 2, 0xDD: 4}
_MAP = {0xDE: 2, 0xDF: 4}


def _read(data, at, depth):
    (token,), at = _take(data, at, 1)
    if token < 0x80:
        return token, at
    if token >= 0xE0:
        return token - 256, at
    if token == 0xC0:
        return None, at
    if token in (0xC2, 0xC3):
        return token == 0xC3, at
    if token in _NUMBERS:
        return _number(data, at, _NUMBERS[token])
    if token in _BINARY:
        size, at = _number(data, at, _LENGTHS[_BINARY[token]])
        raw, at = _take(data, at, size)
        return bytes(raw), at
    if 0xA0 <= token < 0xC0 or token in _TEXT:
        size = token - 0xA0
        if token in _TEXT:
            size, at = _number(data, at, _LENGTHS[_TEXT[token]])
        raw, at = _take(data, at, size)
        try:
            return bytes(raw).decode("utf-8"), at
        except UnicodeDecodeError as fault:
            raise BodyFault("text is not UTF-8") from fault
    if 0x90 <= token < 0xA0 or token in _ARRAY:
        count = token & 0x0F
        if token in _ARRAY:
            count, at = _number(data, at, _LENGTHS[_ARRAY[token]])
        return _read_items(data, at, depth, count)
    if 0x80 <= token < 0x90 or token in _MAP:
        count = token & 0x0F
        if token in _MAP:
            count, at = _number(data, at, _LENGTHS[_MAP[token]])
        return _read_pairs(data, at, depth, count)
    raise BodyFault(f"token 0x{token:02x} is not allowed")


def _bound(data, at, depth, count):
    if count > len(data) - at:
        raise BodyFault("it ends in the middle of a value")
    if depth == DEPTH_MAX:
        raise BodyFault("too deep")


def _read_items(data, at, depth, count):
    _bound(data, at, depth, count)
    items = []
    for _ in range(count):
        item, at = _read(data, at, depth + 1)
        items.append(item)
    return items, at


def _read_pairs(data, at, depth, count):
    _bound(data, at, depth, count)
    pairs = {}
    for _ in range(count):
        key, at = _read(data, at, depth + 1)
        if not isinstance(key, str):
            raise BodyFault("a key is not text")
        pairs[key], at = _read(data, at, depth + 1)
    return pairs, at


def pack(value):
    """The shortest form of everything; an integer is never written as a float."""
    if value is NO_VALUE:
        return b""
    out = bytearray()
    _write(out, value)
    return bytes(out)


def _write(out, value):
    if value is None:
        out.append(0xC0)
    elif isinstance(value, bool):
        out.append(0xC3 if value else 0xC2)
    elif isinstance(value, int):
        _write_integer(out, value)
    elif isinstance(value, float):
        out += b"\xcb" + struct.pack(">d", value)
    elif isinstance(value, str):
        raw = value.encode("utf-8")
        _write_head(out, len(raw), (0xA0, 31), ((0xD9, 0xFF, ">B"), (0xDA, 0xFFFF, ">H"), (0xDB, 0xFFFFFFFF, ">I")))
        out += raw
    elif isinstance(value, (bytes, bytearray)):
        _write_head(out, len(value), None, ((0xC4, 0xFF, ">B"), (0xC5, 0xFFFF, ">H"), (0xC6, 0xFFFFFFFF, ">I")))
        out += value
    elif isinstance(value, (list, tuple)):
        _write_head(out, len(value), (0x90, 15), ((0xDC, 0xFFFF, ">H"), (0xDD, 0xFFFFFFFF, ">I")))
        for item in value:
            _write(out, item)
    elif isinstance(value, dict):
        _write_head(out, len(value), (0x80, 15), ((0xDE, 0xFFFF, ">H"), (0xDF, 0xFFFFFFFF, ">I")))
        for key, item in value.items():
            if not isinstance(key, str):
                raise BodyFault("a key is not text")
            _write(out, key)
            _write(out, item)
    else:
        raise BodyFault(f"{type(value).__name__} is no plain value")


def _write_head(out, size, short, forms):
    if short is not None and size <= short[1]:
        out.append(short[0] + size)
        return
    for token, size_max, form in forms:
        if size <= size_max:
            out.append(token)
            out += struct.pack(form, size)
            return
    raise BodyFault("too large")


def _write_integer(out, value):
    if 0 <= value < 128:
        out.append(value)
    elif -32 <= value < 0:
        out.append(256 + value)
    elif 0 <= value <= 0xFF:
        out += struct.pack(">BB", 0xCC, value)
    elif 0 <= value <= 0xFFFF:
        out += struct.pack(">BH", 0xCD, value)
    elif 0 <= value <= 0xFFFFFFFF:
        out += struct.pack(">BI", 0xCE, value)
    elif -0x80 <= value < 0:
        out += struct.pack(">Bb", 0xD0, value)
    elif -0x8000 <= value < 0:
        out += struct.pack(">Bh", 0xD1, value)
    elif -0x80000000 <= value < 0:
        out += struct.pack(">Bi", 0xD2, value)
    elif 0 <= value < 2**64:
        out += struct.pack(">BQ", 0xCF, value)
    elif -(2**63) <= value < 0:
        out += struct.pack(">Bq", 0xD3, value)
    else:
        raise BodyFault("more than 64 bits")
