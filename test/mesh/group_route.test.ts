import { describe, expect, test } from "#test";
import type { LinkRelation } from "#link/link_port.ts";
import { Directory } from "#mesh/directory.ts";
import { groupCopies } from "#mesh/group_route.ts";
import type { Role } from "#wire/role.ts";
import { NUMBER_EVERY } from "#wire/role.ts";
import { FakeLink, every, frame, key, node } from "./harness.ts";
import { Network } from "./network.ts";

type Line = readonly [peer: string, relation: LinkRelation, ...news: string[]];

/** A plan in words: "local", "via peer shard:number". */
function plan(
  self: string,
  lines: readonly Line[],
  ask: { readonly from?: string; readonly source?: string; readonly role: Role; readonly shard?: number },
): string[] {
  const identity = node(self);
  const directory = new Directory({ self: identity.key, emit: () => {} });
  const links = new Map(
    lines.map(([peer, relation, ...news]) => {
      const link = new FakeLink(peer, relation);
      directory.linkUp(link);
      for (const word of news) {
        const [gateway = "", ...nodes] = word.split(" ");
        directory.word(link, gateway, {
          hops: gateway === peer ? 0 : 1,
          nodes: [gateway, ...nodes].map((id) => node(id)),
        });
      }
      return [link.peer.key, link];
    }),
  );
  const from = ask.from === undefined ? undefined : links.get(key(ask.from));
  const uplink = [...links.values()].find((link) => link.relation === "above");
  const { local, copies } = groupCopies({
    self: identity,
    from,
    source: key(ask.source ?? ask.from ?? self),
    target: every(ask.role),
    shard: ask.shard ?? 0,
    links,
    directory,
    uplink,
    nextHop: (target) => {
      const next = links.get(target) ?? directory.get(target)?.paths[0]?.link;
      const peers = from?.relation === "peer" && next?.relation === "peer";
      return next === from || peers ? undefined : (next as FakeLink | undefined);
    },
  });
  const text = copies.map(
    (copy) => `${copy.link.peer.id} shard ${copy.shard} number ${copy.number === NUMBER_EVERY ? "every" : copy.number}`,
  );
  return local ? ["local", ...text] : text;
}

const GATEWAY: readonly Line[] = [
  ["cross_gateway:1", "above"],
  ["center:3", "below"],
  ["user:301", "below"],
  ["user:302", "below"],
];
const CROSS: readonly Line[] = [
  ["gateway:3", "below", "gateway:3 center:3 user:301"],
  ["gateway:4", "below", "gateway:4 center:4"],
  ["cross_center:1", "below"],
  ["cross_gateway:2", "peer", "cross_gateway:2 cross_center:2", "gateway:5 center:5"],
];

describe("groupCopies: a leaf", () => {
  test("sends its own by one uplink and passes nothing on", () => {
    const lines: readonly Line[] = [["gateway:3", "above"]];
    expect(plan("center:3", lines, { role: "user" })).toEqual(["gateway:3 shard 0 number every"]);
    expect(plan("center:3", lines, { role: "center", shard: 4 })).toEqual(["gateway:3 shard 4 number every"]);
    expect(plan("center:3", lines, { from: "gateway:3", source: "user:301", role: "center", shard: 3 })).toEqual([
      "local",
    ]);
    expect(plan("center:3", lines, { from: "gateway:3", source: "user:301", role: "user", shard: 3 })).toEqual([]);
  });
});

