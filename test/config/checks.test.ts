import { describe, expect, test } from "#test";
import { configOf, faultsOf, HEAD, WHOLE } from "./parsed.ts";

/** HEAD and nodes, each a line of keys. */
function nodes(...lines: readonly string[]): string {
  const tables = lines.map((line) => {
    const [table, rest] = line.startsWith("remote ") ? ["remote", line.slice(7)] : ["node", line];
    return `[[${table}]]\n${rest.split("; ").join("\n")}\n`;
  });
  return HEAD + tables.join("");
}

const CROSS = 'role = "cross_gateway"; id = 1; listen = "127.0.0.1:7001"';
const GATEWAY = 'role = "gateway"; id = 3; listen = "127.0.0.1:7002"';

describe("parseConfig: ids and ports", () => {
  test("refuses a node id that is there twice", () => {
    expect(faultsOf(nodes(CROSS, GATEWAY, 'role = "center"; id = 3', 'role = "center"; id = 3'))).toEqual([
      "node[3].id: found 3, and node[2] is center:3 already; allowed: an id of its own",
    ]);
    expect(faultsOf(nodes(CROSS, GATEWAY, 'remote role = "gateway"; id = 3; address = "10.0.0.1:1"'))).toEqual([
      "remote[0].id: found 3, and node[1] is gateway:3 already; allowed: an id of its own",
    ]);
  });

  test("refuses a port used twice, for whatever and on whichever interface", () => {
    expect(faultsOf(nodes(CROSS, 'role = "gateway"; id = 3; listen = "127.0.0.1:7001"'))).toEqual([
      'node[1].listen: found "127.0.0.1:7001", used by node[0] already; allowed: an address of its own',
    ]);
    expect(faultsOf(nodes(CROSS, `${GATEWAY}; admin = "127.0.0.1:7001"`))).toEqual([
      'node[1].admin: found "127.0.0.1:7001", used by node[0] already; allowed: an address of its own',
    ]);
    expect(
      faultsOf(nodes(CROSS, 'role = "gateway"; id = 3; listen = "0.0.0.0:7001"; address = "10.0.0.1:7001"')),
    ).toEqual([
      'node[1].listen: found "0.0.0.0:7001", used by node[0] already as "127.0.0.1:7001"; allowed: an address of its own',
    ]);
    expect(faultsOf(nodes(`${CROSS}; admin = "127.0.0.1:7001"`))).toEqual([
      'node[0].admin: found "127.0.0.1:7001", used by node[0].listen already; allowed: an address of its own',
    ]);
  });

  test("lets two machines use the same port", () => {
    const first = 'role = "cross_gateway"; id = 1; listen = "0.0.0.0:7001"; address = "10.0.0.1:7001"';
    const second = 'role = "gateway"; id = 3; listen = "0.0.0.0:7001"; address = "10.0.0.2:7001"';
    expect(faultsOf(nodes(first, second))).toEqual([]);
    const again = 'role = "gateway"; id = 4; listen = "0.0.0.0:7009"; address = "10.0.0.2:7001"';
    expect(faultsOf(nodes(first, second, again))).toEqual([
      'node[2].address: found "10.0.0.2:7001", used by node[1] already; allowed: an address of its own',
    ]);
  });

  test("wants an address that can be dialled, beside a listen on every interface", () => {
    expect(faultsOf(nodes('role = "cross_gateway"; id = 1; listen = "0.0.0.0:7001"'))).toEqual([
      'node[0].address: found nothing beside listen = "0.0.0.0:7001"; allowed: an address that other nodes can dial',
    ]);
    expect(faultsOf(nodes('role = "cross_gateway"; id = 1; listen = "[::]:7001"; address = "[::]:7001"'))).toEqual([
      'node[0].address: found "[::]:7001"; allowed: an address that other nodes can dial',
    ]);
  });
});

