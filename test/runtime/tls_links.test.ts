/**
 * Links between two hubs on real sockets with TLS: who gets a link, and by which reason, counter and line the others
 * are told why not.
 */

import { afterEach, describe, expect, test } from "#test";
import { connect } from "node:net";
import { join } from "node:path";
import { HANDSHAKE_MS_MAX } from "#link/handshake.ts";
import type { CloseReason } from "#link/link_port.ts";
import type { TlsTexts } from "#link/tls.ts";
import type { Transport } from "#link/transport.ts";
import { bunClock } from "../../src/runtime/bun_clock.ts";
import { BunTransport } from "../../src/runtime/bun_transport.ts";
import { OTHER_KEY, World } from "../link/harness.ts";
import type { Line, TestNode } from "../link/harness.ts";
import { hasOpenssl, TestAuthority } from "./certificates.ts";
import { cleanFolders, temporaryFolder } from "./temporary_folder.ts";

const WAIT_MS_MAX = 10_000;
const GATEWAY = "gateway-1.test";
const CENTER = "center-1.test";

interface Texts {
  readonly gateway: TlsTexts;
  readonly center: TlsTexts;
  readonly otherCenter: TlsTexts;
  readonly expired: TlsTexts;
  readonly strangeGateway: TlsTexts;
  readonly strangeCenter: TlsTexts;
  /** Trusts both CAs, as while one is exchanged for the other. */
  readonly openGateway: TlsTexts;
  /** Signed by one that our CA has signed, which comes along, or does not. */
  readonly chained: TlsTexts;
  readonly unchained: TlsTexts;
  /** Signed by a node. */
  readonly forged: TlsTexts;
}

function makeTexts(): Texts {
  const folder = temporaryFolder();
  const ours = new TestAuthority(join(folder, "ours"));
  const others = new TestAuthority(join(folder, "others"));
  ours.sign("gateway", { names: [GATEWAY] });
  ours.sign("center", { names: [CENTER] });
  ours.sign("other", { names: ["center-2.test"] });
  ours.sign("expired", { names: [GATEWAY, CENTER], days: -1 });
  others.sign("gateway", { names: [GATEWAY] });
  others.sign("center", { names: [CENTER] });
  ours.sign("middle", { names: [], isAuthority: true });
  ours.sign("chained", { names: [CENTER], by: "middle" });
  ours.sign("forged", { names: [CENTER], by: "other" });
  const gateway = ours.texts("gateway");
  const chained = ours.texts("chained");
  const forged = ours.texts("forged");
  const made = {
    openGateway: { ...gateway, authority: others.texts("gateway").authority + gateway.authority },
    chained: { ...chained, certificate: chained.certificate + ours.texts("middle").certificate },
    unchained: chained,
    forged: { ...forged, certificate: forged.certificate + ours.texts("other").certificate },
    gateway: ours.texts("gateway"),
    center: ours.texts("center"),
    otherCenter: ours.texts("other"),
    expired: ours.texts("expired"),
    strangeGateway: others.texts("gateway", ours),
    strangeCenter: others.texts("center", ours),
  };
  cleanFolders();
  return made;
}

const NONE: TlsTexts = { certificate: "", key: "", authority: "" };
const TEXTS: Texts = hasOpenssl
  ? makeTexts()
  : {
      gateway: NONE,
      center: NONE,
      otherCenter: NONE,
      expired: NONE,
      strangeGateway: NONE,
      strangeCenter: NONE,
      openGateway: NONE,
      chained: NONE,
      unchained: NONE,
      forged: NONE,
    };

const open: TestNode[] = [];

function transportOf(texts: TlsTexts | undefined): Transport {
  const plain = new BunTransport({ connsMax: 100 });
  return texts === undefined ? plain : plain.secured(texts);
}

