/**
 * Takes the reports and joins of one activity inside one transaction: judges each, runs the kind's hooks in their order,
 * and writes once what all of them have left: the state, the rankings, the keys with their answers. What a hook throws,
 * but for a Refusal, is a KindFault, and undoes all of it. Changes nothing in memory.
 */

import type { Tx } from "#store/store.ts";
import type { NodeId } from "#wire/role.ts";
import type { ActivityContent } from "../content.ts";
import { faultOf } from "../kind_fault.ts";
import type { HookTerm, KindHooks } from "../kind_hooks.ts";
import { Refusal } from "./refusal.ts";
import type { JoinRequest, ReportOutcome, ReportRequest } from "./report_outcome.ts";
import { JOIN_PHASES, REPORT_PHASES, invalidReport } from "./report_outcome.ts";
import type { TakenJoin, TakenReport } from "./report_table.ts";
import { readJoins, readReports, writeJoins, writeReports } from "./report_table.ts";
import type { TermDraft } from "../ranks/term_draft.ts";
import { groupOf } from "../groups/term_groups.ts";
import type { TermRanks } from "../ranks/term_ranks.ts";
import { RunningState } from "./running_state.ts";
import type { TermPhase } from "../term.ts";
import { readState, writeState } from "../term_state.ts";

/** One that waits, from a shard. */
export type Asked =
  | { readonly kind: "report"; readonly shard: number; readonly request: ReportRequest }
  | { readonly kind: "join"; readonly shard: number; readonly request: JoinRequest };

export interface Taken {
  /** In the order of what was asked. */
  readonly outcomes: readonly ReportOutcome[];
  readonly draft: TermDraft | undefined;
}

interface Taking {
  readonly content: ActivityContent;
  readonly hooks: KindHooks;
  readonly draft: TermDraft | undefined;
  readonly atMs: number;
  /** Why nothing is taken. */
  readonly stopped: string | undefined;
  readonly joins: Map<string, TakenJoin>;
  readonly state: RunningState;
}

export class ReportTaker {
  readonly #owner: NodeId;
  readonly #ranks: TermRanks;

  constructor(options: { readonly owner: NodeId; readonly ranks: TermRanks }) {
    this.#owner = options.owner;
    this.#ranks = options.ranks;
  }

  /** Throws KindFault, and StoreError. */
  async take(
    tx: Tx,
    of: {
      readonly content: ActivityContent;
      readonly hooks: KindHooks;
      readonly stopped: string | undefined;
      readonly atMs: number;
    },
    asked: readonly Asked[],
  ): Promise<Taken> {
    const { content } = of;
    try {
      return await this.#take(tx, of, asked);
    } catch (error) {
      throw faultOf(error, { doing: "take reports", kind: content.kind });
    }
  }

  async #take(tx: Tx, of: Omit<Taking, "draft" | "joins" | "state">, asked: readonly Asked[]): Promise<Taken> {
    const { content, hooks } = of;
    const done = await this.#done(tx, content, asked);
    const key = { owner: this.#owner, term: content.term?.id ?? "" };
    const stateKey = { ...key, activity: content.id };
    // Of what takes nothing now, only answers of before are wanted.
    const isTaking = of.stopped === undefined && JOIN_PHASES.some((phase) => phase === content.phase);
    const draft = isTaking ? await this.#ranks.draft(tx, content, { isFrozen: false }) : undefined;
    const players = hooks.takesJoins ? [...new Set(asked.map(({ request }) => request.player))] : [];
    const taking: Taking = {
      ...of,
      draft,
      joins: new Map(content.term === undefined ? [] : await readJoins(tx, key, players)),
      state: new RunningState(hooks, isTaking && hooks.hasState ? await readState(tx, stateKey) : undefined),
    };
    const reports = new Map<string, { readonly asked: number; readonly player: string }>();
    const joins = new Map<string, { readonly asked: number; readonly shard: number }>();
    const outcomes = asked.map((ask, index): ReportOutcome | { readonly as: number } => {
      if (ask.kind === "join") {
        const first = isOfTerm(content, ask) ? joins.get(ask.request.player) : undefined;
        if (first !== undefined) return { as: first.asked };
        const outcome = this.#join(taking, ask);
        if (outcome.kind === "new") joins.set(ask.request.player, { asked: index, shard: ask.shard });
        return outcome.kind === "new" ? outcome.outcome : outcome;
      }
      const { key: reportKey, player } = ask.request;
      const first = isOfTerm(content, ask) ? reports.get(reportKey) : undefined;
      if (first !== undefined) return first.player === player ? { as: first.asked } : taken(reportKey);
      const known = done.get(termOf(content, ask))?.get(reportKey);
      if (known !== undefined) return known.player === player ? known.answer : taken(reportKey);
      const outcome = this.#report(taking, ask);
      if (outcome.kind === "ok" || outcome.kind === "refused") reports.set(reportKey, { asked: index, player });
      return outcome;
    });
    const fresh = new Set([...reports.values(), ...joins.values()].map((one) => one.asked));
    const final = withStandings(outcomes, { asked, draft, fresh });
    if (draft !== undefined && fresh.size > 0) {
      const answerTo = (one: { readonly asked: number }): ReportOutcome => final[one.asked] as ReportOutcome;
      await draft.note(tx, key);
      await draft.write(tx, key);
      if (taking.state.hasChanged) await writeState(tx, stateKey, taking.state.final());
      const takenReports = [...reports].map(([reportKey, one]) => {
        return { key: reportKey, player: one.player, answer: answerTo(one) };
      });
      await writeReports(tx, key, takenReports);
      const takenJoins = [...joins].map(([player, one]) => ({ player, shard: one.shard, answer: answerTo(one) }));
      await writeJoins(tx, key, takenJoins);
    }
    return { outcomes: final, draft };
  }