describe("groupCopies: a shard gateway", () => {
  test("gives its shard's groups to its nodes but the sender, and nobody else", () => {
    for (const source of ["user:301", "center:3"]) {
      expect(plan("gateway:3", GATEWAY, { from: source, role: "user", shard: 3 })).toEqual(
        ["user:301", "user:302"].filter((id) => id !== source).map((id) => `${id} shard 3 number every`),
      );
    }
  });

  test("gives groups of all shards to its nodes and one uplink", () => {
    const copies = [
      "user:301 shard 3 number every",
      "user:302 shard 3 number every",
      "cross_gateway:1 shard 0 number every",
    ];
    expect(plan("gateway:3", GATEWAY, { role: "user" })).toEqual(copies);
    expect(plan("gateway:3", GATEWAY, { from: "center:3", role: "user" })).toEqual(copies);
  });

  test("gives groups of another shard and of the cross tier to one uplink", () => {
    expect(plan("gateway:3", GATEWAY, { from: "center:3", role: "user", shard: 4 })).toEqual([
      "cross_gateway:1 shard 4 number every",
    ]);
    expect(plan("gateway:3", GATEWAY, { from: "center:3", role: "cross_center" })).toEqual([
      "cross_gateway:1 shard 0 number every",
    ]);
  });

  test("gives what came from above to its own shard's nodes alone", () => {
    const from = { from: "cross_gateway:1", source: "center:5" };
    expect(plan("gateway:3", GATEWAY, { ...from, role: "center", shard: 3 })).toEqual([
      "center:3 shard 3 number every",
    ]);
    for (const shard of [0, 4]) expect(plan("gateway:3", GATEWAY, { ...from, role: "center", shard })).toEqual([]);
  });

  test("is itself one of every gateway", () => {
    expect(
      plan("gateway:3", GATEWAY, { from: "cross_gateway:1", source: "center:5", role: "gateway", shard: 3 }),
    ).toEqual(["local"]);
    expect(plan("gateway:3", GATEWAY, { from: "center:3", role: "gateway" })).toEqual([
      "local",
      "cross_gateway:1 shard 0 number every",
    ]);
    expect(plan("gateway:3", GATEWAY, { role: "gateway" })).toEqual(["cross_gateway:1 shard 0 number every"]);
  });
});

describe("groupCopies: a cross gateway", () => {
  test("gives each shard one copy, but none to the one that it came from", () => {
    const all = [
      "gateway:3 shard 3 number every",
      "gateway:4 shard 4 number every",
      "cross_gateway:2 shard 5 number every",
    ];
    expect(plan("cross_gateway:1", CROSS, { from: "cross_center:1", role: "center" })).toEqual(all);
    expect(plan("cross_gateway:1", CROSS, { role: "center" })).toEqual(all);
    expect(plan("cross_gateway:1", CROSS, { from: "gateway:3", source: "center:3", role: "center" })).toEqual(
      all.slice(1),
    );
  });

  test("gives one shard's group towards its gateway, wherever it came from", () => {
    expect(plan("cross_gateway:1", CROSS, { from: "gateway:3", role: "user", shard: 4 })).toEqual([
      "gateway:4 shard 4 number every",
    ]);
    expect(
      plan("cross_gateway:1", CROSS, { from: "cross_gateway:2", source: "center:5", role: "user", shard: 4 }),
    ).toEqual(["gateway:4 shard 4 number every"]);
    expect(plan("cross_gateway:1", CROSS, { from: "gateway:3", role: "user", shard: 5 })).toEqual([
      "cross_gateway:2 shard 5 number every",
    ]);
    expect(plan("cross_gateway:1", CROSS, { from: "gateway:3", role: "user", shard: 9 })).toEqual([]);
  });

  test("spreads nothing to all that came from a peer", () => {
    for (const role of ["center", "cross_center"] as const) {
      expect(plan("cross_gateway:1", CROSS, { from: "cross_gateway:2", source: "center:5", role })).toEqual([]);
    }
  });

  test("gives each node of the cross tier a copy with its number, but the sender", () => {
    expect(plan("cross_gateway:1", CROSS, { from: "gateway:3", role: "cross_center" })).toEqual([
      "cross_center:1 shard 0 number 1",
      "cross_gateway:2 shard 0 number 2",
    ]);
    expect(plan("cross_gateway:1", CROSS, { from: "cross_center:1", role: "cross_center" })).toEqual([
      "cross_gateway:2 shard 0 number 2",
    ]);
  });

  test("is itself one of every cross gateway", () => {
    expect(plan("cross_gateway:1", CROSS, { from: "gateway:3", role: "cross_gateway" })).toEqual([
      "local",
      "cross_gateway:2 shard 0 number 2",
    ]);
  });
});

/** Two cross gateways that peer. Shards 3 and 4 have both, 5 the first one, 6 the second one alone. */
const LINES = [
  "cross_gateway:1 cross_gateway:2",
  "gateway:3 cross_gateway:1 cross_gateway:2",
  "gateway:4 cross_gateway:2 cross_gateway:1",
  "gateway:5 cross_gateway:1",
  "gateway:6 cross_gateway:2",
  ...[3, 4, 5, 6].flatMap((shard) => [
    `center:${shard} gateway:${shard}`,
    `user:${shard}01 gateway:${shard}`,
    `user:${shard}02 gateway:${shard}`,
    `map:${shard}01 gateway:${shard}`,
  ]),
  "cross_center:1 cross_gateway:1 cross_gateway:2",
  "cross_center:2 cross_gateway:2",
  "cross_map:1 cross_gateway:1",
  "statistic:1 cross_gateway:1 cross_gateway:2",
  "admin:1 cross_gateway:2",
];

