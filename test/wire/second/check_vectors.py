"""Runs every test vector of docs/protocol.md, section 17, through the second implementation."""

import json
import os

import message_pack
import wire


class Checks:
    def __init__(self):
        self.count = 0
        self.faults = []

    def equal(self, what, found, wanted):
        self.count += 1
        if found != wanted:
            self.faults.append(f"{what}: found {found!r}, wanted {wanted!r}")

    def refused(self, what, read):
        self.count += 1
        try:
            value = read()
        except (wire.Unreadable, message_pack.BodyFault):
            return
        self.faults.append(f"{what}: read as {value!r}, must be refused")


def run(folder):
    checks = Checks()
    vectors = {}
    for name in sorted(os.listdir(folder)):
        if name.endswith(".json"):
            with open(os.path.join(folder, name), encoding="utf-8") as file:
                vectors[name] = json.load(file)
    known = {
        "frames.json": check_frames,
        "streams.json": check_streams,
        "bad_frames.json": check_bad_frames,
        "handshake_bodies.json": check_handshake_bodies,
        "handshake_transcripts.json": check_transcripts,
        "heartbeats.json": check_heartbeats,
        "sync.json": check_sync,
        "digest.json": check_digest,
        "route_bodies.json": check_route_bodies,
        "message_bodies.json": check_message_bodies,
        "call_errors.json": check_call_errors,
    }
    checks.equal("files", sorted(vectors), sorted(known))
    for name, check in known.items():
        if name in vectors:
            check(checks, vectors[name], vectors)
    return checks


def decode(chunks, ready):
    decoder = wire.Decoder()
    decoder.ready = ready
    frames = []
    try:
        for chunk in chunks:
            decoder.feed(chunk)
            while (frame := decoder.next()) is not None:
                frames.append(frame)
    except wire.StreamFault as fault:
        return frames, fault.code
    return frames, None


