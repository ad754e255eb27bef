/**
 * A simulated world with the ledger of what must hold in it: a callback that throws is a violation.
 */

import { SimWorld } from "#module/simulator/sim_world.ts";
import { drain } from "./drain.ts";
import { Ledger } from "./ledger.ts";

export function judgedWorld(seed: number): { readonly world: SimWorld; readonly ledger: Ledger } {
  const known: { ledger: Ledger | undefined } = { ledger: undefined };
  const world = new SimWorld({
    seed,
    drain,
    onFault: (who, fault) => {
      const stack = fault instanceof Error ? (fault.stack ?? String(fault)) : String(fault);
      known.ledger?.violation(`a callback of ${who} has thrown: ${stack}`);
    },
  });
  const ledger = new Ledger(world);
  known.ledger = ledger;
  return { world, ledger };
}
