"""Joins a cluster as a leaf, over one link: docs/protocol.md, sections 6 to 12 and 18.

Prints one JSON object per line of what it sees. Ends with 0 as soon as it has what was asked of it (all calls ended,
--topics-min topics held and in agreement with the gateway, --calls-min calls served), with 1 when --for-ms have passed
before, and with 2 when the link was refused or lost and --redial was not given.

Written against that page and the vectors; shares no code with src/. Standard library only.
"""

import hmac
import json
import os
import random
import select
import socket
import sys
import time

import message_pack
import wire
from replica import Replica

HANDSHAKE_MS_MAX = 3000
BACKOFF_MS = (50, 1000)
METHOD_DESCRIBE, METHOD_HEALTH, METHOD_APPLIED = 1, 2, 8
METHOD_BIND, METHOD_UNBIND, METHOD_RECONCILE = 42, 43, 44
METHOD_ECHO = 2000


class Closed(Exception):
    """The link has ended; the close reason of section 8."""


def add_arguments(parser):
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("--cluster", required=True)
    parser.add_argument("--key-file", required=True, help="the cluster key as hex digits")
    parser.add_argument("--second-key-file")
    parser.add_argument("--role", required=True, choices=sorted(wire.ROLE_NUMBERS))
    parser.add_argument("--id", required=True, type=int)
    parser.add_argument("--shard", default=0, type=int)
    parser.add_argument("--target", help="role:number of the node that is dialled; default gateway:SHARD")
    parser.add_argument("--heartbeat-ms", default=1000, type=int)
    parser.add_argument("--call", action="append", default=[], metavar="ROLE:NUMBER/METHOD[=JSON]")
    parser.add_argument("--call-timeout-ms", default=2000, type=int)
    parser.add_argument("--topics-min", default=0, type=int)
    parser.add_argument("--calls-min", default=0, type=int, help="calls of others to serve before it ends")
    parser.add_argument("--phase", metavar="ID=PHASE", help="wait until that activity is in that phase")
    parser.add_argument("--for-ms", default=10_000, type=int)
    parser.add_argument("--redial", action="store_true")


def now_ms():
    return time.monotonic() * 1000


def wall_ms():
    return int(time.time() * 1000)


def say(event, **data):
    print(json.dumps({"event": event, **data}, default=plain), flush=True)


def plain(value):
    if isinstance(value, (bytes, bytearray)):
        return {"$bytes": bytes(value).hex()}
    return None if value is message_pack.NO_VALUE else str(value)


def parse_id(text):
    role, _, number = text.partition(":")
    return (wire.ROLE_NUMBERS[role], int(number))


def show_id(node):
    return f"{wire.ROLES.get(node[0], f'role_{node[0]}')}:{node[1]}"


def read_key(path):
    with open(path, encoding="ascii") as file:
        return bytes.fromhex(file.read().strip())


def run(options):
    own = Own(options)
    ends_at = now_ms() + options.for_ms
    attempt = 0
    while True:
        try:
            Link(own, ends_at).run()
            return 0
        except Closed as closed:
            say("closed", reason=str(closed))
            if str(closed) == "time_over":
                return 1
            if not options.redial:
                return 2
        except OSError as fault:
            say("closed", reason="dial_failed", detail=str(fault))
            if not options.redial:
                return 2
        attempt += 1
        low, high = BACKOFF_MS
        time.sleep(random.random() * min(high, low * 2 ** min(attempt, 8)) / 1000)
        if now_ms() >= ends_at:
            return 1


