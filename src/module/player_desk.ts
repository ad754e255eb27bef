/**
 * Players' data as modules ask for it, on any node of a shard: where this node owns the player it is asked here, else its
 * `user` node is called. Decides nothing about the data.
 */

import * as v from "valibot";
import { DeliveryContract } from "#delivery/delivery_contract.ts";
import { LEDGER_PAGE_MAX } from "#player/ledger_table.ts";
import { ChangeFault } from "#player/change_fault.ts";
import { ownChange } from "#player/player_change.ts";
import { PlayerDataContract } from "#player/player_data_contract.ts";
import type { PlayerDataErrorCode } from "#player/player_data_error.ts";
import { PlayerDataError } from "#player/player_data_error.ts";
import type { PlayerView, Profile } from "#player/player_record.ts";
import { CallError } from "#rpc/call_failure.ts";
import type { CallOptions } from "#rpc/caller.ts";
import type { Method, ReplyOf, RequestOf } from "#rpc/contract.ts";
import { issueText } from "#rpc/issue_text.ts";
import { packBody, unpackBody } from "#wire/body.ts";
import type { Identity } from "#wire/identity.ts";
import type { CallErrorCode } from "#wire/call_error.ts";
import type { Target } from "./module_node.ts";
import type { PlayerAccess } from "./player_access.ts";
import type { OwnedPlayerData } from "./owned_player_data.ts";

const MAILS_LISTED = 50;
const TIMEOUT_MS = 5_000;

export interface PlayerDeskOptions {
  readonly self: Identity;
  /** Undefined: this node owns no players. */
  readonly owned: OwnedPlayerData | undefined;
  /** Is this node the one that serves the player now? */
  readonly isHere: (player: string) => boolean;
  readonly call: <M extends Method>(
    method: M,
    request: RequestOf<M>,
    options: CallOptions & { readonly to: Target },
  ) => Promise<ReplyOf<M>>;
}

export function playerDesk(options: PlayerDeskOptions): PlayerAccess {
  const { self, owned, isHere, call } = options;
  const here = (player: string): OwnedPlayerData | undefined => (isHere(player) ? owned : undefined);
  const to = (player: string): CallOptions & { readonly to: Target } => ({
    to: { player, shard: self.shard },
    timeoutMs: TIMEOUT_MS,
  });
  const unavailable = (method: Method, code: PlayerDataErrorCode, detail: string, at = self.id): CallError =>
    new CallError({ code: CALL_CODES[code], at, sent: true, method: method.name, detail });
  const local = async <T>(method: Method, work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (error) {
      if (error instanceof PlayerDataError) throw unavailable(method, error.code, error.message);
      throw error;
    }
  };
  return {
    read: async (player) => {
      const method = PlayerDataContract.read;
      const owner = here(player);
      if (owner !== undefined) return ownView(await local(method, () => owner.data.read(player)));
      const answer = await call(method, { player }, to(player));
      if (answer.kind === "unavailable") throw unavailable(method, answer.code, answer.detail);
      return answer.view;
    },
    change: async (player, change) => {
      const method = PlayerDataContract.change;
      // Wherever it is done: a fault of the caller is thrown at the caller.
      ownChange(player, change);
      const owner = here(player);
      if (owner !== undefined) return await local(method, () => owner.data.change(player, change));
      const answer = await call(method, { player, change }, to(player));
      if (answer.kind === "unavailable") throw unavailable(method, answer.code, answer.detail);
      if (answer.kind === "invalid") throw new ChangeFault(answer.detail);
      return answer;
    },
    ledger: async (player, { before, limit = LEDGER_PAGE_MAX } = {}) => {
      const method = PlayerDataContract.ledger;
      const asked = v.safeParse(method.request, { player, before, limit });
      if (!asked.success) throw new TypeError(`Cannot read ledger: ${issueText(asked.issues[0], "query")}`);
      const owner = here(player);
      if (owner !== undefined) return await local(method, () => owner.data.ledger({ player, before, limit }));
      const answer = await call(method, { player, before, limit }, to(player));
      if (answer.kind === "unavailable") throw unavailable(method, answer.code, answer.detail);
      return answer.page;
    },
    mails: async (player, { after, limit = MAILS_LISTED } = {}) =>
      await call(
        DeliveryContract.mails,
        { player, after, limit },
        { to: { role: "center", shard: self.shard }, timeoutMs: TIMEOUT_MS },
      ),
    claimMail: async (player, mail) => {
      const method = PlayerDataContract.claim;
      const owner = here(player);
      if (owner !== undefined) return await local(method, () => owner.claims.claim(player, mail));
      const answer = await call(method, { player, mail }, to(player));
      if (answer.kind === "unavailable") throw unavailable(method, answer.code, answer.detail);
      return answer;
    },
  };
}

/** As it would come from another node: whatever becomes of it, what this node holds stays as it is. */
function ownView(view: PlayerView): PlayerView {
  const { profile, bag } = view;
  const uniques = bag.uniques.map((unique) => ({ ...unique, data: copyOf(unique.data) }));
  return { ...view, profile: copyOf(profile) as Profile, bag: { ...bag, uniques } };
}

function copyOf(value: unknown): unknown {
  return typeof value === "object" && value !== null ? unpackBody(packBody(value)) : value;
}

/** Each of these says that it was not executed. */
const CALL_CODES: Readonly<Record<PlayerDataErrorCode, CallErrorCode>> = {
  deadline: "OVERLOADED",
  fenced: "OVERLOADED",
  overloaded: "OVERLOADED",
  store: "OVERLOADED",
  closed: "DRAINING",
  refused: "NO_ROUTE",
};
