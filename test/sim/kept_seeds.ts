/**
 * Seeds that have failed once. They are run before all others, for ever.
 */

/** Of state_sim.test.ts. */
export const KEPT_STATE_SEEDS: readonly number[] = [];
/** Of cluster_sim.test.ts. */
export const KEPT_CLUSTER_SEEDS: readonly number[] = [36, 92, 165];
