"""Frames, handshake bodies, heartbeats, sync and error bodies of docs/protocol.md, sections 1 to 12.

Written against that page and the vectors; shares no code with src/. Standard library only.
"""

import hashlib
import hmac
import struct
from collections import namedtuple

MAGIC = 0x4B46
PROTOCOL = 1
HEADER_SIZE = 40
SIZE_MIN = 36
SIZE_MAX_HANDSHAKE = 4096
SIZE_MAX = 1_048_576
HOPS_ROUTED = 8
HOPS_LINK = 1
FLAG_RAW = 0x01
FLAGS_CRITICAL = 0xF0
NUMBER_MAX = 0xFFFFFFF0
NUMBER_EVERY = 0xFFFFFFFF
MS_MAX = 2**53 - 1

KINDS = {
    1: "hello", 2: "challenge", 3: "proof", 4: "welcome", 5: "refuse", 6: "ping", 7: "pong", 8: "goodbye",
    16: "sync", 32: "cast", 33: "call", 34: "reply", 35: "error",
}
KIND_NUMBERS = {name: number for number, name in KINDS.items()}
ROLES = {
    1: "gateway", 2: "user", 3: "center", 4: "map", 5: "cross_gateway", 6: "cross_center", 7: "cross_map",
    8: "statistic", 9: "admin",
}
ROLE_NUMBERS = {name: number for number, name in ROLES.items()}
REFUSE_REASONS = {
    1: "bad_hello", 2: "bad_protocol", 3: "bad_cluster", 4: "bad_proof", 5: "wrong_target", 6: "role_not_allowed",
    7: "shard_mismatch", 8: "duplicate_identity", 9: "draining", 10: "too_many_links",
    11: "bad_certificate",
}
GOODBYE_REASONS = {1: "stopping", 2: "replaced", 3: "closing"}
ERROR_CODES = {
    1: "NO_ROUTE", 2: "LINK_LOST", 3: "DEADLINE", 4: "OVERLOADED", 5: "DRAINING", 6: "UNKNOWN_METHOD", 7: "INVALID",
    8: "FAILED",
}
SYNC_METHODS = {1: "list", 2: "snapshot", 3: "want", 4: "report", 5: "relist", 6: "route", 7: "withdraw"}

HEADER = struct.Struct(">IHBBHHIIIIIIHBB")
Header = namedtuple(
    "Header",
    "size magic protocol kind sourceRole targetRole sourceNumber targetNumber targetShard callerTag callId deadlineMs "
    "method hops flags",
)
Frame = namedtuple("Frame", "header body raw")


class Unreadable(ValueError):
    """A body that is not what its layout says."""


class StreamFault(Exception):
    def __init__(self, code):
        super().__init__(code)
        self.code = code


def number_of(names, name):
    return next(number for number, known in names.items() if known == name)


# ---- frames ----------------------------------------------------------------------------------------------------


def encode_frame(kind, source, target, body=b"", **fields):
    """`source` and `target` are (role number, number)."""
    routed = kind in ("cast", "call", "reply", "error")
    header = Header(
        size=SIZE_MIN + len(body),
        magic=MAGIC,
        protocol=fields.get("protocol", PROTOCOL),
        kind=KIND_NUMBERS[kind],
        sourceRole=source[0],
        targetRole=target[0],
        sourceNumber=source[1],
        targetNumber=target[1],
        targetShard=fields.get("targetShard", 0),
        callerTag=fields.get("callerTag", 0),
        callId=fields.get("callId", 0),
        deadlineMs=fields.get("deadlineMs", 0),
        method=fields.get("method", 0),
        hops=fields.get("hops", HOPS_ROUTED if routed else HOPS_LINK),
        flags=fields.get("flags", 0),
    )
    return HEADER.pack(*header) + body


