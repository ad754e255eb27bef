import { afterEach, describe, expect, test } from "#test";
import { Counters } from "#base/counters.ts";
import { bunClock } from "#runtime/bun_clock.ts";
import { bunListenPlayers } from "#runtime/bun_players.ts";
import { bunRandom } from "#runtime/bun_random.ts";
import { decodeServerPacket, encodeClientPacket } from "#session/client_codec.ts";
import type { ClientPacket } from "#session/client_packets.ts";
import { DOOR_LIMITS } from "#session/door_limits.ts";
import { joseVerifier, signToken } from "#session/jose_tokens.ts";
import type { TokenKey } from "#session/jose_tokens.ts";
import type { PlayerListener } from "#session/player_conn.ts";
import { PlayerDoor } from "#session/player_door.ts";
import { recordingLog } from "../mesh/harness.ts";
import { FakePresence, words } from "../session/door_ground.ts";

const KEY: Extract<TokenKey, { readonly algorithm: "HS256" }> = {
  kid: "one",
  algorithm: "HS256",
  secret: new Uint8Array(32).fill(7),
};

/** A client that hears packets one by one. */
class Client {
  readonly #socket: WebSocket;
  readonly #heard: string[] = [];
  #next: () => void = () => {};

  constructor(port: number) {
    this.#socket = new WebSocket(`ws://127.0.0.1:${port}/`);
    this.#socket.binaryType = "arraybuffer";
    this.#socket.onmessage = ({ data }) => {
      const packet = decodeServerPacket(new Uint8Array(data as ArrayBuffer));
      this.#hear(packet.kind === "fault" || packet.kind === "ignored" ? packet.kind : words(packet));
    };
    this.#socket.onclose = () => this.#hear("closed");
  }

  opened(): Promise<void> {
    return new Promise((resolve) => this.#socket.addEventListener("open", () => resolve()));
  }

  say(packet: ClientPacket): void {
    this.#socket.send(encodeClientPacket(packet));
  }
  sayRaw(message: string | Uint8Array<ArrayBuffer>): void {
    this.#socket.send(message);
  }
  leave(): void {
    this.#socket.close();
  }

  async hear(): Promise<string> {
    while (this.#heard.length === 0) await new Promise<void>((resolve) => (this.#next = resolve));
    return this.#heard.shift() ?? "";
  }

  #hear(text: string): void {
    this.#heard.push(text);
    this.#next();
  }
}

const open: { door: PlayerDoor; listener: PlayerListener }[] = [];

async function startDoor(): Promise<{ readonly port: number; readonly door: PlayerDoor }> {
  const door = new PlayerDoor({
    clock: bunClock,
    random: bunRandom,
    log: recordingLog().log,
    counters: new Counters(),
    presence: new FakePresence(),
    verifier: await joseVerifier({ keys: [KEY], audience: "test", clock: bunClock }),
    router: { request: async ({ player, method, body }) => ({ kind: "reply", body: { player, method, body } }) },
    limits: DOOR_LIMITS,
    maintenance: { isOn: false, whiteList: [] },
  });
  const listener = bunListenPlayers({ host: "127.0.0.1", port: 0 }, (conn) => door.accept(conn));
  open.push({ door, listener });
  return { port: listener.address.port, door };
}

function token(player: string): Promise<string> {
  return signToken({ key: KEY, audience: "test", player, nowMs: bunClock.wallMs() });
}

async function login(port: number, player: string): Promise<Client> {
  const client = new Client(port);
  await client.opened();
  client.say({ kind: "hello", token: await token(player), resume: null });
  expect(await client.hear()).toEqual(`welcome ${player} 0`);
  return client;
}

describe("bunListenPlayers", () => {
  afterEach(async () => {
    for (const { door, listener } of open.splice(0)) {
      listener.close();
      await door.stop(1000);
    }
  });

  test("a player logs in with a signed token and gets the reply of a request", async () => {
    const { port, door } = await startDoor();
    const client = await login(port, "ann");
    client.say({ kind: "request", seq: 1, method: 2000, body: { hit: 7 } });
    expect(await client.hear()).toEqual('reply 1 {"player":"ann","method":2000,"body":{"hit":7}}');
    expect(door.push("ann", "news", [1])).toEqual(true);
    expect(await client.hear()).toEqual("push 1 news [1]");
    client.say({ kind: "ping", n: 5 });
    expect(await client.hear()).toEqual("pong 5");
  });

  test("what is refused hears why before it is closed", async () => {
    const { port } = await startDoor();
    const client = new Client(port);
    await client.opened();
    client.say({ kind: "hello", token: "no token", resume: null });
    expect([await client.hear(), await client.hear()]).toEqual(["refuse bad_token", "closed"]);
  });

  test("text is no packet, and neither is one that is too large", async () => {
    const { port } = await startDoor();
    const ann = await login(port, "ann");
    ann.sayRaw("hello");
    expect([await ann.hear(), await ann.hear()]).toEqual(["kicked bad_packet", "closed"]);
    const bob = await login(port, "bob");
    bob.sayRaw(new Uint8Array(64 * 1024 + 1));
    expect([await bob.hear(), await bob.hear()]).toEqual(["kicked too_large", "closed"]);
    const cid = await login(port, "cid");
    cid.sayRaw(new Uint8Array(200 * 1024));
    expect(await cid.hear()).toEqual("closed");
  });

  test("a newer login replaces the older, and stopping tells all", async () => {
    const { port, door } = await startDoor();
    const old = await login(port, "ann");
    const newer = await login(port, "ann");
    expect([await old.hear(), await old.hear()]).toEqual(["kicked replaced", "closed"]);
    await door.stop(1000);
    expect([await newer.hear(), await newer.hear()]).toEqual(["kicked shutting_down", "closed"]);
  });
});
