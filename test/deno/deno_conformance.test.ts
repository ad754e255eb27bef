import { denoClock } from "../../src/runtime/deno_clock.ts";
import { DenoTransport } from "../../src/runtime/deno_transport.ts";
import { transportConformance, untilReal } from "../link/transport_conformance.ts";
import { clockConformance } from "../runtime/clock_conformance.ts";

transportConformance("DenoTransport", () => ({
  server: new DenoTransport({ connsMax: 100 }),
  client: new DenoTransport({ connsMax: 100 }),
  address: { host: "127.0.0.1", port: 0 },
  manySize: 24 * 1024 * 1024,
  until: untilReal,
}));

clockConformance("denoClock", { clock: denoClock, transport: () => new DenoTransport({ connsMax: 10 }) });
