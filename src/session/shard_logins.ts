/**
 * The other nodes' side of presence: serves what the gateway tells, and forgets everybody when the death
 * policy says `clear_logins`. What the gateway believes comes back with the reconcile of the next link.
 */

import type { Log } from "#base/log.ts";
import type { Endpoint } from "#rpc/endpoint.ts";
import type { NodeId } from "#wire/role.ts";
import { LoginTable } from "./login_table.ts";
import { SessionContract } from "./session_contract.ts";

/** Who is logged in at this node, one by one. */
export interface LoginListener {
  /** Also when a newer session of the player has taken the place of an older one. */
  loggedIn(player: string): void;
  loggedOut(player: string): void;
}

export class ShardLogins {
  readonly #table = new LoginTable();
  readonly #log: Log;
  #listener: LoginListener | undefined;

  constructor(options: { readonly endpoint: Endpoint; readonly log: Log; readonly gateway: NodeId }) {
    this.#log = options.log;
    const { server } = options.endpoint;
    const fromGateway = (source: NodeId): void => {
      if (source !== options.gateway)
        throw new TypeError(`only ${options.gateway} may say who is logged in, not ${source}`);
    };
    server.serve(SessionContract.bind, (binding, { source }) => {
      fromGateway(source);
      this.#table.bind(binding);
      this.#listener?.loggedIn(binding.player);
      return {};
    });
    server.serve(SessionContract.unbind, (binding, { source }) => {
      fromGateway(source);
      this.#table.unbind(binding);
      if (this.sessionOf(binding.player) === undefined) this.#listener?.loggedOut(binding.player);
      return {};
    });
    server.serve(SessionContract.reconcile, (page, { source }) => {
      fromGateway(source);
      this.#changed(() => this.#table.reconcile(page));
      return { logins: this.#table.count };
    });
  }

  /** At most one; it hears what changes from now on. */
  listen(listener: LoginListener): void {
    this.#listener = listener;
  }

  #changed(change: () => void): void {
    const before = new Set(this.#listener === undefined ? [] : this.#table.players());
    change();
    if (this.#listener === undefined) return;
    for (const player of this.#table.players()) if (!before.delete(player)) this.#listener.loggedIn(player);
    for (const player of before) this.#listener.loggedOut(player);
  }

  get count(): number {
    return this.#table.count;
  }

  sessionOf(player: string): string | undefined {
    return this.#table.sessionOf(player);
  }

  clear(reason: string): void {
    const { count } = this.#table;
    this.#changed(() => this.#table.clear());
    this.#log.warn("logins cleared", { count, reason });
  }
}
