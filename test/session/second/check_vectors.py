"""Holds the Python packets against the vectors: `check_vectors.py FILE` prints what differs, and "N checks, M faults"."""

import json
import sys

from msgpack import Malformed, pack, unpack
from packets import PacketFault, Splitter, decode


def plain(value):
    """A vector's JSON as the values of a packet: {"$bytes": hex} is bytes, {"$integer": text} an integer."""
    if isinstance(value, dict):
        if set(value) == {"$bytes"}:
            return bytes.fromhex(value["$bytes"])
        if set(value) == {"$integer"}:
            return int(value["$integer"])
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list) else value


def unpacked(data):
    try:
        return unpack(data)
    except Malformed:
        return None


def decoded(data, way):
    try:
        return decode(data, way), None
    except PacketFault as fault:
        return None, fault.code


def check_packet(vector):
    data = bytes.fromhex(vector["hex"])
    packet, fault = decoded(data, vector["way"])
    yield "fields", unpacked(data), plain(vector["fields"])
    yield "packet", packet, plain(vector["packet"])
    yield "fault", fault, vector["fault"]
    if vector["written"]:
        yield "hex", pack(plain(vector["fields"])).hex(), vector["hex"]


def check_stream(vector):
    # Whole, and byte by byte: a stream may be cut anywhere.
    stream = bytes.fromhex(vector["stream"])
    for pieces in ([stream], [stream[at : at + 1] for at in range(len(stream))]):
        splitter, packets, fault = Splitter(vector["sizeMax"]), [], None
        try:
            for piece in pieces:
                for packet in splitter.feed(piece):
                    packets.append(packet.hex())
        except PacketFault as error:
            fault = error.code
        yield "packets", packets, vector["packets"]
        yield "fault", fault, vector["fault"]


def main(path):
    with open(path, encoding="utf-8") as file:
        vectors = json.load(file)
    checks = faults = 0
    for part, check in (("packets", check_packet), ("streams", check_stream)):
        for vector in vectors[part]:
            for what, found, wanted in check(vector):
                checks += 1
                if found != wanted:
                    faults += 1
                    print(f"{part}, {vector['name']}: {what} is {found!r}, wanted {wanted!r}")
    print(f"{checks} checks, {faults} faults")
    return 1 if faults > 0 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
