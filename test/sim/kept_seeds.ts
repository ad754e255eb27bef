/**
 * Seeds that have failed once. They are run before all others, for ever.
 */

/** Of state_sim.test.ts. */
export const KEPT_STATE_SEEDS: readonly number[] = [];
/** Of cluster_sim.test.ts. */
export const KEPT_CLUSTER_SEEDS: readonly number[] = [36, 92, 159, 165, 205, 482];
/** Of two_gateways.ts. */
export const KEPT_DENSE_SEEDS: readonly number[] = [45, 1881];
/** Of terms_sim.test.ts. */
export const KEPT_TERMS_SEEDS: readonly number[] = [39, 1097];
/** Of players_sim.test.ts. */
export const KEPT_PLAYERS_SEEDS: readonly number[] = [120, 1666];