describe("parseConfig: roles and shards", () => {
  test("refuses keys that a role has no use for, and wants those that it needs", () => {
    expect(
      faultsOf(
        nodes(
          'role = "cross_gateway"; id = 1; shard = 2',
          `${GATEWAY}; on_gateway_death = "exit"`,
          'role = "center"; id = 3; listen = "127.0.0.1:7009"',
          'role = "cross_map"; id = 1; on_gateway_death = "ignore"',
        ),
      ),
    ).toEqual([
      'node[0].listen: found nothing; allowed: an address, since a cross_gateway accepts links, like "127.0.0.1:7001"',
      "node[0].shard: found 2 on a cross_gateway; allowed: nothing: the cross tier belongs to no shard",
      'node[1].on_gateway_death: found "exit" on a gateway; allowed: user, center and map only',
      'node[2].listen: found "127.0.0.1:7009" on a center; allowed: nothing: only gateway and cross_gateway accept links',
      'node[3].on_gateway_death: found "ignore" on a cross_map; allowed: user, center and map only',
    ]);
  });

  test("takes the shard of user and map from their number, unless the file says otherwise", () => {
    const config = configOf(nodes(GATEWAY, 'role = "user"; id = 301', 'role = "map"; id = 7; shard = 3'));
    expect(config.nodes.map((node) => node.shard)).toEqual([3, 3, 3]);
    expect(faultsOf(nodes(GATEWAY, 'role = "map"; id = 7'))).toEqual([
      "node[1].shard: found nothing; allowed: a shard, since the id 7 names none (shard 3 has map:301)",
    ]);
  });

  test("refuses a second gateway or center in a shard", () => {
    expect(
      faultsOf(
        nodes(
          GATEWAY,
          'role = "gateway"; id = 4; shard = 3; listen = "127.0.0.1:7003"',
          'role = "center"; id = 3',
          'role = "center"; id = 4; shard = 3',
        ),
      ),
    ).toEqual([
      "node[1].shard: found shard 3, and node[0] is its gateway already (gateway:3); allowed: one gateway in a shard",
      "node[3].shard: found shard 3, and node[2] is its center already (center:3); allowed: one center in a shard",
    ]);
  });

  test("declares what happens when the gateway dies: exit, unless the file says otherwise", () => {
    const config = configOf(
      nodes(GATEWAY, 'role = "user"; id = 301', 'role = "center"; id = 3; on_gateway_death = "clear_logins"'),
    );
    expect(config.nodes.map((node) => node.onGatewayDeath)).toEqual([undefined, "exit", "clear_logins"]);
  });
});

describe("parseConfig: who dials whom", () => {
  test("between cross gateways the lower number dials", () => {
    const second = 'role = "cross_gateway"; id = 2; listen = "127.0.0.1:7003"';
    const far = 'remote role = "cross_gateway"; id = 3; address = "cross-3.internal:7001"';
    const config = configOf(nodes(second, CROSS, GATEWAY, far));
    expect(config.nodes.map((node) => node.dials.join())).toEqual([
      "cross_gateway:3",
      "cross_gateway:2,cross_gateway:3",
      "cross_gateway:2,cross_gateway:1,cross_gateway:3",
    ]);
    expect(faultsOf(nodes(`${second}; dial = ["cross_gateway:1"]`, CROSS))).toEqual([
      'node[0].dial[0]: found "cross_gateway:1", but of two cross gateways the lower number dials; allowed: nothing: there is no gateway that cross_gateway:2 may dial',
    ]);
  });

  test("refuses a gateway that does not exist, is none, is of another shard, or is named twice", () => {
    const center = 'role = "center"; id = 3; dial = ["gateway:4", "gateway:9", "center:3", "gateway:3", "gateway:3"]';
    const other = 'role = "gateway"; id = 4; listen = "127.0.0.1:7003"';
    expect(faultsOf(nodes(GATEWAY, other, center))).toEqual([
      'node[2].dial[0]: found "gateway:4", the gateway of shard 4, on a center of shard 3; allowed: gateway:3',
      'node[2].dial[1]: found "gateway:9", which is in no [[node]] and no [[remote]]; allowed: gateway:3',
      'node[2].dial[2]: found "center:3", which is not a gateway; allowed: gateway:3',
      'node[2].dial[4]: found "gateway:3" again; allowed: each gateway once',
    ]);
    expect(faultsOf(nodes(CROSS, GATEWAY, 'role = "center"; id = 3; dial = ["cross_gateway:1"]'))).toEqual([
      'node[2].dial[0]: found "cross_gateway:1", which a center does not dial; allowed: gateway:3',
    ]);
    expect(faultsOf(nodes(GATEWAY, 'role = "center"; id = 3; dial = []'))).toEqual([
      "node[1].dial: found an empty list; allowed: gateway:3",
    ]);
  });

  test("refuses a shard without its gateway and a cross node without any", () => {
    expect(faultsOf(nodes(GATEWAY, 'role = "center"; id = 4', 'role = "cross_center"; id = 1'))).toEqual([
      "node[1]: found center:4 of shard 4, which has no gateway; allowed: a [[node]] or [[remote]] with role gateway and shard 4",
      "node[2]: found cross_center:1 and no cross gateway; allowed: a [[node]] or [[remote]] with role cross_gateway to dial",
    ]);
  });

  test("lets a file hold one node and the addresses that it dials", () => {
    const config = configOf(
      nodes('role = "center"; id = 151', 'remote role = "gateway"; id = 151; address = "10.0.0.9:7001"'),
    );
    expect(config.nodes.map((node) => node.dials.join())).toEqual(["gateway:151"]);
  });

  test("does not report as absent what only has a fault of its own", () => {
    const faults = faultsOf(WHOLE.replace('listen = "127.0.0.1:7002"', 'listen = "nowhere"'));
    expect(faults.map((fault) => fault.split(":")[0])).toEqual(["node[1].listen"]);
  });

  test("reports a taken port and an absent gateway together", () => {
    const faults = faultsOf(
      nodes(CROSS, 'role = "gateway"; id = 3; listen = "127.0.0.1:7001"', 'role = "center"; id = 8'),
    );
    expect(faults.map((fault) => fault.split(":")[0])).toEqual(["node[1].listen", "node[2]"]);
  });
});
