"""A client of the players' protocol: logs in, asks, acks pushes, pings, and resumes after a lost connection.

`client.py tcp|ws HOST PORT TOKEN` obeys commands, a JSON line each on its input, and prints what it hears, a JSON line
each. Standard library only; shares no code with src/. It does not log in again by itself: whoever drives it says so.
"""

import base64
import json
import os
import select
import socket
import sys
import time

import packets
from packets import DOWN_SIZE_MAX as SIZE_MAX
from packets import PacketFault, Splitter

READ_SIZE = 65536
DIAL_MAX_S = 5
LINE_MAX = 65536
SILENT_INTERVALS_MAX = 2
ENDS_SESSION = (
    "session_gone", "replaced", "kicked", "out_of_order", "bad_packet", "too_large", "maintenance", "bad_token",
    "unsupported_protocol",
)


class Tcp:
    def __init__(self, host, port):
        self.socket = socket.create_connection((host, port), DIAL_MAX_S)
        self._splitter = Splitter(SIZE_MAX)

    def send(self, packet):
        self.socket.sendall(packets.framed(packet))

    def read(self):
        """What has come, as whole packets; None at the end."""
        data = self.socket.recv(READ_SIZE)
        return None if data == b"" else list(self._splitter.feed(data))

    def close(self):
        self.socket.close()


class WebSocket:
    """As much of RFC 6455 as a client needs: one packet is one binary message."""

    TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10

    def __init__(self, host, port):
        self.socket = socket.create_connection((host, port), DIAL_MAX_S)
        self._rest = bytearray()
        self._message = bytearray()
        self._upgrade(host, port)

    def _upgrade(self, host, port):
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET / HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        while b"\r\n\r\n" not in self._rest:
            data = self.socket.recv(READ_SIZE)
            if data == b"" or len(self._rest) > READ_SIZE:
                raise ConnectionError("no answer to the upgrade")
            self._rest += data
        head, _, rest = bytes(self._rest).partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 101 "):
            raise ConnectionError(head.split(b"\r\n")[0].decode("latin-1"))
        self._rest = bytearray(rest)

    def send(self, packet):
        self._frame(self.BINARY, packet)

    def _frame(self, opcode, data):
        size = len(data)
        head = bytes([0x80 | opcode])
        if size < 126:
            head += bytes([0x80 | size])
        elif size <= 0xFFFF:
            head += bytes([0x80 | 126]) + size.to_bytes(2, "big")
        else:
            head += bytes([0x80 | 127]) + size.to_bytes(8, "big")
        mask = os.urandom(4)
        self.socket.sendall(head + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(data)))

    def read(self):
        data = self.socket.recv(READ_SIZE)
        if data == b"":
            return None
        self._rest += data
        found = []
        for is_last, opcode, body in iter(self._take, None):
            if opcode == self.PING:
                self._frame(self.PONG, body)
            elif opcode == self.CLOSE:
                return found or None
            elif opcode in (0, self.BINARY):
                self._message += body
                if len(self._message) > SIZE_MAX:
                    raise PacketFault("too_large", f"size is over {SIZE_MAX}")
                if is_last:
                    found.append(bytes(self._message))
                    self._message.clear()
            elif opcode == self.TEXT:
                raise PacketFault("bad_packet", "a message of text")
        return found

    def _take(self):
        """The next frame that is all there, else None."""
        rest = self._rest
        if len(rest) < 2:
            return None
        size, at = rest[1] & 0x7F, 2
        if size >= 126:
            at = 4 if size == 126 else 10
            if len(rest) < at:
                return None
            size = int.from_bytes(rest[2:at], "big")
        if size > SIZE_MAX:
            raise PacketFault("too_large", f"size is {size}, limit is {SIZE_MAX}")
        if len(rest) < at + size:
            return None
        frame = (rest[0] & 0x80 != 0, rest[0] & 0x0F, bytes(rest[at : at + size]))
        del rest[: at + size]
        return frame

    def close(self):
        self.socket.close()


