/**
 * Logins that a shard node believes in: pure. Filled by its gateway, emptied by `clear`, brought in line by
 * reconcile pages, which take effect together with the last one, and only if none of their run is missing.
 */

import type { Binding } from "./session_table.ts";

export class LoginTable {
  #logins = new Map<string, string>();
  #staged: Map<string, string> | undefined;
  #run = 0;
  #nextPage = 0;

  get count(): number {
    return this.#logins.size;
  }

  /** The session of a player who is logged in. */
  sessionOf(player: string): string | undefined {
    return this.#logins.get(player);
  }

  players(): string[] {
    return [...this.#logins.keys()];
  }

  bind(binding: Binding): void {
    this.#logins.set(binding.player, binding.session);
    this.#staged?.set(binding.player, binding.session);
  }

  unbind(binding: Binding): void {
    for (const table of [this.#logins, this.#staged]) {
      if (table?.get(binding.player) === binding.session) table.delete(binding.player);
    }
  }

  /** Drops every login; returns how many there were. */
  clear(): number {
    const count = this.#logins.size;
    this.#logins.clear();
    this.#staged = undefined;
    return count;
  }

  /** Pages of everything that the gateway believes. After a gap all wait for the next first one. */
  reconcile(part: {
    readonly run: number;
    readonly page: number;
    readonly pages: number;
    readonly bindings: readonly Binding[];
  }): void {
    if (part.page === 0) {
      this.#staged = new Map();
      this.#run = part.run;
      this.#nextPage = 0;
    }
    const staged = this.#staged;
    if (staged === undefined || part.run !== this.#run || part.page !== this.#nextPage) {
      this.#staged = undefined;
      return;
    }
    for (const binding of part.bindings) staged.set(binding.player, binding.session);
    this.#nextPage += 1;
    if (this.#nextPage < part.pages) return;
    this.#logins = staged;
    this.#staged = undefined;
  }
}