  /** What was taken before, by term and key: a request may name a term that is over. */
  async #done(
    tx: Tx,
    content: ActivityContent,
    asked: readonly Asked[],
  ): Promise<ReadonlyMap<string, ReadonlyMap<string, TakenReport>>> {
    const keys = new Map<string, string[]>();
    for (const ask of asked) {
      if (ask.kind !== "report") continue;
      const term = termOf(content, ask);
      const known = keys.get(term);
      if (known === undefined) keys.set(term, [ask.request.key]);
      else known.push(ask.request.key);
    }
    const found = new Map<string, ReadonlyMap<string, TakenReport>>();
    for (const [term, wanted] of keys) found.set(term, await readReports(tx, { owner: this.#owner, term }, wanted));
    return found;
  }

  #join(
    taking: Taking,
    ask: Asked & { readonly kind: "join" },
  ): ReportOutcome | { readonly kind: "new"; readonly outcome: ReportOutcome } {
    const { content, hooks, joins } = taking;
    const { player } = ask.request;
    const known =
      ask.request.term === undefined || ask.request.term === content.term?.id ? joins.get(player) : undefined;
    if (known !== undefined) return known.answer;
    if (!hooks.takesJoins) return { kind: "refused", detail: `activities of the kind "${content.kind}" take no joins` };
    const place = placeIn(taking, ask, JOIN_PHASES);
    if (place.kind !== "ok") return place;
    const { group } = place;
    const { shard } = ask;
    const outcome = this.#run(taking, { player, shard, group }, (term) => hooks.join(term, { player, shard, group }));
    if (outcome.kind !== "ok") return outcome;
    joins.set(player, { player, shard, answer: outcome });
    return { kind: "new", outcome };
  }

  #report(taking: Taking, ask: Asked & { readonly kind: "report" }): ReportOutcome {
    const { content, hooks, joins } = taking;
    if (!hooks.takesReports) {
      return { kind: "refused", detail: `activities of the kind "${content.kind}" take no reports` };
    }
    const place = placeIn(taking, ask, REPORT_PHASES);
    if (place.kind !== "ok") return place;
    const { player } = ask.request;
    if (hooks.takesJoins && !joins.has(player)) {
      return { kind: "not_joined", detail: `${player} has not joined "${content.id}"` };
    }
    const parsed = hooks.parseReport(ask.request.body);
    if (parsed.kind === "invalid") {
      const detail = parsed.issues.map(({ path, message }) => `${path}: ${message}`).join("; ");
      return { kind: "invalid", detail: `Cannot take report: ${detail}`, issues: parsed.issues };
    }
    const { body } = parsed;
    const { group } = place;
    const { shard } = ask;
    return this.#run(taking, { player, shard, group }, (term) => hooks.report(term, { player, shard, group, body }));
  }

  /** A Refusal undoes what this hook has done, and that alone. */
  #run(
    taking: Taking,
    by: { readonly player: string; readonly shard: number; readonly group: string },
    hook: (term: HookTerm) => unknown,
  ): ReportOutcome {
    const { content, draft, state, atMs } = taking;
    if (draft === undefined) throw new Error("a report of no term");
    try {
      const reply = hook({ content, state: state.value, ranks: draft.scope({ ...by, atMs }), atMs });
      state.keep();
      draft.keep();
      return { kind: "ok", reply, group: by.group, standings: [] };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      state.undo();
      draft.undo();
      return { kind: "refused", detail: error.message };
    }
  }
}

/** Where it is taken to, or why it is not taken. */
function placeIn(
  { content, stopped }: Taking,
  { shard, request }: Asked,
  allowed: readonly TermPhase[],
): { readonly kind: "ok"; readonly group: string } | Exclude<ReportOutcome, { readonly kind: "ok" }> {
  if (stopped !== undefined) return { kind: "stopped", detail: stopped };
  const { phase, term } = content;
  const isOther = request.term !== undefined && request.term !== term?.id;
  if (isOther || !allowed.some((one) => one === phase)) return { kind: "not_open", phase, allowed };
  const group = shard > 0 ? groupOf(content, shard) : undefined;
  if (group !== undefined) return { kind: "ok", group };
  return { kind: "no_group", detail: `shard ${shard} is in no group of this term of "${content.id}"` };
}

function taken(key: string): ReportOutcome {
  return invalidReport("key", `found ${key}, which another player has used; allowed: one that is unique in the term`);
}

/** Keys and players are of one term: what is asked for another one in the same batch is another thing. */
function isOfTerm(content: ActivityContent, ask: Asked): boolean {
  return termOf(content, ask) === (content.term?.id ?? "");
}

function termOf(content: ActivityContent, { request }: Asked): string {
  return request.term ?? content.term?.id ?? "";
}

/** Standings of what was done now; what was asked twice in the batch is answered as the first. */
function withStandings(
  outcomes: readonly (ReportOutcome | { readonly as: number })[],
  of: { readonly asked: readonly Asked[]; readonly draft: TermDraft | undefined; readonly fresh: ReadonlySet<number> },
): readonly ReportOutcome[] {
  const final: ReportOutcome[] = [];
  for (const [index, outcome] of outcomes.entries()) {
    if ("as" in outcome) final.push(final[outcome.as] as ReportOutcome);
    else if (outcome.kind !== "ok" || !of.fresh.has(index)) final.push(outcome);
    else {
      const player = of.asked[index]?.request.player ?? "";
      final.push({ ...outcome, standings: of.draft?.standings(outcome.group, player) ?? [] });
    }
  }
  return final;
}
