/** Players' listeners with TLS on real sockets: who trusts them comes in, and who speaks none, or dawdles, holds up nobody. */

import { afterEach, describe, expect, test } from "#test";
import { join } from "node:path";
import { Counters } from "#base/counters.ts";
import { seededRandom } from "#base/random.ts";
import type { KeyPairTexts } from "#link/tls.ts";
import { bunSecurePlayers } from "#runtime/bun_players.ts";
import { BunTransport } from "#runtime/bun_transport.ts";
import type { DoorLimits } from "#session/door_limits.ts";
import { DOOR_LIMITS } from "#session/door_limits.ts";
import type { PlayerConn, PlayerConnHandler } from "#session/player_conn.ts";
import { PlayerDoor } from "#session/player_door.ts";
import { tcpListenPlayers } from "#session/tcp_players.ts";
import { FakeClock } from "../link/fake_clock.ts";
import { recordingLog } from "../mesh/harness.ts";
import { FakePresence } from "../session/door_ground.ts";
import { hasOpenssl, TestAuthority } from "./certificates.ts";
import { cleanFolders, temporaryFolder } from "./temporary_folder.ts";
import { playerByTcp, playerByWebSocket, stranger, type TlsPlayer } from "./tls_players.ts";

interface Made {
  readonly pair: KeyPairTexts;
  readonly ca: string;
  readonly otherCa: string;
}

function makeCertificates(): Made {
  const ours = new TestAuthority(join(temporaryFolder(), "ours"));
  const others = new TestAuthority(join(temporaryFolder(), "others"));
  ours.sign("s1", { names: ["s1.test,IP:127.0.0.1"] });
  others.sign("s1", { names: ["s1.test"] });
  const { certificate, key, authority: ca } = ours.texts("s1");
  const made = { pair: { certificate, key }, ca, otherCa: others.texts("s1").authority };
  cleanFolders();
  return made;
}

const MADE: Made = hasOpenssl ? makeCertificates() : { pair: { certificate: "", key: "" }, ca: "", otherCa: "" };

/** The first bytes of a handshake: a client's hello that says how long it is, and never ends. */
const HALF_HELLO = Uint8Array.of(0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3, 7, 7, 7);
const PLAIN = [
  "GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
  "\0\0\0\x0c\x94\x01\xa7token-1\xc0",
  "rubbish\n",
];

/** Bun's idle time is 10 s, looked at every four. */
const IDLE_CLOSED_MS_MAX = 30_000;

const cleanups: (() => Promise<void> | void)[] = [];

interface Ground {
  readonly door: PlayerDoor;
  readonly clock: FakeClock;
  readonly counters: Counters;
  /** Of those that came, as the door counts them. */
  readonly addresses: readonly string[];
  readonly port: { readonly webSocket: number; readonly tcp: number };
}

function ground(limits: Partial<DoorLimits> = {}): Ground {
  const made = bunSecurePlayers(new BunTransport({ connsMax: 1000 }))(MADE.pair);
  if (made.kind === "problem") throw new Error(made.problem.found);
  const clock = new FakeClock();
  const counters = new Counters();
  const door = new PlayerDoor({
    clock,
    random: seededRandom(1),
    log: recordingLog().log,
    counters,
    presence: new FakePresence(),
    verifier: { verify: async (player) => ({ kind: "ok", player }) },
    router: { request: async ({ player, body }) => ({ kind: "reply", body: [player, body] }) },
    limits: { ...DOOR_LIMITS, ...limits },
    maintenance: { isOn: false, whiteList: [] },
  });
  const address = { host: "127.0.0.1", port: 0 };
  const { webSocket: byWebSocket = unthinkable, tcp: transport } = made.ways;
  const addresses: string[] = [];
  const accept = (conn: PlayerConn): PlayerConnHandler => {
    addresses.push(conn.address);
    return door.accept(conn);
  };
  const webSocket = byWebSocket(address, accept);
  const tcp = tcpListenPlayers(transport, clock)(address, accept);
  cleanups.push(async () => {
    webSocket.close();
    tcp.close();
    await door.stop(0);
  });
  return { door, clock, counters, addresses, port: { webSocket: webSocket.address.port, tcp: tcp.address.port } };
}

function unthinkable(): never {
  throw new Error("Bun has a WebSocket server");
}

async function login(player: TlsPlayer, name: string): Promise<void> {
  cleanups.push(() => player.leave());
  player.say({ kind: "hello", token: name, resume: null });
  expect(await player.hear()).toEqual(`welcome ${name} 0`);
}

const WAYS = [
  { way: "webSocket", enter: playerByWebSocket },
  { way: "tcp", enter: playerByTcp },
] as const;

