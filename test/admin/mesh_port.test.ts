/**
 * MeshAdminPort over real nodes on the simulator: the registry, links and routes, on a whole cluster and on broken ones.
 */

import { GATEWAYS_ASKED_MAX } from "#admin/mesh_registry.ts";
import { describe, expect, test } from "#test";
import { nodeId } from "#wire/role.ts";
import { CENTER, CENTER_2, CROSS_CENTER, CROSS_GATEWAY, GATEWAY, GATEWAY_2, MeshGround, TREE } from "./mesh_ground.ts";

const USER = nodeId("user", 101);
const CROSS_GATEWAY_2 = nodeId("cross_gateway", 2);
/** Silence is noticed, links are closed, the news is everywhere. */
const NOTICED_MS = 6_000;

describe("Mesh admin port: nodes", () => {
  test("a shard's leaf asks the cross gateway, and shows what every other node shows", async () => {
    const ground = new MeshGround();
    const seen = TREE.map((id) => ground.value(id, (port) => port.nodes()));
    for (const rows of seen) {
      expect(rows.map(({ id, gateway, shard, current }) => [id, gateway, shard, current])).toEqual([
        [GATEWAY, GATEWAY, 1, true],
        [GATEWAY_2, GATEWAY_2, 2, true],
        [CENTER, GATEWAY, 1, true],
        [CENTER_2, GATEWAY_2, 2, true],
        [CROSS_GATEWAY, CROSS_GATEWAY, 0, true],
        [CROSS_CENTER, CROSS_GATEWAY, 0, true],
      ]);
    }
    // The leaf itself knows no node of another shard.
    expect(ground.node(CENTER).mesh.directory.ofRole("center")).toEqual([]);
    await ground.dispose();
  });

  test("a cross gateway that is silent is not the only one that is asked", async () => {
    const ground = new MeshGround({ nodes: [...TREE, CROSS_GATEWAY_2], heartbeatMs: 5000 });
    const [asked] = ground.node(CENTER).mesh.directory.ofRole("cross_gateway");
    ground.freeze(asked?.id ?? CROSS_GATEWAY);
    const rows = ground.value(CENTER, (port) => port.nodes());
    expect(rows.map(({ id }) => id)).toEqual([
      GATEWAY,
      GATEWAY_2,
      CENTER,
      CENTER_2,
      CROSS_GATEWAY,
      CROSS_GATEWAY_2,
      CROSS_CENTER,
    ]);
    expect(GATEWAYS_ASKED_MAX).toBe(2);
    await ground.dispose();
  });

  test("a shard that is cut off shows its own part, as its gateway knows it", async () => {
    const ground = new MeshGround({ nodes: [...TREE, USER] });
    ground.kill(CROSS_GATEWAY);
    ground.run(NOTICED_MS);
    for (const id of [CENTER, GATEWAY, USER]) {
      const rows = ground.value(id, (port) => port.nodes());
      expect(rows.map((row) => [row.id, row.gateway, row.current])).toEqual([
        [GATEWAY, GATEWAY, true],
        [USER, GATEWAY, true],
        [CENTER, GATEWAY, true],
      ]);
    }
    await ground.dispose();
  });

  test("a leaf without its gateway shows itself", async () => {
    const ground = new MeshGround();
    ground.kill(GATEWAY);
    ground.run(NOTICED_MS);
    expect(ground.value(CENTER, (port) => port.nodes()).map(({ id }) => id)).toEqual([CENTER]);
    expect(ground.node(CENTER).ready()).toEqual({ ready: false, waitingFor: [`a link to ${GATEWAY}`] });
    await ground.dispose();
  });

  test("describe() is what the node says itself, and not_found for one that nobody knows", async () => {
    const ground = new MeshGround();
    const description = ground.value(CENTER, (port) => port.describe(CENTER_2));
    expect(description).toMatchObject({
      id: CENTER_2,
      shard: 2,
      boot: ground.node(CENTER_2).self.boot,
      policy: "gateway:2 silent for 4 s => ignore",
      modules: ["player_bag", "plain", "world_boss", "shard_contest", "arena_season", "ground"],
      links: [{ peer: GATEWAY_2, relation: "above", state: "up" }],
    });
    expect(ground.ask(CENTER, (port) => port.describe(USER))).toEqual({
      kind: "not_found",
      detail: "there is no node user:101 in the registry",
    });
    await ground.dispose();
  });
});

