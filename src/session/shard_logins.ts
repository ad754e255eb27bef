/**
 * The other nodes' side of presence: serves what the gateway tells, and forgets everybody when the death
 * policy says `clear_logins`. What the gateway believes comes back with the reconcile of the next link.
 */

import type { Log } from "#base/log.ts";
import type { Endpoint } from "#rpc/endpoint.ts";
import type { NodeId } from "#wire/role.ts";
import { LoginTable } from "./login_table.ts";
import { SessionContract } from "./session_contract.ts";

export class ShardLogins {
  readonly #table = new LoginTable();
  readonly #log: Log;

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
      return {};
    });
    server.serve(SessionContract.unbind, (binding, { source }) => {
      fromGateway(source);
      this.#table.unbind(binding);
      return {};
    });
    server.serve(SessionContract.reconcile, (page, { source }) => {
      fromGateway(source);
      this.#table.reconcile(page);
      return { logins: this.#table.count };
    });
  }

  get count(): number {
    return this.#table.count;
  }

  sessionOf(player: string): string | undefined {
    return this.#table.sessionOf(player);
  }

  clear(reason: string): void {
    const count = this.#table.clear();
    this.#log.warn("logins cleared", { count, reason });
  }
}
