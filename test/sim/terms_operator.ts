/**
 * The operator of the terms simulation: makes the activities, and asks for verbs with keys from any node, each until it
 * is answered. Some are asked again under their key, and must be answered as they were the first time.
 */

import { ActivityContract } from "#activity/activity_contract.ts";
import type { CreateRequest } from "#activity/outcome.ts";
import { isCallError } from "#rpc/call_failure.ts";
import type { Method, ReplyOf, RequestOf } from "#rpc/contract.ts";
import type { NodeId } from "#wire/role.ts";
import { keyOfId } from "#wire/role.ts";
import type { TermsWorld } from "./terms_world.ts";

const RETRY_MS = 900;
const CALL_MS = 3000;
/** Of verbs that were answered. */
const AGAIN_SHARE = 0.3;
const EXTEND_MS = 8000;
const VERBS = [
  "open",
  "open",
  "next",
  "next",
  "close",
  "preview",
  "recall",
  "reopen",
  "extend",
  "cancel",
  "remove",
] as const;

/** Of verbs and of cancel. */
type VerbReply =
  | {
      readonly kind: "ok";
      readonly value?: { readonly version: string; readonly phase: string } | undefined;
      readonly changed: boolean;
    }
  | { readonly kind: "not_found" | "conflict" | "invalid"; readonly detail: string };

interface Order<M extends Method> {
  readonly method: M;
  readonly owner: string;
  readonly request: RequestOf<M>;
  readonly what: string;
  readonly done: (reply: ReplyOf<M>) => void;
}

export class TermsOperator {
  readonly #terms: TermsWorld;
  readonly #activities: readonly { readonly owner: string; readonly request: CreateRequest }[];
  #orders = 0;
  #isRunning = true;

  constructor(terms: TermsWorld, activities: readonly { readonly owner: string; readonly request: CreateRequest }[]) {
    this.#terms = terms;
    this.#activities = activities;
  }