describe("two cross gateways that peer", () => {
  const network = new Network(LINES);
  const ids = [...network.nodes.keys()];
  const roles = [...new Set([...network.nodes.values()].map((one) => one.self.role))];

  test("whoever casts to every node of a role, each of them but itself gets exactly one copy", () => {
    for (const from of ids) {
      for (const role of roles) {
        const wanted = ids.filter((id) => id !== from && id.startsWith(`${role}:`));
        if (wanted.length === 0) continue;
        network.send(from, frame({ kind: "cast", from, to: every(role) }));
        expect([from, role, network.deliveries()]).toEqual([
          from,
          role,
          Object.fromEntries(wanted.map((id) => [id, 1])),
        ]);
      }
    }
  });

  test("whoever casts to a role of one shard, its nodes but itself get exactly one copy and no others do", () => {
    for (const from of ids) {
      for (const role of ["gateway", "user", "center", "map"] as const) {
        for (const shard of [3, 6]) {
          const wanted = ids.filter(
            (id) => id !== from && id.startsWith(`${role}:`) && network.at(id).self.shard === shard,
          );
          if (wanted.length === 0) continue;
          network.send(from, frame({ kind: "cast", from, to: every(role), targetShard: shard }));
          expect([from, role, shard, network.deliveries()]).toEqual([
            from,
            role,
            shard,
            Object.fromEntries(wanted.map((id) => [id, 1])),
          ]);
        }
      }
    }
  });

  test("everybody's call to everybody arrives once", () => {
    for (const from of ids) {
      for (const to of ids.filter((id) => id !== from)) {
        network.send(from, frame({ from, to }));
        expect([from, network.deliveries()]).toEqual([from, { [to]: 1 }]);
      }
    }
  });

  test("nothing was dropped or refused on the way", () => {
    for (const one of network.nodes.values()) expect([one.self.id, one.counters.all()]).toEqual([one.self.id, {}]);
    for (const one of network.nodes.values())
      expect(one.events.filter((text) => text.startsWith("refused"))).toEqual([]);
  });
});

describe("two cross gateways after a cut", () => {
  test("a shard that has lost one of its uplinks is reached over the other, exactly once", () => {
    const network = new Network(LINES);
    network.cut("gateway:3", "cross_gateway:1");
    network.run();
    for (const from of ["center:3", "center:5", "cross_center:1", "cross_map:1"]) {
      network.send(from, frame({ kind: "cast", from, to: every("user") }));
      const users = [3, 4, 5, 6].flatMap((shard) => [`user:${shard}01`, `user:${shard}02`]);
      expect([from, network.deliveries()]).toEqual([from, Object.fromEntries(users.map((id) => [id, 1]))]);
      network.send(from, frame({ from, to: "user:301" }));
      expect([from, network.deliveries()]).toEqual([from, { "user:301": 1 }]);
    }
  });

  test("without the peer link a gateway answers for what it cannot reach, and nothing goes round in circles", () => {
    const network = new Network(LINES);
    network.cut("cross_gateway:1", "cross_gateway:2");
    network.run();
    network.send("cross_map:1", frame({ from: "cross_map:1", to: "center:6", callerTag: 1, callId: 1 }));
    expect(network.deliveries()).toEqual({});
    expect(network.at("cross_map:1").directory.get(key("center:6"))).toEqual(undefined);
    network.send("cross_map:1", frame({ from: "cross_map:1", to: "center:4", callerTag: 1, callId: 1 }));
    expect(network.deliveries()).toEqual({ "center:4": 1 });
  });

  test("a node that is gone is NO_ROUTE at its own gateway or at a cross gateway, never a loop", () => {
    const network = new Network(LINES);
    network.cut("center:4", "gateway:4");
    network.run();
    for (const from of ["center:3", "user:401", "user:501", "gateway:6"]) {
      network.send(from, frame({ from, to: "center:4", callerTag: 1, callId: 1 }));
      expect([from, network.deliveries()]).toEqual([from, { [from]: 1 }]);
    }
  });
});
