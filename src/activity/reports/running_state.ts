/**
 * The state of a term while hooks change it in place, one after another: what the last one has done can be undone, and
 * that alone. Costs one encoding for each hook of a kind that has a state, and nothing for one that has none.
 */

import { equalBytes } from "#base/digest.ts";
import { packBody, unpackBody } from "#wire/body.ts";
import type { KindHooks } from "../kind_hooks.ts";

export class RunningState {
  readonly #hooks: Pick<KindHooks, "hasState" | "stateOf">;
  readonly #first: Uint8Array;
  #kept: Uint8Array;
  #value: unknown;

  /** `stored`: what was kept of it; undefined before the first. Throws when that does not fit the schema. */
  constructor(hooks: Pick<KindHooks, "hasState" | "stateOf">, stored: unknown) {
    this.#hooks = hooks;
    this.#value = hooks.hasState ? hooks.stateOf(stored) : undefined;
    this.#first = this.#pack();
    this.#kept = this.#first;
  }

  /** For the next hook. */
  get value(): unknown {
    return this.#value;
  }

  get hasChanged(): boolean {
    return !equalBytes(this.#first, this.#kept);
  }

  /** What was done until now stays. Throws BodyError for a state that is no plain data. */
  keep(): void {
    if (this.#hooks.hasState) this.#kept = this.#pack();
  }

  /** Back to the last `keep`. */
  undo(): void {
    if (this.#hooks.hasState) this.#value = this.#hooks.stateOf(unpackBody(this.#kept));
  }

  /** Throws when it does not fit its schema any more. */
  final(): unknown {
    return this.#hooks.stateOf(this.#value);
  }

  #pack(): Uint8Array {
    return packBody(this.#value).slice();
  }
}