class Own:
    """What lives longer than one link."""

    def __init__(self, options):
        self.options = options
        self.id = (wire.ROLE_NUMBERS[options.role], options.id)
        self.shard = options.shard
        self.boot = os.urandom(16)
        self.started_at_ms = wall_ms()
        files = [options.key_file] + ([options.second_key_file] if options.second_key_file else [])
        self.keys = [read_key(path) for path in files]
        self.target = parse_id(options.target or f"gateway:{options.shard}")
        self.caller_tag = int.from_bytes(self.boot[:4], "big")
        self.replica = Replica(self.id)
        self.calls_to_make = [parse_call(text) for text in options.call]
        self.next_call_id = 1
        self.served = 0
        self.logins = {}

    def introduction(self):
        return {
            "capabilities": 0,
            "heartbeatMs": self.options.heartbeat_ms,
            "nonce": os.urandom(32).hex(),
            "boot": self.boot.hex(),
            "startedAtMs": self.started_at_ms,
            "roleNumber": self.id[0],
            "number": self.id[1],
            "shard": self.shard,
        }


def parse_call(text):
    """role:number/method, and a MessagePack request after "=" as JSON, or raw bytes after "#" as hex."""
    head, separator, body = text.partition("=")
    raw_head, raw_separator, raw_body = head.partition("#")
    node, _, method = raw_head.partition("/")
    if raw_separator:
        return (parse_id(node), int(method), bytes.fromhex(raw_body), True)
    return (parse_id(node), int(method), message_pack.pack(json.loads(body) if separator else {}), False)