class Decoder:
    """A byte stream in, frames out; section 2. `next` raises StreamFault, after the good frames before it."""

    def __init__(self):
        self.ready = False
        self._held = bytearray()
        self._failed = False

    def feed(self, chunk):
        if not self._failed:
            self._held += chunk

    def next(self):
        """The next whole frame, or None. Judged by the state of now, so `ready` may change between two frames."""
        if len(self._held) < 6:
            return None
        size, magic = struct.unpack_from(">IH", self._held)
        if magic != MAGIC:
            self._fail("bad_magic")
        if size < SIZE_MIN or size > (SIZE_MAX if self.ready else SIZE_MAX_HANDSHAKE):
            self._fail("bad_size")
        if len(self._held) < HEADER_SIZE:
            return None
        header = Header(*HEADER.unpack_from(self._held))
        if self.ready and header.protocol != PROTOCOL:
            self._fail("bad_protocol")
        if header.kind not in KINDS:
            self._fail("bad_kind")
        if header.flags & FLAGS_CRITICAL:
            self._fail("bad_flags")
        if len(self._held) < size + 4:
            return None
        raw = bytes(self._held[: size + 4])
        del self._held[: size + 4]
        return Frame(header, raw[HEADER_SIZE:], raw)

    def _fail(self, code):
        self._failed = True
        self._held.clear()
        raise StreamFault(code)


# ---- reading and writing bodies --------------------------------------------------------------------------------


class Reader:
    def __init__(self, data):
        self._data = data
        self._at = 0

    def take(self, size):
        if self._at + size > len(self._data):
            raise Unreadable("too short")
        raw = self._data[self._at : self._at + size]
        self._at += size
        return raw

    def integer(self, size):
        return int.from_bytes(self.take(size), "big")

    def u8(self):
        return self.integer(1)

    def u16(self):
        return self.integer(2)

    def u32(self):
        return self.integer(4)

    def u64(self):
        return self.integer(8)

    def ms(self):
        value = self.u64()
        if value > MS_MAX:
            raise Unreadable("a time beyond 2^53-1")
        return value

    def text(self, size):
        try:
            return self.take(size).decode("utf-8")
        except UnicodeDecodeError as fault:
            raise Unreadable("not UTF-8") from fault

    def text8(self):
        return self.text(self.u8())

    def text16(self):
        return self.text(self.u16())

    def end(self):
        if self._at != len(self._data):
            raise Unreadable("too long")


def text8(value):
    raw = value.encode("utf-8")
    return struct.pack(">B", len(raw)) + raw


def text16(value):
    raw = value.encode("utf-8")
    return struct.pack(">H", len(raw)) + raw


# ---- handshake, section 6 --------------------------------------------------------------------------------------

_ABOUT = struct.Struct(">II32s16sQHII")


def _encode_about(of):
    return _ABOUT.pack(
        of["capabilities"], of["heartbeatMs"], bytes.fromhex(of["nonce"]), bytes.fromhex(of["boot"]),
        of["startedAtMs"], of["roleNumber"], of["number"], of["shard"],
    )


def _decode_about(reader):
    return {
        "capabilities": reader.u32(),
        "heartbeatMs": reader.u32(),
        "nonce": reader.take(32).hex(),
        "boot": reader.take(16).hex(),
        "startedAtMs": reader.ms(),
        "roleNumber": reader.u16(),
        "number": reader.u32(),
        "shard": reader.u32(),
    }


def encode_hello(of):
    return (
        struct.pack(">BB", of["protocolMin"], of["protocolMax"])
        + _encode_about(of)
        + struct.pack(">HI", of["targetRoleNumber"], of["targetNumber"])
        + text8(of["cluster"])
    )


def decode_hello(body):
    reader = Reader(body)
    out = {"protocolMin": reader.u8(), "protocolMax": reader.u8()}
    out.update(_decode_about(reader))
    out.update(targetRoleNumber=reader.u16(), targetNumber=reader.u32(), cluster=reader.text8())
    return out


def encode_challenge(of):
    return struct.pack(">B", of["protocol"]) + _encode_about(of)


def decode_challenge(body):
    reader = Reader(body)
    out = {"protocol": reader.u8()}
    out.update(_decode_about(reader))
    return out