/** Without texts: no TLS. */
function meet(
  gatewayTexts: TlsTexts | undefined,
  centerTexts: TlsTexts | undefined,
  centerKey?: Uint8Array,
): { readonly gateway: TestNode; readonly center: TestNode } {
  const world = new World();
  const clock = bunClock;
  const gateway = world.node({ role: "gateway", number: 1 }, { clock, transport: transportOf(gatewayTexts) });
  const keys = centerKey === undefined ? {} : { keys: [centerKey] };
  const center = world.node({ role: "center", number: 1 }, { clock, transport: transportOf(centerTexts), ...keys });
  open.push(center, gateway);
  center.hub.dial({ role: "gateway", number: 1 }, gateway.address);
  return { gateway, center };
}

function until(condition: () => boolean, what: () => unknown): Promise<void> {
  const lastMs = performance.now() + WAIT_MS_MAX;
  return new Promise((resolve, reject) => {
    const look = (): void => {
      if (condition()) resolve();
      else if (performance.now() > lastMs) reject(new Error(`Cannot wait any longer: ${JSON.stringify(what())}`));
      else setImmediate(look);
    };
    look();
  });
}

function refusals(node: TestNode): readonly Line[] {
  return node.lines.filter((line) => line.phrase === "conn refused" || line.phrase === "dial failed");
}

/** The first line of a node about a conn that came to nothing. */
async function told(node: TestNode): Promise<{ readonly reason: unknown; readonly detail: string }> {
  await until(
    () => refusals(node).length > 0,
    () => node.lines,
  );
  const data = refusals(node)[0]?.data ?? {};
  return { reason: data["reason"], detail: String(data["detail"]) };
}

