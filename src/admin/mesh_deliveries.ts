/**
 * Rewards and mails for the admin API. Of rewards every owner that is reachable is asked, or the one that is named; a
 * term is known to one of them, so that a replay may be asked of all. A shard's mails are asked of its center.
 */

import { DeliveryContract } from "#delivery/delivery_contract.ts";
import { MAILS_PAGE_MAX } from "#delivery/mail_table.ts";
import type { Node } from "#module/node.ts";
import { isCallError } from "#rpc/call_failure.ts";
import type { ReplyOf } from "#rpc/contract.ts";
import type { NodeId, NodeKey } from "#wire/role.ts";
import { keyOfId } from "#wire/role.ts";
import { fanOut } from "./fan_out.ts";
import type { MeshOwners } from "./mesh_owners.ts";
import { CHANGE_TIMEOUT_MS, NO_OWNER } from "./mesh_owners.ts";
import { ASK_TIMEOUT_MS, readRegistry } from "./mesh_registry.ts";
import type { AdminResult } from "./port.ts";
import type {
  DeliveriesQuery,
  DeliveryOverview,
  MailList,
  MailQuery,
  ReleaseRequest,
  ResendRequest,
  RewardsChange,
} from "./port_rewards.ts";

const NEVER_MS = Number.MAX_SAFE_INTEGER;

type Asked<T> =
  | { readonly kind: "answered"; readonly owner: NodeId; readonly reply: T }
  | { readonly kind: "silent"; readonly owner: NodeId; readonly error: Error };

type Outcome = ReplyOf<typeof DeliveryContract.resend>;

export class MeshDeliveries {
  readonly #node: Node;
  readonly #owners: MeshOwners;

  constructor(node: Node, owners: MeshOwners) {
    this.#node = node;
    this.#owners = owners;
  }

  async mails({ shard, player, after, limit = MAILS_PAGE_MAX }: MailQuery): Promise<AdminResult<MailList>> {
    const { rows } = await readRegistry(this.#node);
    const center = rows.find((row) => row.role === "center" && row.shard === shard)?.id;
    if (center === undefined) {
      return {
        kind: "unavailable",
        detail: `no center of shard ${shard} is reachable: it is down, merged, or never was`,
      };
    }
    const request = after === undefined ? { player, limit } : { player, limit, after };
    const to = { key: keyOfId(center) };
    const { mails, next } = await this.#node.endpoint.caller.call(DeliveryContract.mails, request, {
      to,
      timeoutMs: CHANGE_TIMEOUT_MS,
    });
    return { kind: "ok", changed: false, value: { node: center, mails, next } };
  }

  async deliveries({ owner, ...filter }: DeliveriesQuery): Promise<AdminResult<DeliveryOverview>> {
    const { caller } = this.#node.endpoint;
    const request = given(filter);
    const asked = await this.#ask(owner, (key) =>
      caller.call(DeliveryContract.deliveries, request, { to: { key }, timeoutMs: ASK_TIMEOUT_MS }),
    );
    if (asked.length === 0) return NO_OWNER;
    const answers = asked.flatMap((one) => (one.kind === "answered" ? [one] : []));
    const silent = asked.flatMap((one) => (one.kind === "silent" ? [one.owner] : []));
    if (answers.length === 0) return { kind: "unavailable", detail: `no owner answers: ${silent.join(", ")}` };
    const since = answers.flatMap(({ reply }) => reply.pendingSinceMs ?? []);
    return {
      kind: "ok",
      changed: false,
      value: {
        pending: answers.reduce((sum, { reply }) => sum + reply.pending, 0),
        held: answers.reduce((sum, { reply }) => sum + reply.held, 0),
        pendingSinceMs: since.length === 0 ? undefined : Math.min(...since),
        deliveries: answers
          .flatMap(({ owner: by, reply }) => reply.deliveries.map((one) => ({ owner: by, ...one })))
          .toSorted((a, b) => (a.pendingSinceMs ?? NEVER_MS) - (b.pendingSinceMs ?? NEVER_MS)),
        heldRewards: answers.flatMap(({ owner: by, reply }) => reply.heldRewards.map((one) => ({ owner: by, ...one }))),
        more: answers.some(({ reply }) => reply.more),
        silent,
      },
    };
  }

  resend({ owner, ...rest }: ResendRequest): Promise<AdminResult<RewardsChange>> {
    const request = given(rest);
    return this.#change(owner, (key) =>
      this.#node.endpoint.caller.call(DeliveryContract.resend, request, { to: { key }, timeoutMs: CHANGE_TIMEOUT_MS }),
    );
  }

  release({ owner, mail, ...rest }: ReleaseRequest): Promise<AdminResult<RewardsChange>> {
    const request = { ...given(rest), mail: { ...mail, items: [...mail.items] } };
    return this.#change(owner, (key) =>
      this.#node.endpoint.caller.call(DeliveryContract.release, request, { to: { key }, timeoutMs: CHANGE_TIMEOUT_MS }),
    );
  }

  async #change(
    owner: NodeId | undefined,
    change: (key: NodeKey) => Promise<Outcome>,
  ): Promise<AdminResult<RewardsChange>> {
    const asked = await this.#ask(owner, change);
    const outcomes = asked.flatMap((one) => (one.kind === "answered" ? [one.reply] : []));
    const done = outcomes.flatMap((outcome) => (outcome.kind === "ok" ? [outcome] : []));
    if (done.length > 0) {
      const count = done.reduce((sum, one) => sum + one.count, 0);
      const [{ ackedUntilMs } = { ackedUntilMs: undefined }] = done;
      const more = done.some((one) => one.more);
      return { kind: "ok", changed: count > 0, value: { count, more, ackedUntilMs } };
    }
    // An owner that did not answer may be the one that has it.
    for (const one of asked) if (one.kind === "silent") throw one.error;
    const refused = outcomes.find((outcome) => outcome.kind === "conflict") ?? outcomes[0];
    return refused === undefined || refused.kind === "ok" ? NO_OWNER : refused;
  }

  #ask<T>(owner: NodeId | undefined, ask: (key: NodeKey) => Promise<T>): Promise<readonly Asked<T>[]> {
    const owners = owner === undefined ? this.#owners.reachable() : [owner];
    return fanOut(owners, async (one): Promise<Asked<T>> => {
      try {
        return { kind: "answered", owner: one, reply: await ask(keyOfId(one)) };
      } catch (error) {
        if (!isCallError(error)) throw error;
        return { kind: "silent", owner: one, error };
      }
    });
  }
}

/** Without what is undefined, as a contract wants it. */
function given<T extends object>(values: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
}