def encode_refuse(of):
    number = number_of(REFUSE_REASONS, of["reason"])
    return struct.pack(">B", number) + text16(of["detail"]) + struct.pack(">Q", of["otherStartedAtMs"])


def decode_refuse(body):
    reader = Reader(body)
    reason = REFUSE_REASONS.get(reader.u8(), "unknown")
    return {"reason": reason, "detail": reader.text16(), "otherStartedAtMs": reader.ms()}


def encode_goodbye(of):
    return struct.pack(">B", number_of(GOODBYE_REASONS, of["reason"])) + text16(of["detail"])


def decode_goodbye(body):
    reader = Reader(body)
    reason = GOODBYE_REASONS.get(reader.u8(), "unknown")
    return {"reason": reason, "detail": reader.text16()}


def mac(label, key, hello_frame, challenge_frame):
    return hmac.new(key, label.encode("ascii") + hello_frame + challenge_frame, hashlib.sha256).digest()


def dial_mac(key, hello_frame, challenge_frame):
    return mac("kuafu dial", key, hello_frame, challenge_frame)


def accept_mac(key, hello_frame, challenge_frame):
    return mac("kuafu accept", key, hello_frame, challenge_frame)


# ---- heartbeat, section 7 --------------------------------------------------------------------------------------

_BEAT = struct.Struct(">IIQQQQ")


def encode_heartbeat(of):
    return _BEAT.pack(of["sequence"], 0, of["clusterMs"], of["echoMs"], of["saidDigest"], of["appliedDigest"])


def decode_heartbeat(body):
    reader = Reader(body)
    sequence = reader.u32()
    reader.u32()
    return {
        "sequence": sequence,
        "clusterMs": reader.ms(),
        "echoMs": reader.ms(),
        "saidDigest": reader.u64(),
        "appliedDigest": reader.u64(),
    }


# ---- sync, section 9 -------------------------------------------------------------------------------------------

ENTRIES_MAX = 4096
REPORTS_MAX = 1024
SNAPSHOT_MAX = 262_144
ROUTE_MAX = 1_024_000
NAME_MAX = 128


def _bounded(value, value_max):
    if value > value_max:
        raise Unreadable("beyond its limit")
    return value


def _name(reader):
    size = reader.u8()
    if size < 1 or size > NAME_MAX:
        raise Unreadable("name")
    return reader.text(size)


def _version(reader):
    return {"epoch": reader.u32(), "revision": reader.u32(), "hash": reader.take(8).hex()}


def encode_version(version):
    return struct.pack(">II", version["epoch"], version["revision"]) + bytes.fromhex(version["hash"])


def decode_sync(method, body):
    reader = Reader(body)
    kind = SYNC_METHODS.get(method)
    out = {"kind": kind}
    if kind == "list":
        reader.u8()
        count = _bounded(reader.u16(), ENTRIES_MAX)
        out["entries"] = [{"topic": _name(reader), "version": _version(reader)} for _ in range(count)]
    elif kind == "snapshot":
        snapshot = {"topic": _name(reader), "version": _version(reader)}
        snapshot["tombstone"] = bool(reader.u8() & 1)
        snapshot["bytes"] = reader.take(_bounded(reader.u32(), SNAPSHOT_MAX)).hex()
        out["snapshot"] = snapshot
    elif kind == "want":
        out["topics"] = [_name(reader) for _ in range(_bounded(reader.u16(), ENTRIES_MAX))]
    elif kind == "report":
        out["reports"] = [_report(reader) for _ in range(_bounded(reader.u16(), REPORTS_MAX))]
    elif kind == "route":
        out.update(topic=_name(reader), hops=reader.u8())
        out["bytes"] = reader.take(_bounded(reader.u32(), ROUTE_MAX)).hex()
    elif kind == "withdraw":
        out["topic"] = _name(reader)
    elif kind is None:
        raise Unreadable("method")
    reader.end()
    return out


def _report(reader):
    report = {"topic": _name(reader), "reporterRole": reader.u16(), "reporterNumber": reader.u32()}
    claims = reader.u8()
    if claims not in (1, 2):
        raise Unreadable("claims")
    report["claims"] = [_version(reader) for _ in range(claims)]
    return report


