/**
 * Players through their gateway beside a bare WebSocket echo: requests.
 */

import { connsMax } from "#runtime/descriptor_limit.ts";
import type { Setting } from "../setting.ts";
import { median } from "../stats.ts";
import { number, ratio, table } from "../table.ts";
import { REQUESTS_MAX } from "./load.ts";
import type { Measured } from "./measure.ts";
import { measure } from "./measure.ts";
import type { PlayersSystem } from "./players_system.ts";
import { startBarePlayers, startKuafuPlayers } from "./players_system.ts";

const CELLS = [
  { conns: 100, size: 64 },
  { conns: 100, size: 1024 },
  { conns: 1_000, size: 64 },
  { conns: 1_000, size: 1024 },
  { conns: 10_000, size: 64 },
] as const;
/** A cell of so many connections lasts longer: each of them is to ask more than once. */
const LONG_CONNS = 10_000;
const LONG_FACTOR = 10;
/** Of the descriptors that a process may have, the part that players may take at least. */
const CONNS_SHARE = 0.6;
const WARM_UP_ROUNDS = 1;

const MEANING = `A player's request goes from its WebSocket to the gateway, from there to the player's \`user\` node, and back: an echo
of one text. Gateway and node are the compiled executable; all clients are one process, which packs and unpacks each
packet with the client's codec, with one request in flight on each connection. The bare echo is Bun's own WebSocket server in one
process, which sends the same bytes back unread: no hop, no token, no session, no order, no check, nothing kept. The door
takes 50 packets a second of one connection, 150 at once; the clients of Kuafu rest before each cell until they may send
again, and send at most ${REQUESTS_MAX} requests per connection and cell, so that the limit slows nothing that is measured. With one
process of clients on few cores the clients take their part of what is measured, which is why theirs is shown too.
Where connections outnumber what a cell answers, it lasts until each has its answer.`;

export async function benchPlayers(setting: Setting): Promise<string> {
  const parts: string[] = [];
  const most = Math.max(...CELLS.map(({ conns }) => conns));
  const systems = [await startKuafuPlayers(setting, { name: "players", sessionsMax: most }), await startBarePlayers()];
  for (const cell of CELLS) {
    if (cell.conns > connsMax() * CONNS_SHARE) {
      parts.push(
        `${cell.conns.toLocaleString("en-US")} connections: skipped, the limit of open files leaves no room for them.`,
      );
      continue;
    }
    for (const { clients } of systems) await clients.ask({ what: "enter", count: cell.conns });
    const durationMs = setting.cellMs * (cell.conns < LONG_CONNS ? 1 : LONG_FACTOR);
    const rounds: Measured[][] = systems.map(() => []);
    for (let round = -WARM_UP_ROUNDS; round < setting.rounds; round += 1) {
      for (const [index, system] of systems.entries()) {
        const measured = await measure(system, {
          conns: cell.conns,
          ask: { kind: "echo", size: cell.size },
          durationMs,
        });
        if (round >= 0) rounds[index]?.push(measured);
      }
    }
    parts.push(cellTable(cell, systems, rounds));
    setting.say(parts.at(-1) ?? "");
  }
  for (const system of systems) await system.stop();
  return [MEANING, ...parts].join("\n\n");
}

function cellTable(
  { conns, size }: { readonly conns: number; readonly size: number },
  systems: readonly PlayersSystem[],
  rounds: readonly (readonly Measured[])[],
): string {
  const rows = systems.map(({ name }, index) => {
    const own = rounds[index] ?? [];
    const of = (field: keyof Measured): number => median(own.map((one) => one[field]));
    const ratios = own.map((one, round) => one.perSecond / (rounds[1]?.[round]?.perSecond ?? Number.NaN));
    return [
      name,
      number(of("perSecond")),
      number(of("p50Ms")),
      number(of("p99Ms")),
      number(of("doorUs")),
      number(of("userUs")),
      number(of("clientsUs")),
      ratio(median(ratios)),
    ];
  });
  const head = [
    "",
    "requests/s",
    "p50 ms",
    "p99 ms",
    "CPU µs/request: gateway or server",
    "user node",
    "clients",
    "of the bare echo",
  ];
  return `### ${conns.toLocaleString("en-US")} connections, text of ${size} bytes\n\n${table(head, rows)}`;
}
