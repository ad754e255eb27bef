import { afterEach, describe, expect, test } from "#test";
import { Counters } from "#base/counters.ts";
import { PlayerClient } from "#client/client.ts";
import type { ClientSocket, ClientSocketEvents } from "#client/client_socket.ts";
import type { ClientStatus } from "#client/client_status.ts";
import { webSocketConnect } from "#client/web_socket.ts";
import { bunClock } from "#runtime/bun_clock.ts";
import { bunListenPlayers } from "#runtime/bun_players.ts";
import { bunRandom } from "#runtime/bun_random.ts";
import { DOOR_LIMITS } from "#session/door_limits.ts";
import type { PlayerListener } from "#session/player_conn.ts";
import { PlayerDoor } from "#session/player_door.ts";
import { recordingLog } from "../mesh/harness.ts";
import { FakePresence } from "../session/door_ground.ts";

const open: { door: PlayerDoor; listener: PlayerListener; clients: PlayerClient[] }[] = [];

afterEach(async () => {
  for (const { door, listener, clients } of open.splice(0)) {
    for (const client of clients) client.close();
    listener.close();
    await door.stop(1_000);
  }
});

/** Connections that a test can cut as a network does: the server sees it end, the client is told. */
class Cable {
  #socket: ClientSocket | undefined;
  #events: ClientSocketEvents | undefined;
  readonly connect: (events: ClientSocketEvents) => ClientSocket;

  constructor(url: string) {
    const inner = webSocketConnect(url);
    this.connect = (events) => {
      this.#events = events;
      this.#socket = inner(events);
      return this.#socket;
    };
  }

  cut(): void {
    this.#socket?.close();
    this.#events?.closed();
  }
}

function becomes(client: PlayerClient, wanted: (status: ClientStatus) => boolean): Promise<ClientStatus> {
  return new Promise((resolve) => {
    const end = client.onStatus((status) => {
      if (!wanted(status)) return;
      end();
      resolve(status);
    });
  });
}

function start(): {
  readonly cable: Cable;
  readonly executed: unknown[];
  readonly client: () => PlayerClient;
  readonly door: PlayerDoor;
} {
  const executed: unknown[] = [];
  const door = new PlayerDoor({
    clock: bunClock,
    random: bunRandom,
    log: recordingLog().log,
    counters: new Counters(),
    presence: new FakePresence(),
    verifier: { verify: async (token) => ({ kind: "ok", player: token }) },
    router: {
      request: async ({ body }) => {
        executed.push(body);
        await new Promise((resolve) => bunClock.after(2, () => resolve(undefined)));
        return { kind: "reply", body };
      },
    },
    limits: DOOR_LIMITS,
    maintenance: { isOn: false, whiteList: [] },
  });
  const listener = bunListenPlayers({ host: "127.0.0.1", port: 0 }, (conn) => door.accept(conn));
  const entry = { door, listener, clients: [] as PlayerClient[] };
  open.push(entry);
  const cable = new Cable(`ws://127.0.0.1:${listener.address.port}/`);
  const client = (): PlayerClient => {
    const made = new PlayerClient({ connect: cable.connect, token: () => "p-1" });
    entry.clients.push(made);
    return made;
  };
  return { cable, executed, client, door };
}

describe("PlayerClient: at a real door", () => {
  test("requests over a connection that is cut are executed once, in order, and pushes are heard once", async () => {
    const { cable, executed, client, door } = start();
    const player = client();
    const news: unknown[] = [];
    const heardAll = new Promise<void>((resolve) => {
      player.subscribe("news", (body) => {
        if (news.push(body) === 3) resolve();
      });
    });
    player.connect();
    const bodies = Array.from({ length: 80 }, (_, index) => index);
    const ends = bodies.map((body) => player.request(2000, body));
    await ends[20];
    expect(door.push("p-1", "news", 1)).toBe(true);
    cable.cut();
    door.push("p-1", "news", 2);
    await ends[50];
    cable.cut();
    door.push("p-1", "news", 3);
    expect(await Promise.all(ends)).toEqual(bodies);
    expect(executed).toEqual(bodies);
    await heardAll;
    expect(news).toEqual([1, 2, 3]);
    expect(player.status.kind === "online" && player.status.resumed).toBe(true);
  });

  test("a newer login sends the older client offline", async () => {
    const { client } = start();
    const [older, newer] = [client(), client()];
    const isOnline = becomes(older, ({ kind }) => kind === "online");
    older.connect();
    await isOnline;
    const isOffline = becomes(older, ({ kind }) => kind === "offline");
    newer.connect();
    const status = await isOffline;
    expect(status.kind === "offline" && status.reason?.code).toBe("replaced");
    expect(await newer.request(2000, "mine")).toBe("mine");
  });
});
