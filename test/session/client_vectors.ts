/**
 * The committed vectors of the players' protocol, typed. Tests read the file and never the functions that made it.
 */

import vectorsJson from "./vectors/client.json" with { type: "json" };
import type { ClientVectors } from "./vectors/make_client.ts";

export const CLIENT_VECTORS = vectorsJson as ClientVectors;