describe.skipIf(!hasOpenssl)("Links over TLS", () => {
  afterEach(() => {
    for (const node of open.splice(0)) node.hub.close();
  });

  test("come up when each end shows a certificate of its own node", async () => {
    const { gateway, center } = meet(TEXTS.gateway, TEXTS.center);
    await until(
      () => gateway.hub.links().length === 1 && center.hub.links().length === 1,
      () => [gateway.lines, center.lines],
    );
    expect([gateway.record.heard, center.record.heard]).toEqual([["up center:1"], ["up gateway:1"]]);
    expect([...refusals(gateway), ...refusals(center)]).toEqual([]);
  });

  test("come up with a certificate of either CA of the file, and with one between it and the CA", async () => {
    for (const [gatewayTexts, centerTexts] of [
      [TEXTS.openGateway, TEXTS.strangeCenter],
      [TEXTS.openGateway, TEXTS.center],
      [TEXTS.gateway, TEXTS.chained],
    ] as const) {
      const { gateway } = meet(gatewayTexts, centerTexts);
      await until(
        () => gateway.hub.links().length === 1,
        () => gateway.lines,
      );
      for (const node of open.splice(0)) node.hub.close();
    }
  });

  test("are not waited for longer than for any stranger: who never begins with TLS is closed in time", async () => {
    const world = new World();
    const gateway = world.node({ role: "gateway", number: 1 }, { transport: transportOf(TEXTS.gateway) });
    open.push(gateway);
    let isClosed = false;
    const socket = connect(gateway.address.port, gateway.address.host, () => undefined);
    socket.on("close", () => (isClosed = true));
    socket.on("error", () => undefined);
    socket.resume();
    await until(
      () => gateway.hub.unprovedCount === 1,
      () => gateway.lines,
    );
    world.clock.run(HANDSHAKE_MS_MAX);
    await until(
      () => isClosed && gateway.hub.unprovedCount === 0,
      () => gateway.lines,
    );
    expect((await told(gateway)).reason).toBe("handshake_timeout");
  });

  test("do not replace the cluster key", async () => {
    const { gateway, center } = meet(TEXTS.gateway, TEXTS.center, OTHER_KEY);
    expect((await told(gateway)).reason).toBe("bad_proof");
    expect((await told(center)).reason).toBe("refused");
    expect(gateway.record.heard).toEqual([]);
  });

  const REFUSED: readonly (readonly [
    what: string,
    gateway: TlsTexts | undefined,
    center: TlsTexts | undefined,
    /** Who says which reason, and what is in its line. */
    at: "gateway" | "center",
    reason: CloseReason,
    detail: string,
  ])[] = [
    [
      "a dialler of another CA",
      TEXTS.gateway,
      TEXTS.strangeCenter,
      "gateway",
      "bad_certificate",
      "is not signed by our CA",
    ],
    [
      "an acceptor of another CA",
      TEXTS.strangeGateway,
      TEXTS.center,
      "center",
      "bad_certificate",
      "is not signed by our CA",
    ],
    [
      "a dialler whose certificate has expired",
      TEXTS.gateway,
      TEXTS.expired,
      "gateway",
      "bad_certificate",
      "has expired",
    ],
    [
      "an acceptor whose certificate has expired",
      TEXTS.expired,
      TEXTS.center,
      "center",
      "bad_certificate",
      "has expired",
    ],
    [
      "a dialler with the certificate of another node",
      TEXTS.gateway,
      TEXTS.otherCenter,
      "gateway",
      "bad_certificate",
      "center:1 shows a certificate for center-2.test, not for center-1.test",
    ],
    [
      "an acceptor with the certificate of another node",
      TEXTS.otherCenter,
      TEXTS.center,
      "center",
      "bad_certificate",
      "is for center-2.test, not for gateway-1.test",
    ],
    [
      "a dialler without the certificates between its own and the CA",
      TEXTS.gateway,
      TEXTS.unchained,
      "gateway",
      "bad_certificate",
      "is not signed by our CA",
    ],
    [
      "a dialler that another node has signed",
      TEXTS.gateway,
      TEXTS.forged,
      "gateway",
      "bad_certificate",
      "or one that signed it, is for another purpose",
    ],
    ["a dialler without TLS", TEXTS.gateway, undefined, "gateway", "tls_failed", "speaks no TLS"],
    ["an acceptor without TLS", undefined, TEXTS.center, "center", "tls_failed", "it may speak none"],
  ];
  for (const [what, gatewayTexts, centerTexts, at, reason, detail] of REFUSED) {
    test(`are refused to ${what}: ${reason}, at the end that sees it, and no link at either`, async () => {
      const nodes = meet(gatewayTexts, centerTexts);
      const said = await told(nodes[at]);
      expect(said).toEqual({ reason, detail: expect.stringContaining(detail) });
      expect(nodes[at].counters.get(`link.closed:${reason}`)).toBeGreaterThan(0);
      // The other end hears that nothing came of it, whatever it can know.
      await until(
        () => nodes.center.hub.status()[0]?.lastError !== undefined,
        () => nodes.center.lines,
      );
      expect([nodes.gateway.record.heard, nodes.center.record.heard]).toEqual([[], []]);
    });
  }

  test("tell a dialler by name that its certificate is another node's", async () => {
    const { center } = meet(TEXTS.gateway, TEXTS.otherCenter);
    const { reason, detail } = await told(center);
    expect([reason, detail]).toEqual([
      "refused",
      "bad_certificate: center:1 shows a certificate for center-2.test, not for center-1.test",
    ]);
  });

  test("that were refused for the certificate of the dialler let it guess why", async () => {
    for (const texts of [TEXTS.strangeCenter, TEXTS.expired]) {
      const { center } = meet(TEXTS.gateway, texts);
      const { reason, detail } = await told(center);
      expect(["peer_closed", "bad_certificate"]).toContain(String(reason));
      expect(detail).toContain("not take our certificate");
    }
  });

  test("are tried again, and come up once the certificate is good", async () => {
    const { gateway, center } = meet(TEXTS.gateway, TEXTS.strangeCenter);
    await told(gateway);
    center.hub.close();
    const better = new World().node(
      { role: "center", number: 1 },
      { clock: bunClock, transport: transportOf(TEXTS.center) },
    );
    open.push(better);
    better.hub.dial({ role: "gateway", number: 1 }, gateway.address);
    await until(
      () => gateway.hub.links().length === 1,
      () => gateway.lines,
    );
    expect(gateway.record.heard).toEqual(["up center:1"]);
  });
});