  start(everyMs: number): void {
    const { world } = this.#terms.cluster;
    for (const { owner, request } of this.#activities) this.#create(owner, request);
    const again = (): void => {
      if (!this.#isRunning) return;
      this.#verb();
      world.after(this.#terms.random.unit() * 2 * everyMs, again);
    };
    world.after(everyMs, again);
  }

  stop(): void {
    this.#isRunning = false;
  }

  /** Asks what still runs by hand to go on, until it is over. */
  closeAll(): void {
    this.#isRunning = false;
    for (const { owner, request } of this.#activities) {
      const life = this.#terms.awake(owner);
      const view = life?.node.node.activities?.owner.get(request.id);
      const isOver = view === undefined || ["scheduled", "closed", "cancelled"].includes(view.phase);
      if (!isOver && view.next === undefined) this.#order(owner, { id: request.id, verb: "next", from: view.phase });
    }
  }

  /** Again, while it names shards that its owner has not heard of. */
  #create(owner: string, request: CreateRequest): void {
    const { ledger, random, cluster } = this.#terms;
    const made = request as RequestOf<typeof ActivityContract.create>;
    const done = (reply: ReplyOf<typeof ActivityContract.create>): void => {
      ledger.count(`create:${reply.kind}`);
      if (reply.kind === "ok") return;
      // Its windows are over, or nodes still hold it as it was.
      if (reply.kind === "invalid" && reply.issues.some(({ path }) => path.startsWith("schedule"))) return;
      if (reply.kind === "invalid" && reply.issues.every(({ path }) => path.startsWith("groups"))) {
        cluster.world.after(RETRY_MS * (0.5 + random.unit()), () => this.#create(owner, request));
      } else ledger.violation(`${request.id} is not made: ${reply.detail}`);
    };
    this.#ask({ method: ActivityContract.create, owner, request: made, what: `create ${request.id}`, done });
  }

  #verb(): void {
    const of = this.#terms.pick(this.#activities);
    const verb = this.#terms.pick(VERBS) ?? "open";
    // What runs by itself is left alone more often.
    if (of === undefined || (of.request.schedule?.kind !== "manual" && this.#terms.random.unit() < 0.7)) return;
    const { owner, request } = of;
    const { id } = request;
    this.#orders += 1;
    const key = `order:${this.#orders}`;
    if (verb === "cancel") {
      if (this.#terms.random.unit() < 0.5) return;
      const ask = { id, key };
      const again = this.#answered(`cancel ${id}`, () => this.#ask(order));
      const order = { method: ActivityContract.cancel, owner, request: ask, what: `cancel ${id}`, done: again };
      this.#ask(order);
    } else if (verb === "extend") {
      const nowMs = this.#terms.cluster.world.host(owner.replace(":", "-")).wallMs();
      const ask = { id, key, closesAtMs: Math.floor(nowMs + EXTEND_MS * (0.5 + this.#terms.random.unit())) };
      const again = this.#answered(`extend ${id}`, () => this.#ask(order));
      const order = { method: ActivityContract.extend, owner, request: ask, what: `extend ${id}`, done: again };
      this.#ask(order);
    } else if (verb === "remove") this.#remove(owner, request);
    else this.#order(owner, { id, verb, key });
  }

  /** Of what is over; some are made again. */
  #remove(owner: string, request: CreateRequest): void {
    const { ledger, random } = this.#terms;
    if (random.unit() < 0.5) return;
    const done = ({ kind }: { readonly kind: string }): void => {
      ledger.count(`remove:${kind}`);
      if (kind === "ok" && this.#isRunning && random.unit() < 0.7) this.#create(owner, request);
    };
    const { id } = request;
    this.#ask({ method: ActivityContract.remove, owner, request: { id }, what: `remove ${id}`, done });
  }

  #order(owner: string, request: RequestOf<typeof ActivityContract.verb>): void {
    const what = `${request.verb} ${request.id}`;
    const again = this.#answered(what, () => this.#ask(order));
    const order = { method: ActivityContract.verb, owner, request, what, done: again };
    this.#ask(order);
  }

  /** The same key is answered the same again, once it has done something. */
  #answered(what: string, again: () => void): (reply: VerbReply) => void {
    let first: string | undefined;
    return (reply) => {
      const { ledger, random } = this.#terms;
      const verb = what.split(" ", 1)[0] ?? "";
      ledger.count(`${verb}:${reply.kind === "ok" ? (reply.changed ? "changed" : "ok") : reply.kind}`);
      const isDone = reply.kind === "ok" && reply.changed;
      const text = reply.kind === "ok" ? `ok ${reply.value?.version} ${reply.value?.phase}` : reply.kind;
      if (first !== undefined && text !== first) {
        ledger.violation(`${what} under its key again is answered ${text}, was ${first}`);
      }
      if (isDone) first = text;
      if (reply.kind === "invalid" && verb !== "extend") ledger.violation(`${what} is invalid: ${reply.detail}`);
      if (this.#isRunning && first !== undefined && random.unit() < AGAIN_SHARE) again();
    };
  }

  /** From some node, and then from another one, until somebody answers. */
  #ask<M extends Method>(order: Order<M>): void {
    const { ledger, cluster, random } = this.#terms;
    const { world } = cluster;
    const later = (): void => void world.after(RETRY_MS * (0.5 + random.unit()), () => this.#ask(order));
    const from = this.#terms.pick(cluster.lives);
    if (from === undefined || this.#terms.awake(from.spec.id) === undefined) return later();
    let isAnswered = false;
    const { caller } = from.node.node.endpoint;
    from.process.deliver(() => {
      const to = { key: keyOfId(order.owner as NodeId) };
      caller.call(order.method, order.request, { to, timeoutMs: CALL_MS }).then(
        (reply) => {
          isAnswered = true;
          order.done(reply);
        },
        (error: unknown) => {
          isAnswered = true;
          if (isCallError(error)) later();
          else ledger.violation(`${order.what} of ${order.owner} fails: ${String(error)}`);
        },
      );
    });
    from.process.onEnd(() => {
      if (!isAnswered) later();
    });
  }
}