describe("Mesh admin port: links", () => {
  test("every link is told by both of its ends", async () => {
    const ground = new MeshGround();
    const { links, silent } = ground.value(CENTER, (port) => port.links(undefined));
    expect(silent).toEqual([]);
    const ends = links.map(({ node, relation, peer, state }) => `${node} has ${peer} ${relation}: ${state}`);
    expect(ends.toSorted()).toEqual(
      [
        [CENTER, GATEWAY],
        [CENTER_2, GATEWAY_2],
        [GATEWAY, CROSS_GATEWAY],
        [GATEWAY_2, CROSS_GATEWAY],
        [CROSS_CENTER, CROSS_GATEWAY],
      ]
        .flatMap(([low, high]) => [`${low} has ${high} above: up`, `${high} has ${low} below: up`])
        .toSorted(),
    );
    await ground.dispose();
  });

  test("of one node: its own; of none: not_found", async () => {
    const ground = new MeshGround();
    const { links } = ground.value(CENTER_2, (port) => port.links(CENTER));
    expect(links).toMatchObject([{ node: CENTER, peer: GATEWAY, address: "gateway-1:7000", state: "up" }]);
    expect(ground.ask(CENTER, (port) => port.links(USER)).kind).toBe("not_found");
    await ground.dispose();
  });

  test("one that is down says why and when it is tried again", async () => {
    const ground = new MeshGround();
    ground.kill(CROSS_GATEWAY);
    ground.run(NOTICED_MS);
    const { links } = ground.value(CENTER, (port) => port.links(GATEWAY));
    const up = links.find(({ peer }) => peer === CROSS_GATEWAY);
    expect(up).toMatchObject({ node: GATEWAY, relation: "above", lastError: "dial_failed: refused" });
    expect(["backing_off", "dialing"]).toContain(up?.state ?? "");
    expect(up?.attempt ?? 0).toBeGreaterThan(2);
    await ground.dispose();
  });

  test("a node that does not answer is named, and is an error when it was asked for alone", async () => {
    const ground = new MeshGround({ heartbeatMs: 5000 });
    ground.freeze(CENTER_2);
    const { links, silent } = ground.value(CENTER, (port) => port.links(undefined));
    expect(silent).toEqual([CENTER_2]);
    expect(links.some(({ node }) => node === CENTER_2)).toBe(false);
    expect(links.some(({ node, peer }) => node === GATEWAY_2 && peer === CENTER_2)).toBe(true);
    expect(ground.http(CENTER, "GET /api/links?node=center:2")).toMatchObject({
      status: 504,
      body: { type: "urn:kuafu:problem:timeout", code: "DEADLINE" },
    });
    await ground.dispose();
  });
});

describe("Mesh admin port: routes", () => {
  test("of the node that answers, and of another", async () => {
    const ground = new MeshGround();
    const own = ground.value(CENTER, (port) => port.routes(undefined)).routes;
    expect(own.map(({ target, via, distance }) => [target, via, distance])).toEqual([
      [GATEWAY, [GATEWAY], 1],
      [CROSS_GATEWAY, [GATEWAY], 2],
      [CROSS_CENTER, [GATEWAY], 3],
    ]);
    const other = ground.value(CENTER, (port) => port.routes(CROSS_GATEWAY)).routes;
    expect(other.map(({ target, via, distance }) => [target, via, distance])).toEqual([
      [GATEWAY, [GATEWAY], 1],
      [GATEWAY_2, [GATEWAY_2], 1],
      [CENTER, [GATEWAY], 2],
      [CENTER_2, [GATEWAY_2], 2],
      [CROSS_CENTER, [CROSS_CENTER], 1],
    ]);
    expect(ground.ask(CENTER, (port) => port.routes(USER)).kind).toBe("not_found");
    await ground.dispose();
  });

  test("with two cross gateways a shard gateway has two ways up", async () => {
    const ground = new MeshGround({ nodes: [...TREE, CROSS_GATEWAY_2] });
    const { routes } = ground.value(CENTER, (port) => port.routes(GATEWAY));
    const way = routes.find(({ target }) => target === CROSS_CENTER);
    expect(way?.via.toSorted()).toEqual([CROSS_GATEWAY, CROSS_GATEWAY_2]);
    await ground.dispose();
  });

  test("assignments name every shard, also on a leaf, and the config goes first", async () => {
    const second = nodeId("cross_center", 2);
    const map = nodeId("cross_map", 3);
    const ground = new MeshGround({
      nodes: [...TREE, second, map],
      assignment: {
        known: { cross_center: [1, 2], cross_map: [] },
        named: new Map([
          [2, { cross_center: 2 }],
          [9, { cross_map: 7 }],
        ]),
      },
    });
    const answers = [CENTER, GATEWAY_2, CROSS_CENTER].map((id) => ground.value(id, (port) => port.routes(undefined)));
    for (const { assignments } of answers) {
      expect(assignments).toMatchObject([
        { shard: 1, crossMap: map, from: "rendezvous" },
        { shard: 2, crossCenter: second, crossMap: map, from: "config" },
        { shard: 9, crossMap: nodeId("cross_map", 7), from: "config" },
      ]);
      expect([CROSS_CENTER, second]).toContain(assignments[0]?.crossCenter ?? CENTER);
    }
    await ground.dispose();
  });
});
