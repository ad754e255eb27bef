/**
 * Activity kinds: what a module says about an activity that it brings: its config, the phases that a term of it goes
 * through, and what its owner does at each of them.
 */

import type { InferOutput } from "valibot";
import { getDotPath, safeParse } from "valibot";
import type { ActivityContent } from "#activity/content.ts";
import type { ParsedConfig, PhaseEntry } from "#activity/outcome.ts";
import type { TermPhase } from "#activity/term.ts";
import { PHASES_DEFAULT, TERM_PHASES, inOrder } from "#activity/term.ts";
import type { Schema } from "#rpc/contract.ts";

/** A term that enters a phase, for the hook on its owner. */
export interface OwnerTerm<Config = unknown, State = unknown> {
  /** Id of the activity. */
  readonly activity: string;
  /** 32 hex digits: one run of the activity. */
  readonly term: string;
  /** 1 for the first term. */
  readonly number: number;
  readonly phase: TermPhase | "cancelled";
  readonly config: Config;
  /** What the hooks of this term have left; what the hook returns or changes in it is kept with the phase. */
  readonly state: State;
}

export interface ActivityKind<Config extends Schema = Schema, State extends Schema = Schema> {
  /** [a-z][a-z0-9_]*, unique among the kinds of a cluster. */
  readonly name: string;
  readonly config: Config;
  readonly state: State | undefined;
  /** In order, with `open` and `closed` among them. */
  readonly phases: readonly TermPhase[];
  readonly onPhase: ((term: OwnerTerm) => unknown) | undefined;
}

export type ConfigOf<Kind extends ActivityKind> = InferOutput<Kind["config"]>;

export interface ActivityOptions<Config extends Schema, State extends Schema> {
  /** Validates what an operator passes at creation, on the owner. */
  readonly config: Config;
  /** Of one term, on its owner. A term begins with what the schema makes of `{}`. At most 256 KiB as MessagePack. */
  readonly state?: State;
  /** A subset of preview, signup, open, settling, reward, show and closed. Default: open and closed. */
  readonly phases?: readonly TermPhase[];
  /**
   * Runs on the owner when a term enters a phase, inside the transaction that keeps the phase: at least once for each
   * (term, phase), and what it leaves in `state` exactly once. Change `term.state`, or return another one. What it
   * throws, and a state that does not fit the schema, undoes the change and stops this activity, with an alarm.
   */
  readonly onPhase?: (term: OwnerTerm<InferOutput<Config>, InferOutput<State>>) => unknown;
}

/**
 * Declares a kind of activity. Throws TypeError for a name that is not [a-z][a-z0-9_]*, for phases without `open` and
 * `closed`, and for a state whose schema refuses `{}`.
 */
export function activity<const Config extends Schema, const State extends Schema = Schema>(
  name: string,
  options: ActivityOptions<Config, State>,
): ActivityKind<Config, State> {
  const cannot = (found: string): TypeError => new TypeError(`Cannot declare activity kind ${name}: ${found}`);
  if (!/^[a-z][a-z0-9_]*$/.test(name)) throw cannot(`name is "${name}", allowed is [a-z][a-z0-9_]*`);
  const given = options.phases ?? PHASES_DEFAULT;
  const phases = inOrder(given);
  const strange = given.find((phase) => !TERM_PHASES.includes(phase));
  if (strange !== undefined) throw cannot(`phase is "${String(strange)}", allowed are ${TERM_PHASES.join(", ")}`);
  if (!phases.includes("open") || !phases.includes("closed")) throw cannot("its phases need open and closed");
  const { state } = options;
  if (state !== undefined && !safeParse(state, {}).success) {
    throw cannot("its state's schema refuses {}, which a term begins with: give its entries defaults");
  }
  return {
    name,
    config: options.config,
    state,
    phases,
    onPhase: options.onPhase as ((term: OwnerTerm) => unknown) | undefined,
  };
}

/** Validates a config; paths are below `config`. */
export function parseKindConfig(kind: ActivityKind, input: unknown): ParsedConfig {
  const parsed = safeParse(kind.config, input);
  if (parsed.success) return { kind: "ok", config: parsed.output };
  return {
    kind: "invalid",
    issues: parsed.issues.map((issue) => ({
      path: ["config", getDotPath(issue)].filter((part) => part !== null).join("."),
      message: issue.message,
    })),
  };
}

/** Runs the kind's hook for a phase; answers the state afterwards, undefined for a kind that has none. */
export async function enterPhaseOf(kind: ActivityKind, entry: PhaseEntry): Promise<unknown> {
  const { onPhase } = kind;
  if (onPhase === undefined) return undefined;
  const state = kind.state === undefined ? undefined : stateOf(kind, entry.state ?? {});
  const term = ownerTerm(entry.content, state);
  if (term === undefined) return undefined;
  const left = await onPhase(term);
  return kind.state === undefined ? undefined : stateOf(kind, left ?? term.state);
}

function ownerTerm(content: ActivityContent, state: unknown): OwnerTerm | undefined {
  if (content.phase === "scheduled") return undefined;
  const { id, config, phase, term } = content;
  return { activity: id, term: term.id, number: term.number, phase, config, state };
}

function stateOf(kind: ActivityKind, value: unknown): unknown {
  if (kind.state === undefined) return undefined;
  const parsed = safeParse(kind.state, value);
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  throw new TypeError(`its state does not fit its schema: ${getDotPath(issue) ?? "state"}: ${issue.message}`);
}
