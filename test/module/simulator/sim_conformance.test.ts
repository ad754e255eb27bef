import { transportConformance } from "../../link/transport_conformance.ts";
import { makeWorld } from "./recorder.ts";

const VIRTUAL_MS_MAX = 600_000;

transportConformance("SimNetwork", () => {
  const { world, network } = makeWorld();
  return {
    server: network.transport(world.host("b").start()),
    client: network.transport(world.host("a").start()),
    address: { host: "b", port: 0 },
    manySize: 2 * 1024 * 1024,
    until: async (condition) => {
      if (!world.runUntil(condition, VIRTUAL_MS_MAX)) throw new Error("waited for what did not happen");
    },
  };
});