class Link:
    def __init__(self, own, ends_at):
        self.own = own
        self.replica = own.replica
        self.ends_at = ends_at
        self.decoder = wire.Decoder()
        self.received = 0
        self.pending = {}
        self.sequence = 0
        self.pings = {}
        self.pongs = 0
        self.agreed = False
        self.cluster_offset_ms = 0
        self.socket = socket.create_connection((own.options.host, own.options.port), timeout=HANDSHAKE_MS_MAX / 1000)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def run(self):
        try:
            self.handshake(now_ms() + HANDSHAKE_MS_MAX)
            self.replica.link_down()
            self.live()
            self.leave()
        except wire.StreamFault as fault:
            raise Closed(fault.code) from fault
        finally:
            self.socket.close()

    # ---- the stream

    def send(self, frame):
        self.socket.settimeout(10)
        try:
            self.socket.sendall(frame)
        except OSError as fault:
            raise Closed("peer_closed") from fault

    def send_own(self, kind, body, **fields):
        self.send(wire.encode_frame(kind, self.own.id, self.own.target, body, **fields))

    def poll(self, until_ms):
        """Reads what comes until then, once."""
        ready, _, _ = select.select([self.socket], [], [], max(0, until_ms - now_ms()) / 1000)
        if not ready:
            return
        try:
            chunk = self.socket.recv(65536)
        except OSError as fault:
            raise Closed("peer_closed") from fault
        if chunk == b"":
            raise Closed("peer_closed")
        self.received += len(chunk)
        self.decoder.feed(chunk)

    # ---- section 6

    def next_frame(self, deadline_ms):
        while (frame := self.decoder.next()) is None:
            if now_ms() >= deadline_ms:
                raise Closed("handshake_timeout")
            self.poll(deadline_ms)
        return frame

    def expect(self, kind, deadline_ms):
        frame = self.next_frame(deadline_ms)
        found = wire.KINDS[frame.header.kind]
        if found == "refuse":
            say("refused", **wire.decode_refuse(frame.body))
            raise Closed("refused")
        if found != kind:
            raise Closed("unexpected_frame")
        return frame

    def handshake(self, deadline_ms):
        own = self.own
        about = own.introduction()
        hello = dict(about, protocolMin=1, protocolMax=1, cluster=own.options.cluster)
        hello.update(targetRoleNumber=own.target[0], targetNumber=own.target[1])
        hello_frame = wire.encode_frame("hello", own.id, own.target, wire.encode_hello(hello))
        self.send(hello_frame)
        frame = self.expect("challenge", deadline_ms)
        try:
            challenge = wire.decode_challenge(frame.body)
        except wire.Unreadable as fault:
            raise Closed("bad_challenge") from fault
        if challenge["protocol"] != 1 or frame.header.protocol != 1:
            raise Closed("bad_protocol")
        answered = (challenge["roleNumber"], challenge["number"])
        if (frame.header.sourceRole, frame.header.sourceNumber) != answered or not 10 <= challenge["heartbeatMs"] <= 60_000:
            raise Closed("bad_challenge")
        if answered != own.target:
            raise Closed("wrong_identity")
        if wire.ROLES[answered[0]] == "gateway" and challenge["shard"] != own.shard:
            raise Closed("wrong_identity")
        self.send_own("proof", wire.dial_mac(own.keys[0], hello_frame, frame.raw))
        welcome = self.expect("welcome", deadline_ms)
        found = welcome.body[:32]
        if not any(hmac.compare_digest(found, wire.accept_mac(key, hello_frame, frame.raw)) for key in own.keys):
            raise Closed("bad_welcome")
        self.decoder.ready = True
        self.interval_ms = max(own.options.heartbeat_ms, challenge["heartbeatMs"])
        self.peer_boot = challenge["boot"]
        say("welcome", peer=show_id(answered), boot=challenge["boot"], shard=challenge["shard"], heartbeatMs=self.interval_ms)

    # ---- sections 7 and 8

    def live(self):
        self.ping()
        self.receive_all()
        tick_at = now_ms() + self.interval_ms
        seen, silent = self.received, 0
        while not self.has_enough():
            if now_ms() >= self.ends_at:
                raise Closed("time_over")
            self.poll(min(tick_at, self.ends_at, *(call["ends_at"] for call in self.pending.values())))
            self.receive_all()
            self.end_late_calls()
            if self.replica.list_heard and self.own.calls_to_make:
                self.call(*self.own.calls_to_make.pop(0))
            if now_ms() >= tick_at:
                tick_at += self.interval_ms
                silent = silent + 1 if self.received == seen else 0
                seen = self.received
                if silent == 2:
                    raise Closed("silent")
                for message in self.replica.tick():
                    self.send_sync(message)
                self.ping()

    def has_enough(self):
        options = self.own.options
        if self.own.calls_to_make or self.pending or self.pongs == 0 or not self.agreed:
            return False
        if options.phase and not self.in_phase(*options.phase.split("=", 1)):
            return False
        return len(self.replica.copies) >= options.topics_min and self.own.served >= options.calls_min

    def in_phase(self, activity, phase):
        for topic, copy in self.replica.copies.items():
            if topic.endswith(f"/{activity}") and not copy["tombstone"]:
                return message_pack.unpack(bytes.fromhex(copy["bytes"])).get("phase") == phase
        return False

    def beat(self, sequence, echo_ms):
        return wire.encode_heartbeat({
            "sequence": sequence,
            "clusterMs": wall_ms() + self.cluster_offset_ms,
            "echoMs": echo_ms,
            "saidDigest": 0,
            "appliedDigest": self.replica.applied_digest(),
        })

    def ping(self):
        self.sequence = (self.sequence + 1) % 2**32
        self.pings[self.sequence] = now_ms()
        self.pings.pop(self.sequence - 8, None)
        self.send_own("ping", self.beat(self.sequence, 0))

    def leave(self):
        say("leaving", topics=sorted(self.replica.copies), appliedDigest=f"{self.replica.applied_digest():016x}")
        deadline_ms = now_ms() + 2000
        try:
            self.send_own("goodbye", wire.encode_goodbye({"reason": "stopping", "detail": "done"}))
            self.socket.shutdown(socket.SHUT_WR)
            while now_ms() < deadline_ms:
                self.poll(deadline_ms)
        except (Closed, OSError):
            pass  # The other end has closed, which is what was waited for.
        say("closed", reason="stopping")

    # ---- what comes in

    def receive_all(self):
        while (frame := self.decoder.next()) is not None:
            self.receive(frame)

    def receive(self, frame):
        kind = wire.KINDS[frame.header.kind]
        if kind in ("ping", "pong"):
            self.heartbeat(kind, frame.body)
        elif kind == "sync":
            self.sync(frame)
        elif kind == "goodbye":
            try:
                say("goodbye", **wire.decode_goodbye(frame.body))
            except wire.Unreadable:
                say("goodbye", reason="unknown", detail="")
            raise Closed("goodbye")
        elif kind in ("call", "cast"):
            self.serve(kind, frame)
        elif kind in ("reply", "error"):
            self.answered(kind, frame)
        else:
            raise Closed("unexpected_frame")

    def heartbeat(self, kind, body):
        try:
            beat = wire.decode_heartbeat(body)
        except wire.Unreadable as fault:
            raise Closed("bad_heartbeat") from fault
        if kind == "ping":
            self.send_own("pong", self.beat(beat["sequence"], beat["clusterMs"]))
            say("ping", sequence=beat["sequence"], saidDigest=f"{beat['saidDigest']:016x}")
        else:
            self.pongs += 1
            sent_ms = self.pings.pop(beat["sequence"], None)
            if sent_ms is not None:
                round_trip = now_ms() - sent_ms
                self.cluster_offset_ms = int(beat["clusterMs"] + round_trip / 2 - wall_ms())
                say("pong", sequence=beat["sequence"], roundTripMs=round(round_trip, 3))
        self.agreed = self.replica.list_heard and beat["saidDigest"] == self.replica.heard_digest()
        self.agreed = self.agreed and beat["appliedDigest"] == self.replica.applied_digest()
        for message in self.replica.beat(beat["saidDigest"]):
            self.send_sync(message)

    def send_sync(self, message):
        method, body = wire.encode_sync(message)
        say(f"send_{message['kind']}", message=message)
        self.send_own("sync", body, method=method)

    def sync(self, frame):
        try:
            message = wire.decode_sync(frame.header.method, frame.body)
        except wire.Unreadable as fault:
            raise Closed("bad_sync") from fault
        if message["kind"] == "route":
            say("route", topic=message["topic"], hops=message["hops"], **self.route(message))
        else:
            say(message["kind"], message=message)
        before = dict(self.replica.copies)
        for answer in self.replica.receive(message):
            self.send_sync(answer)
        for topic, copy in self.replica.copies.items():
            if before.get(topic) is not copy:
                say("accepted", topic=topic, version=copy["version"], tombstone=copy["tombstone"])

    def route(self, message):
        body = bytes.fromhex(message["bytes"])
        try:
            if message["topic"].startswith("attached/"):
                nodes = wire.decode_attached(body)
                return {"nodes": [show_id((node["role"], node["number"])) for node in nodes]}
            return wire.decode_applied(body)
        except wire.Unreadable:
            return {"unreadable": True}

    # ---- section 12

    def call(self, target, method, body, is_raw):
        call_id = self.own.next_call_id
        self.own.next_call_id += 1
        timeout_ms = self.own.options.call_timeout_ms
        self.pending[call_id] = {"target": target, "method": method, "raw": is_raw, "ends_at": now_ms() + timeout_ms}
        self.send(wire.encode_frame(
            "call", self.own.id, target, body, callerTag=self.own.caller_tag, callId=call_id, deadlineMs=timeout_ms,
            method=method, flags=wire.FLAG_RAW if is_raw else 0,
        ))
        say("call", target=show_id(target), method=method, callId=call_id)

    def end_late_calls(self):
        for call_id, call in list(self.pending.items()):
            if now_ms() >= call["ends_at"]:
                del self.pending[call_id]
                say("error", callId=call_id, code="DEADLINE", at=show_id(self.own.id), detail="no reply in time")

    def answered(self, kind, frame):
        header = frame.header
        call = self.pending.get(header.callId) if header.callerTag == self.own.caller_tag else None
        source = (header.sourceRole, header.sourceNumber)
        is_gateway = wire.ROLES.get(source[0]) in ("gateway", "cross_gateway")
        if call is None or (source != call["target"] and not (kind == "error" and is_gateway)):
            say("dropped", kind=kind, source=show_id(source))
            return
        del self.pending[header.callId]
        if kind == "error":
            try:
                error = wire.decode_error(frame.body)
            except wire.Unreadable:
                error = {"code": "INVALID", "atRole": source[0], "atNumber": source[1], "detail": "unreadable"}
            at = show_id((error["atRole"], error["atNumber"]))
            say("error", callId=header.callId, source=show_id(source), code=error["code"], at=at, detail=error["detail"])
        elif bool(header.flags & wire.FLAG_RAW) != call["raw"]:
            say("error", callId=header.callId, code="INVALID", at=show_id(source), detail="reply is of the other form")
        elif call["raw"]:
            say("reply", callId=header.callId, source=show_id(source), raw=frame.body.hex())
        else:
            say("reply", callId=header.callId, source=show_id(source), value=message_pack.unpack(frame.body))

    def serve(self, kind, frame):
        header = frame.header
        self.own.served += 1
        source = (header.sourceRole, header.sourceNumber)
        say("served", kind=kind, method=header.method, source=show_id(source), hops=header.hops, deadlineMs=header.deadlineMs)
        fields = {"callerTag": header.callerTag, "callId": header.callId}
        is_raw = bool(header.flags & wire.FLAG_RAW)
        code, reply = self.execute(header, frame.body, is_raw)
        if kind == "cast":
            return
        if code is None:
            flags = wire.FLAG_RAW if is_raw else 0
            self.send(wire.encode_frame("reply", self.own.id, source, reply, flags=flags, **fields))
        else:
            error = {"code": code, "atRole": self.own.id[0], "atNumber": self.own.id[1], "detail": reply}
            self.send(wire.encode_frame("error", self.own.id, source, wire.encode_error(error), **fields))

    def execute(self, header, body, is_raw):
        """(None, body of the reply) or (code, detail)."""
        if header.kind == wire.KIND_NUMBERS["call"] and header.deadlineMs == 0:
            return "DEADLINE", "the call came without time left"
        if header.method == METHOD_ECHO:
            return None, body
        methods = {
            METHOD_DESCRIBE: self.describe,
            METHOD_HEALTH: lambda _: {"id": show_id(self.own.id), "ok": True, "problems": []},
            METHOD_APPLIED: lambda _: {"applied": self.applied()},
            METHOD_BIND: self.bind,
            METHOD_UNBIND: self.unbind,
            METHOD_RECONCILE: self.reconcile,
        }
        method = methods.get(header.method)
        if method is None:
            return "UNKNOWN_METHOD", f"method {header.method} is not served here"
        if is_raw:
            return "INVALID", "it takes MessagePack"
        try:
            return None, message_pack.pack(method(message_pack.unpack(body)))
        except (message_pack.BodyFault, KeyError, TypeError) as fault:
            return "INVALID", str(fault)

    def applied(self):
        def text(version):
            return f"{version['epoch']}.{version['revision']}.{version['hash']}"

        rows = sorted(self.replica.copies.items())
        return [{"topic": topic, "version": text(copy["version"]), "appliedAtMs": wall_ms()} for topic, copy in rows]

    def describe(self, _):
        role, _number = self.own.id
        return {
            "id": show_id(self.own.id),
            "role": wire.ROLES[role],
            "shard": self.own.shard,
            "boot": self.own.boot.hex(),
            "release": "second",
            "startedAtMs": self.own.started_at_ms,
            "uptimeMs": wall_ms() - self.own.started_at_ms,
            "draining": False,
            "links": [],
            "applied": self.applied(),
            "modules": [],
            "logins": len(self.own.logins),
            "counters": {},
        }

    def bind(self, binding):
        self.own.logins[binding["player"]] = binding["session"]
        return {}

    def unbind(self, binding):
        if self.own.logins.get(binding["player"]) == binding["session"]:
            del self.own.logins[binding["player"]]
        return {}

    def reconcile(self, page):
        if page["first"]:
            self.page_logins = {}
        for binding in page["bindings"]:
            self.page_logins[binding["player"]] = binding["session"]
        if page["last"]:
            self.own.logins = self.page_logins
        return {"logins": len(self.own.logins)}


if __name__ == "__main__":
    sys.exit("run kuafu_peer.py connect")
