/**
 * Death of a shard node's own gateway, decided purely. Armed by the first welcome.
 *
 *   state     | input                     | next     | answer
 *   ----------+---------------------------+----------+------------------------
 *   unarmed   | welcome(boot)             | watching | none
 *   watching  | welcome(same boot)        | watching | none, silence forgotten
 *   watching  | welcome(other boot)       | watching | exit gateway_restarted
 *   watching  | goodbye(stopping)         | unarmed  | exit gateway_stopping
 *   watching  | tick, something received  | watching | none, silence forgotten
 *   watching  | tick, silent, below 4     | watching | none
 *   watching  | tick, silent, the 4th     | unarmed  | exit gateway_dead
 *
 * Ticks are the node's own, one per heartbeat interval, and only those that count (I/O was polled since the
 * one before). A link that ends and is made again by the same boot in time is no death.
 */

export const DEAD_TICKS = 4;

export type ExitReason = "gateway_stopping" | "gateway_restarted" | "gateway_dead";

export type DeathVerdict = { readonly kind: "none" } | { readonly kind: "exit"; readonly reason: ExitReason };

const NONE: DeathVerdict = { kind: "none" };

type State =
  { readonly kind: "unarmed" } | { readonly kind: "watching"; readonly boot: string; readonly silentTicks: number };

export class DeathWatch {
  #state: State = { kind: "unarmed" };

  welcome(boot: string): DeathVerdict {
    const before = this.#state;
    this.#state = { kind: "watching", boot, silentTicks: 0 };
    return before.kind === "watching" && before.boot !== boot ? { kind: "exit", reason: "gateway_restarted" } : NONE;
  }

  goodbye(stopping: boolean): DeathVerdict {
    if (!stopping || this.#state.kind === "unarmed") return NONE;
    this.#state = { kind: "unarmed" };
    return { kind: "exit", reason: "gateway_stopping" };
  }

  /** `heard`: the link is up and bytes came since the last counted tick. */
  tick(heard: boolean): DeathVerdict {
    if (this.#state.kind === "unarmed") return NONE;
    const silentTicks = heard ? 0 : this.#state.silentTicks + 1;
    if (silentTicks < DEAD_TICKS) {
      this.#state = { kind: "watching", boot: this.#state.boot, silentTicks };
      return NONE;
    }
    this.#state = { kind: "unarmed" };
    return { kind: "exit", reason: "gateway_dead" };
  }

  get isArmed(): boolean {
    return this.#state.kind === "watching";
  }
}

export type DeathPolicy = "exit" | "clear_logins" | "ignore";

/** For people, printed at start: "gateway:1 silent for 4 s => exit". */
export function policyText(gateway: string, options: { policy: DeathPolicy; heartbeatMs: number }): string {
  return `${gateway} silent for ${(options.heartbeatMs * DEAD_TICKS) / 1000} s => ${options.policy}`;
}
