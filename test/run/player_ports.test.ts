/** The players' ports of a gateway: they get another certificate while everybody stays, and come back when they are lost. */

import { afterEach, describe, expect, test } from "#test";
import { join } from "node:path";
import { Alarms } from "#base/alarms.ts";
import { bunSecurePlayers } from "#runtime/bun_players.ts";
import { BunTransport } from "#runtime/bun_transport.ts";
import type { Address } from "#link/transport.ts";
import { ListenError } from "#link/transport.ts";
import type { PlayerWays } from "#session/player_ways.ts";
import { PlayerPorts } from "../../src/run/player_ports.ts";
import { FakeClock } from "../link/fake_clock.ts";
import { recordingLog } from "../mesh/harness.ts";
import { hasOpenssl, TestAuthority } from "../runtime/certificates.ts";
import { cleanFolders, temporaryFolder } from "../runtime/temporary_folder.ts";
import { playerByTcp, playerByWebSocket, type TlsPlayer } from "../runtime/tls_players.ts";
import { DoorGround, settle } from "../session/door_ground.ts";

const ANY: Address = { host: "127.0.0.1", port: 0 };
const cleanups: (() => void)[] = [];

/** Ways with a certificate of a CA of their own. */
function waysOfTheirOwn(): { readonly ways: PlayerWays; readonly ca: string } {
  const authority = new TestAuthority(join(temporaryFolder(), "ca"));
  authority.sign("s1", { names: ["s1.test,IP:127.0.0.1"] });
  const { certificate, key, authority: ca } = authority.texts("s1");
  cleanFolders();
  const made = bunSecurePlayers(new BunTransport({ connsMax: 100 }))({ certificate, key });
  if (made.kind === "problem") throw new Error(made.problem.found);
  return { ways: made.ways, ca };
}

const unheard = () => ({ received: () => {}, broken: () => {}, closed: () => {} });

/** Listeners by name, and which of them are taken by somebody else. */
class FakePorts {
  readonly log: string[] = [];
  readonly taken = new Set<number>();

  ways(name: string): PlayerWays {
    const bind = (kind: string, { host, port }: Address) => {
      const bound = { host, port: port === 0 ? 7000 + this.log.length : port };
      if (this.taken.has(port)) throw new ListenError(`port ${port} is in use`);
      this.log.push(`${name} ${kind} ${bound.port}`);
      return { address: bound, close: () => void this.log.push(`${name} ${kind} closed`) };
    };
    return {
      webSocket: (address) => bind("ws", address),
      tcp: { listen: (address) => bind("tcp", address) },
    };
  }
}

function setup(): { readonly clock: FakeClock; readonly alarms: Alarms } {
  const clock = new FakeClock();
  return { clock, alarms: new Alarms({ clock, log: recordingLog().log }) };
}

afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

describe("PlayerPorts", () => {
  test("are bound again where they were, and at nothing else", () => {
    const fake = new FakePorts();
    const ports = new PlayerPorts(fake.ways("old"), { ...setup(), webSocket: ANY, tcp: ANY, accept: unheard });
    expect([ports.addressOf("players")?.port, ports.addressOf("players_tcp")?.port]).toEqual([7000, 7001]);
    ports.renew(fake.ways("new"));
    ports.close();
    ports.renew(fake.ways("late"));
    expect(fake.log).toEqual([
      ...["old ws 7000", "old tcp 7001"],
      ...["old ws closed", "new ws 7000", "old tcp closed", "new tcp 7001"],
      ...["new ws closed", "new tcp closed"],
    ]);
  });

  test("one that is lost has an alarm and is tried every second, with the newest certificate, until it is back", () => {
    const { clock, alarms } = setup();
    const fake = new FakePorts();
    const options = { clock, alarms, webSocket: undefined, tcp: { ...ANY, port: 7003 }, accept: unheard };
    const ports = new PlayerPorts(fake.ways("old"), options);
    fake.taken.add(7003);
    ports.renew(fake.ways("new"));
    ports.renew(fake.ways("newer"));
    clock.run(10_000);
    expect(alarms.all().map(({ name, detail }) => [name, detail])).toEqual([
      ["players_port_closed:players_tcp", { address: "127.0.0.1:7003", reason: "port 7003 is in use" }],
    ]);
    fake.taken.clear();
    clock.run(1_000);
    expect([alarms.all(), fake.log]).toEqual([[], ["old tcp 7003", "old tcp closed", "newer tcp 7003"]]);
    fake.taken.add(7003);
    ports.renew(fake.ways("last"));
    ports.close();
    fake.taken.clear();
    clock.run(10_000);
    expect(fake.log.slice(3)).toEqual(["newer tcp closed"]);
  });

  test("bind both or none", () => {
    const fake = new FakePorts();
    fake.taken.add(7003);
    const options = { ...setup(), webSocket: ANY, tcp: { ...ANY, port: 7003 }, accept: unheard };
    expect(() => new PlayerPorts(fake.ways("old"), options)).toThrow(ListenError);
    expect(fake.log).toEqual(["old ws 7000", "old ws closed"]);
  });
});

describe.skipIf(!hasOpenssl)("PlayerPorts with TLS on real sockets", () => {
  for (const [key, enter] of [
    ["players", playerByWebSocket],
    ["players_tcp", playerByTcp],
  ] as const) {
    test(`${key}: a renewed certificate is shown to whoever comes, and who is in plays on`, async () => {
      const { door, router } = new DoorGround();
      const before = waysOfTheirOwn();
      const after = waysOfTheirOwn();
      const addresses = { webSocket: key === "players" ? ANY : undefined, tcp: key === "players" ? undefined : ANY };
      const ports = new PlayerPorts(before.ways, { ...setup(), ...addresses, accept: (conn) => door.accept(conn) });
      cleanups.push(() => ports.close());
      const port = ports.addressOf(key)?.port ?? 0;
      const login = async (name: string, ca: string): Promise<TlsPlayer> => {
        const player = await enter(port, { ca });
        cleanups.push(() => player.leave());
        player.say({ kind: "hello", token: name, resume: null });
        expect(await player.hear()).toEqual(`welcome ${name} 0`);
        return player;
      };
      const ann = await login("ann", before.ca);
      ports.renew(after.ways);
      const bob = await login("bob", after.ca);
      expect(await enter(port, { ca: before.ca }).catch((error: unknown) => error)).toBeInstanceOf(Error);
      for (const player of [ann, bob]) {
        player.say({ kind: "ping", n: 5 });
        expect(await player.hear()).toEqual("pong 5");
      }
      expect(door.push("ann", "news", 1)).toBe(true);
      expect(await ann.hear()).toEqual("push 1 news 1");
      await settle();
      expect(router.waiting.length).toBe(0);
    });
  }
});