class Client:
    """One session. `hear(event, **data)` is told of everything; nothing is repeated by itself but what a resume asks for."""

    def __init__(self, dial, token, hear):
        self._dial, self._token, self._hear = dial, token, hear
        self._conn = None
        self._session = None
        self._acked = 0
        self._seq = 0
        self._waiting = {}
        self._pings = 0
        self._interval_s = None
        self._ping_at_s = None
        self._heard_at_s = None

    @property
    def socket(self):
        return None if self._conn is None else self._conn.socket

    def connect(self, acked=None):
        """Logs in, or resumes when there is a session. `acked`: says so instead of what it has acked."""
        if self._conn is not None:
            raise RuntimeError("there is a connection")
        resume = None
        if self._session is not None:
            resume = [self._session["session"], self._session["resumeToken"], self._acked if acked is None else acked]
        self._conn = self._dial()
        self._send(packets.hello(self._token, resume))

    def request(self, method, body, seq=None):
        """With the `seq` of an earlier request, that one is repeated."""
        if seq is None:
            self._seq += 1
            seq = self._seq
        self._waiting[seq] = packets.request(seq, method, body)
        if self._conn is not None:
            self._send(self._waiting[seq])
        return seq

    def cut(self):
        """The connection is gone without a word; the session stays."""
        self._lost("cut")

    def bye(self):
        self._send(packets.bye())
        self._session = None

    def ping(self):
        self._pings += 1
        self._send(packets.ping(self._pings))

    def _send(self, packet):
        if self._conn is None:
            return
        try:
            self._conn.send(packet)
        except OSError as error:
            self._lost(type(error).__name__)

    def _lost(self, why):
        if self._conn is None:
            return
        self._conn.close()
        self._conn = self._interval_s = None
        self._hear("closed", why=why)

    def _broken(self, fault):
        """The server's fault: it would come again with the session."""
        self._session = None
        self._lost(fault.code)

    def read(self):
        try:
            found = self._conn.read()
        except OSError as error:
            return self._lost(type(error).__name__)
        except PacketFault as fault:
            return self._broken(fault)
        if found is None:
            return self._lost("ended")
        pushed = self._acked
        for data in found:
            try:
                self._take(packets.decode(data, "down"))
            except PacketFault as fault:
                return self._broken(fault)
        if self._conn is not None and self._acked > pushed:
            self._send(packets.ack(self._acked))
            self._hear("acked", pushSeq=self._acked)

    def _take(self, packet):
        self._heard_at_s = time.monotonic()
        kind = packet["kind"]
        if kind == "welcome":
            return self._welcome(packet["welcome"])
        if kind in ("reply", "error"):
            self._waiting.pop(packet["seq"], None)
        elif kind == "push":
            if packet["pushSeq"] <= self._acked:
                return self._hear("heard_before", pushSeq=packet["pushSeq"])
            self._acked = packet["pushSeq"]
        elif kind in ("refuse", "kicked") and packet["code"] in ENDS_SESSION:
            # What was asked and not answered is told by the next welcome.
            self._session = None
        elif kind == "renew":
            self._session["resumeToken"] = packet["resumeToken"]
        self._hear(kind, **{key: value for key, value in packet.items() if key != "kind"})

    def _welcome(self, welcome):
        if not welcome["resumed"]:
            # Numbers begin anew; of what was asked in the last session nobody knows whether it was executed.
            for seq in self._waiting:
                self._hear("unknown", seq=seq)
            self._waiting, self._seq, self._acked = {}, 0, 0
        self._session = welcome
        self._interval_s = welcome["heartbeatMs"] / 1000
        self._ping_at_s = time.monotonic() + self._interval_s
        self._hear("welcome", **welcome)
        for seq in sorted(self._waiting):
            self._send(self._waiting[seq])

    def tick(self):
        """Pings when it is time, gives a silent connection up after some intervals. Answers the seconds to the next call."""
        if self._interval_s is None:
            return None
        now = time.monotonic()
        if now - self._heard_at_s > SILENT_INTERVALS_MAX * self._interval_s:
            self._lost("silent")
            return None
        if now >= self._ping_at_s:
            self._ping_at_s = now + self._interval_s
            self.ping()
        return self._ping_at_s - now


def show(event, **data):
    text = json.dumps({"event": event, **data}, ensure_ascii=False, default=lambda value: {"$bytes": value.hex()})
    print(text, flush=True)


def obey(client, command):
    do = command.pop("do")
    if do == "request":
        show("sent", seq=client.request(**command))
    else:
        getattr(client, do)(**command)


def main(kind, host, port, token):
    conn = {"tcp": Tcp, "ws": WebSocket}[kind]
    client = Client(lambda: conn(host, int(port)), token, show)
    lines = bytearray()
    while True:
        wait_s = client.tick()
        watched = [sys.stdin.fileno()] + ([] if client.socket is None else [client.socket])
        ready = select.select(watched, [], [], wait_s)[0]
        if client.socket in ready:
            client.read()
        if sys.stdin.fileno() in ready:
            data = os.read(sys.stdin.fileno(), READ_SIZE)
            if data == b"" or len(lines) > LINE_MAX:
                return 0
            lines += data
            *whole, rest = lines.split(b"\n")
            lines = bytearray(rest)
            for line in whole:
                obey(client, json.loads(line))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
