/** Bun's sockets with TLS are a transport like any other. Skipped without openssl, which makes the certificates. */

import { describe } from "#test";
import { join } from "node:path";
import type { Transport } from "#link/transport.ts";
import { BunTransport } from "../../src/runtime/bun_transport.ts";
import { transportConformance, untilReal } from "../link/transport_conformance.ts";
import { hasOpenssl, TestAuthority } from "./certificates.ts";
import { cleanFolders, temporaryFolder } from "./temporary_folder.ts";

const NAME = "node.test";

function secured(): () => Transport {
  const authority = new TestAuthority(join(temporaryFolder(), "ca"));
  authority.sign("node", { names: [NAME] });
  const texts = authority.texts("node");
  cleanFolders();
  return () => {
    const transport = new BunTransport({ connsMax: 100 }).secured(texts);
    return {
      listen: (address, accept) => transport.listen(address, accept),
      dial: (address, handler) => transport.dial(address, handler, NAME),
    };
  };
}

describe.skipIf(!hasOpenssl)("over TLS", () => {
  const made = hasOpenssl ? secured() : () => new BunTransport({ connsMax: 1 });
  transportConformance("BunTransport", () => ({
    server: made(),
    client: made(),
    address: { host: "127.0.0.1", port: 0 },
    manySize: 16 * 1024 * 1024,
    until: untilReal,
  }));
});