describe.skipIf(!hasOpenssl)("Players' listeners with TLS", () => {
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0)) await cleanup();
  });

  for (const { way, enter } of WAYS) {
    test(`${way}: who trusts the certificate logs in, asks and hears, and counts by the address`, async () => {
      const { door, port, addresses } = ground();
      const player = await enter(port[way], { ca: MADE.ca });
      await login(player, "ann");
      player.say({ kind: "request", seq: 1, method: 2000, body: "x".repeat(60_000) });
      expect((await player.hear()).length).toBeGreaterThan(60_000);
      expect(door.push("ann", "news", "y".repeat(60_000))).toEqual(true);
      expect((await player.hear()).slice(0, 11)).toEqual("push 1 news");
      expect(addresses.map((each) => each.split(":")[0])).toEqual(["127.0.0.1"]);
    });

    test(`${way}: who does not trust it does not come in, and the next one does`, async () => {
      const { port } = ground();
      const failed = await enter(port[way], { ca: MADE.otherCa }).catch((error: unknown) => error);
      expect(failed).toBeInstanceOf(Error);
      await login(await enter(port[way], { ca: MADE.ca }), "ann");
    });

    test(`${way}: a stranger who speaks in the clear is closed unheard, and everybody else stays`, async () => {
      const { port, counters } = ground();
      const player = await enter(port[way], { ca: MADE.ca });
      await login(player, "ann");
      for (const text of PLAIN) {
        const { closed } = await stranger(port[way], text);
        // At most an alert; nothing of what the door or the server says.
        expect(await closed).toBeLessThan(8);
      }
      expect(counters.get("session.refused:bad_packet")).toBe(0);
      player.say({ kind: "ping", n: 1 });
      expect(await player.hear()).toEqual("pong 1");
    });

    test(`${way}: handshakes that never end hold up nobody else's`, async () => {
      const { port } = ground();
      for (let count = 0; count < 50; count += 1) {
        const slow = await stranger(port[way], count % 2 === 0 ? HALF_HELLO : "");
        cleanups.push(slow.leave);
      }
      await login(await enter(port[way], { ca: MADE.ca }), "ann");
    });
  }

  // The one bound that is Bun's own: nothing here could end them.
  test(
    "webSocket: a handshake that never ends, and one after which nothing is asked, are closed by themselves",
    async () => {
      const { port, addresses } = ground();
      const [slow, idle] = [await stranger(port.webSocket, HALF_HELLO), await stranger(port.webSocket, "")];
      const asksNothing = Promise.withResolvers<void>();
      await Bun.connect({
        hostname: "127.0.0.1",
        port: port.webSocket,
        tls: { ca: MADE.ca },
        socket: { data: () => {}, close: () => asksNothing.resolve() },
      });
      await Promise.all([slow.closed, idle.closed, asksNothing.promise]);
      expect(addresses).toEqual([]);
    },
    IDLE_CLOSED_MS_MAX,
  );

  test("tcp: handshakes under way count as connections, and whoever is one too many is told so over TLS", async () => {
    const { port, door, counters } = ground({ connsMax: 3 });
    for (let count = 0; count < 3; count += 1) cleanups.push((await stranger(port.tcp, HALF_HELLO)).leave);
    const player = await playerByTcp(port.tcp, { ca: MADE.ca });
    cleanups.push(() => player.leave());
    expect([await player.hear(), await player.hear()]).toEqual(["refuse too_many_connections", "closed"]);
    expect([door.status().conns, counters.get("session.refused:too_many_connections")]).toEqual([3, 1]);
  });

  test("tcp: a handshake that never ends is closed with the time of a login, and makes room", async () => {
    const { port, clock, door, counters } = ground({ connsMax: 2 });
    const [slow, idle] = [await stranger(port.tcp, HALF_HELLO), await stranger(port.tcp, "")];
    // A player who comes after them: they have been accepted then.
    const late = await playerByTcp(port.tcp, { ca: MADE.ca });
    expect([await late.hear(), await late.hear(), door.status().conns]).toEqual([
      "refuse too_many_connections",
      "closed",
      2,
    ]);
    clock.run(11_000);
    expect([door.status().conns, counters.get("session.refused:login_timeout")]).toEqual([0, 2]);
    clock.run(3_000);
    expect([await slow.closed, await idle.closed]).toEqual([0, 0]);
    await login(await playerByTcp(port.tcp, { ca: MADE.ca }), "ann");
  });

  test("hold certificate and key against each other before anything is bound", () => {
    const secure = bunSecurePlayers(new BunTransport({ connsMax: 1 }));
    const problem = (texts: Partial<KeyPairTexts>): string => {
      const made = secure({ ...MADE.pair, ...texts });
      return made.kind === "ok" ? "ok" : `${made.problem.key}: ${made.problem.found}`;
    };
    const { certificate } = MADE.pair;
    expect(problem({})).toBe("ok");
    expect(problem({ certificate: certificate + MADE.ca })).toBe("ok");
    expect(problem({ certificate: "" })).toBe("cert_file: no certificate in it");
    expect(problem({ key: certificate })).toBe("key_file: no key in it");
    expect(problem({ certificate: MADE.otherCa })).toBe("key_file: the key of another certificate");
    const torn = `${certificate}-----BEGIN CERTIFICATE-----\nrubbish\n-----END CERTIFICATE-----\n`;
    expect(problem({ certificate: torn })).toStartWith("cert_file: what cannot be used: ");
  });
});
