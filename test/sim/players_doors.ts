/**
 * The doors of the players simulation: each gateway has a real one, in its own process, put together as src/run/players.ts
 * does it, with tokens that the run gives out. What it asks of its shard and what it pushes is written down.
 */

import { toHex } from "#base/digest.ts";
import { seededRandom } from "#base/random.ts";
import type { Log } from "#base/log.ts";
import type { SimProcess } from "#module/simulator/sim_process.ts";
import { serveDoor } from "#session/door_contract.ts";
import type { DoorLimits } from "#session/door_limits.ts";
import { DOOR_LIMITS } from "#session/door_limits.ts";
import { PlayerDoor } from "#session/player_door.ts";
import { tcpListenPlayers } from "#session/tcp_players.ts";
import type { TokenResult, TokenVerifier } from "#session/token.ts";
import * as v from "valibot";
import type { SessionBook } from "./session_book.ts";
import type { SimCluster, StartedNode } from "./sim_cluster.ts";
import { PLAYERS_PORT } from "./players_topology.ts";
import { hostOf } from "./topology.ts";

/** As src/run.ts has it: for requests that are under way. */
const STOP_MS = 3000;
/** Ends of connections, as doors count them. */
const ENDS: readonly string[] = ["idle", "kicked", "left", "lost", "replaced", "shutting_down", "slow_reader"];
const numbered = v.object({ n: v.number() });
const news = v.object({ news: v.number() });

export interface RunningDoor {
  readonly life: string;
  readonly process: SimProcess;
  readonly door: PlayerDoor;
}

export class PlayersDoors {
  readonly #cluster: () => SimCluster;
  readonly #book: SessionBook;
  readonly #limits: DoorLimits;
  readonly #tokens = new SimTokens();
  /** By node id, of those that are alive. */
  readonly #doors = new Map<string, RunningDoor>();

  constructor(options: {
    readonly cluster: () => SimCluster;
    readonly book: SessionBook;
    readonly sessionsMax: number | undefined;
  }) {
    this.#cluster = options.cluster;
    this.#book = options.book;
    this.#limits = { ...DOOR_LIMITS, sessionsMax: options.sessionsMax ?? DOOR_LIMITS.sessionsMax };
  }

  get sessionsMax(): number {
    return this.#limits.sessionsMax;
  }

  token(player: string, isExpired: boolean): string {
    return this.#tokens.issue(player, isExpired);
  }

  /** Of a gateway that is alive and has one. */
  doorOf(gateway: string): RunningDoor | undefined {
    const running = this.#doors.get(gateway);
    return running?.process.isAlive === true ? running : undefined;
  }

  all(): readonly RunningDoor[] {
    return [...this.#doors.values()].filter(({ process }) => process.isAlive);
  }

  /** Called in the process of a node; answers what ends before the node does. */
  started({ spec, process, life, node }: StartedNode): ((detail: string) => Promise<void>) | undefined {
    const { sessions, playerGateway: router } = node;
    if (sessions === undefined || router === undefined) return undefined;
    const { network, world, ledger } = this.#cluster();
    const { clock, random } = process;
    const line: Log["info"] = (phrase, data) => world.note(hostOf(spec.id), phrase, data);
    const door = new PlayerDoor({
      ...{ clock, random, presence: sessions, verifier: this.#tokens, limits: this.#limits },
      log: { debug: line, info: line, warn: line, error: line },
      counters: node.counters,
      router: {
        request: async (request) => {
          const parsed = v.safeParse(numbered, request.body);
          if (!parsed.success) return await router.request(request);
          const { session, player } = request;
          const answered = this.#book.asks({ session, player, n: parsed.output.n });
          const answer = await router.request(request);
          answered(answer);
          return answer;
        },
      },
      maintenance: { isOn: false, whiteList: [] },
    });
    serveDoor(door, node.endpoint.server);
    const listener = tcpListenPlayers(network.transport(process), clock)(
      { host: hostOf(spec.id), port: PLAYERS_PORT },
      (conn) => door.accept(conn),
    );
    router.open({
      push: (player, type, body) => {
        const session = door.find(player).session?.id;
        const parsed = v.safeParse(news, body);
        if (session !== undefined && parsed.success) this.#book.pushes(session, player, parsed.output.news);
        return door.push(player, type, body);
      },
      players: () => door.players(),
    });
    process.onEnd(() => {
      for (const end of ENDS) ledger.count(`door:${end}`, node.counters.get(`session.conn_ended:${end}`));
    });
    this.#doors.set(spec.id, { life, process, door });
    return async () => {
      listener.close();
      await door.stop(STOP_MS);
    };
  }
}

/** Tokens as a login service would give them out: nobody can make one up. */
class SimTokens implements TokenVerifier {
  readonly #random = seededRandom(1);
  readonly #issued = new Map<string, { readonly player: string; readonly isExpired: boolean }>();

  issue(player: string, isExpired: boolean): string {
    const token = `${player}:${toHex(this.#random.bytes(8))}`;
    this.#issued.set(token, { player, isExpired });
    return token;
  }

  verify(token: string): Promise<TokenResult> {
    return Promise.resolve(this.#judge(token));
  }

  #judge(token: string): TokenResult {
    const found = this.#issued.get(token);
    if (found === undefined) return { kind: "refused", code: "bad_token", detail: "nobody has given it out" };
    if (found.isExpired) return { kind: "refused", code: "token_expired", detail: "its time is over" };
    return { kind: "ok", player: found.player };
  }
}
