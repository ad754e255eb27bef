/**
 * A planted fault: one exact change of one source file, the rule that it breaks, and the suites that could notice, the
 * fastest layer first. `find` must be in the file exactly once, or the mutant is refused: it would prove nothing.
 */

export interface Mutant {
  readonly name: string;
  readonly rule: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  readonly suites: readonly Suite[];
}

export interface Suite {
  readonly layer: "unit" | "simulation";
  readonly files: readonly string[];
  /** Tests of these names alone. */
  readonly only?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

export function unit(...files: readonly string[]): Suite {
  return { layer: "unit", files: files.map((file) => `test/${file}.test.ts`) };
}

/** Links and topics on two cross gateways, few seeds. */
export const STATE_SIM: Suite = {
  layer: "simulation",
  files: ["test/sim/two_gateways_0.test.ts"],
  environment: { SEEDS: "30" },
};

/** A whole cluster, few seeds. */
export const CLUSTER_SIM: Suite = {
  layer: "simulation",
  files: ["test/sim/cluster_sim.test.ts"],
  only: "keeps its promises",
  environment: { SEEDS: "20" },
};

/** Activities in full, few seeds. */
export const TERMS_SIM: Suite = {
  layer: "simulation",
  files: ["test/sim/terms_sim.test.ts"],
  only: "happen once",
  environment: { SEEDS: "15" },
};

/** Players at their doors, few seeds. */
export const PLAYERS_SIM: Suite = {
  layer: "simulation",
  files: ["test/sim/players_sim.test.ts"],
  only: "keep what they were granted",
  environment: { SEEDS: "15" },
};