def cuts(raw):
    yield [raw]
    yield [raw[index : index + 1] for index in range(len(raw))]
    for cut in range(0, len(raw) + 1, max(1, len(raw) // 97)):
        yield [raw[:cut], raw[cut:]]


def check_frames(checks, vectors, _):
    for vector in vectors:
        what = f"frame {vector['name']}"
        raw = bytes.fromhex(vector["hex"])
        frames, fault = decode([raw], True)
        checks.equal(f"{what}: fault", (len(frames), fault), (1, None))
        header = frames[0].header._asdict()
        checks.equal(f"{what}: header", header, vector["header"])
        checks.equal(f"{what}: body", frames[0].body.hex(), vector["body"])
        fields = {name: header[name] for name in wire.Header._fields if name not in ("size", "magic", "kind")}
        source = (fields.pop("sourceRole"), fields.pop("sourceNumber"))
        target = (fields.pop("targetRole"), fields.pop("targetNumber"))
        kind = wire.KINDS[header["kind"]]
        again = wire.encode_frame(kind, source, target, bytes.fromhex(vector["body"]), **fields)
        checks.equal(f"{what}: written again", again.hex(), vector["hex"])


def check_streams(checks, vectors, files):
    by_name = {frame["name"]: frame["hex"] for frame in files["frames.json"]}
    for vector in vectors:
        wanted = [by_name[name] for name in vector["frames"]]
        for chunks in cuts(bytes.fromhex(vector["hex"])):
            frames, fault = decode(chunks, True)
            checks.equal(f"stream {vector['name']}", ([frame.raw.hex() for frame in frames], fault), (wanted, None))


def check_bad_frames(checks, vectors, _):
    for vector in vectors:
        for chunks in cuts(bytes.fromhex(vector["hex"])):
            frames, fault = decode(chunks, vector["state"] == "ready")
            wanted = (vector["framesBefore"], vector["fault"])
            checks.equal(f"bad frame {vector['name']}", (len(frames), fault), wanted)


BODIES = {
    "hello": (wire.decode_hello, wire.encode_hello),
    "challenge": (wire.decode_challenge, wire.encode_challenge),
    "refuse": (wire.decode_refuse, wire.encode_refuse),
    "goodbye": (wire.decode_goodbye, wire.encode_goodbye),
}


def check_handshake_bodies(checks, vectors, _):
    for vector in vectors:
        what = f"{vector['kind']} {vector['name']}"
        read, write = BODIES[vector["kind"]]
        body = bytes.fromhex(vector["body"])
        if vector["fields"] is None:
            checks.refused(what, lambda read=read, body=body: read(body))
            continue
        fields = read(body)
        checks.equal(what, fields, vector["fields"])
        if fields.get("reason") != "unknown":
            checks.equal(f"{what}: written", write(fields).hex() + vector["trailing"], vector["body"])


def check_transcripts(checks, vectors, _):
    for vector in vectors:
        what = f"transcript {vector['name']}"
        hello = bytes.fromhex(vector["hello"])
        challenge = bytes.fromhex(vector["challenge"])
        dial_keys = [bytes.fromhex(key) for key in vector["dialKeys"]]
        accept_keys = [bytes.fromhex(key) for key in vector["acceptKeys"]]
        proof = wire.dial_mac(dial_keys[0], hello, challenge)
        checks.equal(f"{what}: proof", proof.hex(), vector["proofMac"])
        fitting = [index for index, key in enumerate(accept_keys) if wire.dial_mac(key, hello, challenge) == proof]
        index = fitting[0] if fitting else -1
        checks.equal(f"{what}: key", index, vector["acceptKeyIndex"])
        user, gateway = (2, 901), (1, 9)
        checks.equal(f"{what}: proof frame", wire.encode_frame("proof", user, gateway, proof).hex(), vector["proof"])
        if index < 0:
            checks.equal(f"{what}: no welcome", (vector["welcome"], vector["welcomeMac"]), (None, None))
            continue
        welcome = wire.accept_mac(accept_keys[index], hello, challenge)
        checks.equal(f"{what}: welcome", welcome.hex(), vector["welcomeMac"])
        frame = wire.encode_frame("welcome", gateway, user, welcome)
        checks.equal(f"{what}: welcome frame", frame.hex(), vector["welcome"])


def check_heartbeats(checks, vectors, _):
    for vector in vectors:
        body = bytes.fromhex(vector["body"])
        if vector["fields"] is None:
            checks.refused(vector["name"], lambda body=body: wire.decode_heartbeat(body))
            continue
        beat = wire.decode_heartbeat(body)
        plain = dict(beat, saidDigest=f"{beat['saidDigest']:016x}", appliedDigest=f"{beat['appliedDigest']:016x}")
        checks.equal(f"heartbeat {vector['name']}", plain, vector["fields"])
        checks.equal(f"heartbeat {vector['name']}: written", wire.encode_heartbeat(beat).hex() + vector["trailing"], vector["body"])


def check_sync(checks, vectors, _):
    for vector in vectors:
        what = f"sync {vector['name']}"
        body = bytes.fromhex(vector["body"])
        method = vector["method"]
        if vector["message"] is None:
            checks.refused(what, lambda method=method, body=body: wire.decode_sync(method, body))
            continue
        message = wire.decode_sync(method, body)
        checks.equal(what, message, vector["message"])
        for cut in range(len(body)):
            checks.refused(f"{what}, cut", lambda method=method, body=body[:cut]: wire.decode_sync(method, body))
        if "ignored" not in vector["name"]:
            checks.equal(f"{what}: written", wire.encode_sync(message), (method, body))


def check_digest(checks, vectors, _):
    for vector in vectors["contents"]:
        checks.equal(f"hash of {vector['name']}", wire.content_hash(bytes.fromhex(vector["bytes"])), vector["hash"])
    for vector in vectors["digests"]:
        what = f"digest of {vector['name']}"
        hashes = [f"{wire.entry_hash(entry['topic'], entry['version']):016x}" for entry in vector["entries"]]
        checks.equal(f"{what}: hashes", hashes, vector["hashes"])
        versions = {entry["topic"]: entry["version"] for entry in vector["entries"]}
        checks.equal(what, f"{wire.digest(versions):016x}", vector["digest"])


def check_route_bodies(checks, vectors, _):
    for vector in vectors:
        body = bytes.fromhex(vector["body"])
        is_attached = vector["topic"].startswith("attached/")
        read = wire.decode_attached if is_attached else wire.decode_applied
        if vector["fields"] is None:
            checks.refused(vector["name"], lambda read=read, body=body: read(body))
            continue
        found = read(body)
        checks.equal(vector["name"], {"nodes": found} if is_attached else found, vector["fields"])
        if vector["written"]:
            again = wire.encode_attached(found) if is_attached else wire.encode_applied(found)
            checks.equal(f"{vector['name']}: written", again.hex(), vector["body"])


def untag(value):
    if isinstance(value, list):
        return [untag(item) for item in value]
    if isinstance(value, dict):
        if "$bytes" in value:
            return bytes.fromhex(value["$bytes"])
        if "$integer" in value:
            return int(value["$integer"])
        return {key: untag(item) for key, item in value.items()}
    return value


def check_message_bodies(checks, vectors, _):
    for vector in vectors:
        what = f"body {vector['name']}"
        body = bytes.fromhex(vector["body"])
        if vector["refused"]:
            checks.refused(what, lambda body=body: message_pack.unpack(body))
            continue
        value = untag(vector["value"])
        checks.equal(what, message_pack.unpack(body), value)
        if vector["written"]:
            checks.equal(f"{what}: written", message_pack.pack(value).hex(), vector["body"])


def check_call_errors(checks, vectors, _):
    for vector in vectors:
        what = f"error {vector['name']}"
        body = bytes.fromhex(vector["body"])
        if vector["fields"] is None:
            checks.refused(what, lambda body=body: wire.decode_error(body))
            continue
        error = wire.decode_error(body)
        checks.equal(what, error, vector["fields"])
        if "reads as" not in vector["name"]:
            checks.equal(f"{what}: written", wire.encode_error(error).hex() + vector["trailing"], vector["body"])