def encode_sync(message):
    """(method, body)."""
    kind = message["kind"]
    method = number_of(SYNC_METHODS, kind)
    if kind == "list":
        body = struct.pack(">BH", 0, len(message["entries"]))
        body += b"".join(text8(entry["topic"]) + encode_version(entry["version"]) for entry in message["entries"])
    elif kind == "snapshot":
        snapshot = message["snapshot"]
        content = bytes.fromhex(snapshot["bytes"])
        body = text8(snapshot["topic"]) + encode_version(snapshot["version"])
        body += struct.pack(">BI", 1 if snapshot["tombstone"] else 0, len(content)) + content
    elif kind == "want":
        body = struct.pack(">H", len(message["topics"])) + b"".join(text8(topic) for topic in message["topics"])
    elif kind == "report":
        body = struct.pack(">H", len(message["reports"]))
        for report in message["reports"]:
            body += text8(report["topic"])
            body += struct.pack(">HIB", report["reporterRole"], report["reporterNumber"], len(report["claims"]))
            body += b"".join(encode_version(claim) for claim in report["claims"])
    elif kind == "relist":
        body = b""
    elif kind == "route":
        content = bytes.fromhex(message["bytes"])
        body = text8(message["topic"]) + struct.pack(">BI", message["hops"], len(content)) + content
    else:
        body = text8(message["topic"])
    return method, body


def content_hash(content):
    return hashlib.sha256(content).digest()[:8].hex()


def entry_hash(topic, version):
    return int.from_bytes(hashlib.sha256(text8(topic) + encode_version(version)).digest()[:8], "big")


def digest(versions):
    """`versions`: name -> version."""
    return sum(entry_hash(topic, version) for topic, version in versions.items()) % 2**64


# ---- route topics, section 10 ----------------------------------------------------------------------------------

ATTACHED_MAX = 8192


def decode_attached(body):
    reader = Reader(body)
    count = reader.u16()
    if count < 1 or count > ATTACHED_MAX:
        raise Unreadable("count")
    nodes = []
    for index in range(count):
        node = {"role": reader.u16(), "number": reader.u32(), "shard": reader.u32()}
        node.update(boot=reader.take(16).hex(), startedAtMs=reader.ms())
        if node["role"] in ROLES:
            nodes.append(node)
        elif index == 0:
            raise Unreadable("the gateway itself is of an unknown role")
    reader.end()
    return nodes


def encode_attached(nodes):
    body = struct.pack(">H", len(nodes))
    for node in nodes:
        body += struct.pack(">HII", node["role"], node["number"], node["shard"])
        body += bytes.fromhex(node["boot"]) + struct.pack(">Q", node["startedAtMs"])
    return body


def decode_applied(body):
    reader = Reader(body)
    out = {"digest": f"{reader.u64():016x}", "exceptions": []}
    for _ in range(_bounded(reader.u16(), ATTACHED_MAX)):
        node = {"role": reader.u16(), "number": reader.u32(), "digest": f"{reader.u64():016x}", "sinceMs": reader.ms()}
        out["exceptions"].append(node)
    reader.end()
    return out


def encode_applied(applied):
    body = struct.pack(">QH", int(applied["digest"], 16), len(applied["exceptions"]))
    for node in applied["exceptions"]:
        body += struct.pack(">HIQQ", node["role"], node["number"], int(node["digest"], 16), node["sinceMs"])
    return body


# ---- errors, section 12 ----------------------------------------------------------------------------------------


def decode_error(body):
    reader = Reader(body)
    code = ERROR_CODES.get(reader.u8(), "FAILED")
    return {"code": code, "atRole": reader.u16(), "atNumber": reader.u32(), "detail": reader.text16()}


def encode_error(of):
    head = struct.pack(">BHI", number_of(ERROR_CODES, of["code"]), of["atRole"], of["atNumber"])
    return head + text16(of["detail"])
