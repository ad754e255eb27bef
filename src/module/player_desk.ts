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
import type { Method, ReplyOf, RequestOf } from "#rpc/contract.ts";
import { issueText } from "#rpc/issue_text.ts";
import { packBody, unpackBody } from "#wire/body.ts";
import type { Identity } from "#wire/identity.ts";
import type { CallErrorCode } from "#wire/call_error.ts";
import type { CallTarget } from "./module_node.ts";
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
  readonly call: CallTarget;
}

export function playerDesk({ self, owned, isHere, call }: PlayerDeskOptions): PlayerAccess {
  const unavailable = (method: Method, code: PlayerDataErrorCode, detail: string): CallError =>
    new CallError({ code: CALL_CODES[code], at: self.id, sent: true, method: method.name, detail });
  /** `work` where this node owns the player, else what its owner answers to the call. */
  const ask = async <M extends AskedMethod, T>(
    method: M,
    request: RequestOf<M> & { readonly player: string },
    by: { readonly work: (owner: OwnedPlayerData) => Promise<T>; readonly of: (answer: Answered<M>) => T },
  ): Promise<T> => {
    const { player } = request;
    if (owned === undefined || !isHere(player)) {
      const to = { player, shard: self.shard };
      const answer: ReplyOf<AskedMethod> = await call<AskedMethod>(method, request, { to, timeoutMs: TIMEOUT_MS });
      if (answer.kind === "unavailable") throw unavailable(method, answer.code, answer.detail);
      return by.of(answer as Answered<M>);
    }
    try {
      return await by.work(owned);
    } catch (error) {
      throw error instanceof PlayerDataError ? unavailable(method, error.code, error.message) : error;
    }
  };
  const { read, change, ledger, claim } = PlayerDataContract;
  return {
    read: (player) =>
      ask(read, { player }, { work: async ({ data }) => ownView(await data.read(player)), of: ({ view }) => view }),
    change: async (player, wanted) => {
      // Wherever it is done: a fault of the caller is thrown at the caller.
      ownChange(player, wanted);
      return await ask(
        change,
        { player, change: wanted },
        {
          work: ({ data }) => data.change(player, wanted),
          of: (answer) => {
            if (answer.kind === "invalid") throw new ChangeFault(answer.detail);
            return answer;
          },
        },
      );
    },
    ledger: async (player, { before, limit = LEDGER_PAGE_MAX } = {}) => {
      const query = { player, before, limit };
      const asked = v.safeParse(ledger.request, query);
      if (!asked.success) throw new TypeError(`Cannot read ledger: ${issueText(asked.issues[0], "query")}`);
      return await ask(ledger, query, { work: ({ data }) => data.ledger(query), of: ({ page }) => page });
    },
    mails: (player, { after, limit = MAILS_LISTED } = {}) => {
      const to = { role: "center", shard: self.shard } as const;
      return call(DeliveryContract.mails, { player, after, limit }, { to, timeoutMs: TIMEOUT_MS });
    },
    claimMail: (player, mail) =>
      ask(claim, { player, mail }, { work: ({ claims }) => claims.claim(player, mail), of: (answer) => answer }),
  };
}

type AskedMethod = (typeof PlayerDataContract)["read" | "change" | "ledger" | "claim"];
type Answered<M extends AskedMethod> = Exclude<ReplyOf<M>, { readonly kind: "unavailable" }>;

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
