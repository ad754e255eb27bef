"""Packets of the players' protocol: an array whose first item is the type. Knows bytes, not connections.

The shapes were read off the vectors. The bounds and codes that no vector shows (lengths, 32 bits, the two lists) are
those of src/session/client_packets.ts; no code is shared with it. Standard library only.
"""

from msgpack import Malformed, pack, unpack

PROTOCOL = 1
METHOD_MIN = 1024
IGNORED_MIN, IGNORED_MAX = 64, 127
U16_MAX, U32_MAX, WHOLE_MAX = 0xFFFF, 0xFFFFFFFF, 2**53 - 1
SIZE_SIZE = 4
NAME_MAX, RESUME_TOKEN_MAX, DETAIL_MAX = 128, 256, 1024
UP_SIZE_MAX, UP_SIZE_MAX_LOGIN, DOWN_SIZE_MAX = 64 * 1024, 4 * 1024, 1024 * 1024
CLOSE_CODES = (
    "bad_packet", "unsupported_protocol", "bad_token", "token_expired", "session_gone", "full", "maintenance", "replaced",
    "kicked", "too_fast", "too_large", "out_of_order", "slow_reader", "idle", "login_timeout", "shutting_down",
    "too_many_connections", "internal",
)
ERROR_CODES = (
    "NO_ROUTE", "LINK_LOST", "DEADLINE", "OVERLOADED", "DRAINING", "UNKNOWN_METHOD", "INVALID", "FAILED",
)


class PacketFault(ValueError):
    def __init__(self, code, detail):
        super().__init__(f"{code}: {detail}")
        self.code = code


def bad(detail):
    raise PacketFault("bad_packet", detail)


def whole(minimum, maximum=U32_MAX):
    def check(value):
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not is_number or value != value or not minimum <= value <= maximum or value != int(value):
            bad(f"{value!r} is no whole number from {minimum} to {maximum}")
        return int(value)
    return check


def text(minimum, maximum):
    """Lengths are counted in units of UTF-16, as JavaScript counts."""
    def check(value):
        if not isinstance(value, str) or not minimum <= len(value.encode("utf-16-le")) // 2 <= maximum:
            bad(f"{value!r} is no text of {minimum} to {maximum} units")
        return value
    return check


name = text(1, NAME_MAX)
resume_token = text(1, RESUME_TOKEN_MAX)
detail = text(0, DETAIL_MAX)


def code(known, other):
    """One of a later release reads as `other`."""
    return lambda value: name(value) if value in known else name(value) and other


def flag(value):
    return value if isinstance(value, bool) else bad(f"{value!r} is neither true nor false")


close_code = code(CLOSE_CODES, "internal")
error_code = code(ERROR_CODES, "FAILED")


def anything(value):
    return value


def or_none(check):
    return lambda value: None if value is None else check(value)


def resume(value):
    if not isinstance(value, list) or len(value) != 3:
        bad("a resume has three fields")
    session, token, acked = value
    return {"session": name(session), "resumeToken": resume_token(token), "ackedPush": whole(0)(acked)}


WELCOME = {
    "session": name, "player": name, "resumeToken": resume_token, "resumed": flag, "serverMs": whole(0, WHOLE_MAX),
    "heartbeatMs": whole(1), "windowMs": whole(0), "answered": whole(0),
}


def welcome(value):
    if not isinstance(value, dict):
        bad("a welcome is a map")
    return {key: check(value.get(key)) for key, check in WELCOME.items()}


UP = {
    1: ("hello", (("token", text(1, UP_SIZE_MAX_LOGIN)), ("resume", or_none(resume)))),
    2: ("request", (("seq", whole(1, U32_MAX)), ("method", whole(METHOD_MIN, U16_MAX)), ("body", anything))),
    3: ("ack", (("pushSeq", whole(0)),)),
    4: ("ping", (("n", whole(0)),)),
    5: ("bye", ()),
}
DOWN = {
    16: ("welcome", (("welcome", welcome),)),
    17: ("queued", (("place", whole(0)), ("estimateMs", whole(0)))),
    18: ("refuse", (("code", close_code), ("detail", detail), ("retryMs", or_none(whole(0))))),
    19: ("reply", (("seq", whole(1, U32_MAX)), ("body", anything))),
    20: ("error", (("seq", whole(1, U32_MAX)), ("code", error_code), ("detail", detail), ("executed", or_none(flag)))),
    21: ("push", (("pushSeq", whole(1)), ("type", name), ("body", anything))),
    22: ("pong", (("n", whole(0)), ("serverMs", whole(0, WHOLE_MAX)))),
    23: ("kicked", (("code", close_code), ("detail", detail))),
    24: ("renew", (("resumeToken", resume_token),)),
}


def decode(data, way):
    """A packet as a map with its kind; PacketFault when it is none."""
    try:
        fields = unpack(data)
    except Malformed as error:
        raise PacketFault("bad_packet", str(error)) from error
    if not isinstance(fields, list) or not fields:
        bad("a packet is an array with a type")
    kind = whole(0, IGNORED_MAX)(fields[0])
    if kind >= IGNORED_MIN:
        return {"kind": "ignored", "type": kind}
    shapes = UP if way == "up" else DOWN
    if kind not in shapes:
        bad(f"type is {kind}")
    rest = fields[1:]
    if way == "up" and kind == 1:
        if not rest:
            bad("a hello has a protocol")
        if whole(-WHOLE_MAX, WHOLE_MAX)(rest[0]) != PROTOCOL:
            raise PacketFault("unsupported_protocol", f"protocol is {rest[:1]}, allowed is {PROTOCOL}")
        rest = rest[1:]
    packet, shape = shapes[kind]
    if len(rest) != len(shape):
        bad(f"{packet} has {len(rest)} fields, allowed is {len(shape)}")
    return {"kind": packet, **{key: check(value) for (key, check), value in zip(shape, rest)}}


def hello(token, resumed=None):
    return pack([1, PROTOCOL, token, resumed])


def request(seq, method, body):
    return pack([2, seq, method, body])


def ack(push_seq):
    return pack([3, push_seq])


def ping(n):
    return pack([4, n])


def bye():
    return pack([5])


def framed(packet):
    """How TCP has it: the size as 32 bits, the highest first, then the packet."""
    return len(packet).to_bytes(SIZE_SIZE, "big") + packet


class Splitter:
    """A stream in, whole packets out. Keeps at most one packet that is not all there."""

    def __init__(self, size_max):
        self._size_max = size_max
        self._rest = bytearray()

    def feed(self, data):
        self._rest += data
        while len(self._rest) >= SIZE_SIZE:
            size = int.from_bytes(self._rest[:SIZE_SIZE], "big")
            if size == 0:
                bad("a packet of no bytes")
            if size > self._size_max:
                raise PacketFault("too_large", f"size is {size}, limit is {self._size_max}")
            if len(self._rest) < SIZE_SIZE + size:
                return
            packet = bytes(self._rest[SIZE_SIZE : SIZE_SIZE + size])
            del self._rest[: SIZE_SIZE + size]
            yield packet
