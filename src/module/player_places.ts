/**
 * Where players are, as modules ask and say it: calls to the gateway of the shard, which alone knows. Keeps nothing.
 */

import { PlayerContract } from "#session/player_contract.ts";
import type { PlayerOf } from "#session/session_table.ts";
import type { NodeId } from "#wire/role.ts";
import type { CallTarget, EnteredMap, PlayerPlace, Target } from "./module_node.ts";

export class PlayerPlaces {
  readonly #call: CallTarget;
  readonly #shard: number;

  constructor(options: { readonly call: CallTarget; readonly shard: number }) {
    this.#call = options.call;
    this.#shard = options.shard;
  }

  async whereis(player: string, shard = this.#shard): Promise<PlayerPlace | undefined> {
    const { session, map } = await this.#call(PlayerContract.whereis, { player }, { to: { role: "gateway", shard } });
    return session === undefined ? undefined : { session, map };
  }

  async enter({ player, session }: PlayerOf, map: NodeId): Promise<EnteredMap> {
    return await this.#call(PlayerContract.enterMap, { player, session, map }, this.#toOwn());
  }

  async leave({ player, session }: PlayerOf, map: NodeId | undefined): Promise<{ readonly left: boolean }> {
    return await this.#call(PlayerContract.leaveMap, { player, session, map }, this.#toOwn());
  }

  #toOwn(): { readonly to: Target } {
    return { to: { role: "gateway", shard: this.#shard } };
  }
}
