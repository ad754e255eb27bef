import { bunClock } from "../../src/runtime/bun_clock.ts";
import { BunTransport } from "../../src/runtime/bun_transport.ts";
import { transportConformance, untilReal } from "../link/transport_conformance.ts";
import { clockConformance } from "./clock_conformance.ts";

transportConformance("BunTransport", () => ({
  server: new BunTransport({ connsMax: 100 }),
  client: new BunTransport({ connsMax: 100 }),
  address: { host: "127.0.0.1", port: 0 },
  manySize: 24 * 1024 * 1024,
  until: untilReal,
}));

clockConformance("bunClock", { clock: bunClock, transport: () => new BunTransport({ connsMax: 10 }) });
