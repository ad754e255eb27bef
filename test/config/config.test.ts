import { describe, expect, test } from "#test";
import { readFileSync } from "node:fs";
import { configOf, faultsOf, HEAD, WHOLE } from "./parsed.ts";

describe("parseConfig", () => {
  test("reads the demonstration cluster: twelve nodes, each dialling as its role does", () => {
    const config = configOf(readFileSync("examples/demo.toml", "utf8"));
    expect(config.name).toBe("demo");
    expect(config.heartbeatMs).toBe(1000);
    expect(config.nodes.map((node) => [node.id, node.shard, node.dials.join()])).toEqual([
      ["cross_gateway:1", 0, ""],
      ["cross_center:1", 0, "cross_gateway:1"],
      ["cross_map:1", 0, "cross_gateway:1"],
      ["statistic:1", 0, "cross_gateway:1"],
      ["gateway:1", 1, "cross_gateway:1"],
      ["user:101", 1, "gateway:1"],
      ["center:1", 1, "gateway:1"],
      ["map:101", 1, "gateway:1"],
      ["gateway:2", 2, "cross_gateway:1"],
      ["user:201", 2, "gateway:2"],
      ["center:2", 2, "gateway:2"],
      ["map:201", 2, "gateway:2"],
    ]);
  });

  test("of the example with two cross gateways has every cross node and shard gateway dial both", () => {
    const { nodes } = configOf(readFileSync("examples/two_gateways.toml", "utf8"));
    const both = "cross_gateway:1,cross_gateway:2";
    const dials = Object.fromEntries(nodes.map((node) => [node.id, node.dials.join()]));
    for (const id of ["cross_center:1", "cross_center:2", "cross_map:1", "statistic:1", "gateway:1", "gateway:2"]) {
      expect([id, dials[id]]).toEqual([id, both]);
    }
    expect([dials["cross_gateway:1"], dials["cross_gateway:2"]]).toEqual(["cross_gateway:2", ""]);
  });

  test("says line and column of what is not TOML", () => {
    expect(faultsOf('[cluster]\nname = = "x"')).toEqual(["line 2, column 8: found invalid value; allowed: TOML 1.0"]);
  });

  test("refuses an unknown key at every level, all at once, and says which there are", () => {
    const faults = faultsOf(`${WHOLE}port = 1\nporrt = 2\n[clutser]\nname = "x"\n[[shard]]\nnumber = 3\nzone = "x"\n`);
    expect(faults).toEqual([
      'clutser: found an unknown key "clutser"; allowed: cluster, node, edge, remote, shard, tls, players or player_data',
      'node[4].port: found an unknown key "port"; allowed: role, id, shard, listen, address, dial, admin, players, players_tcp, on_gateway_death or modules',
      'node[4].porrt: found an unknown key "porrt"; allowed: role, id, shard, listen, address, dial, admin, players, players_tcp, on_gateway_death or modules',
      'shard[0].zone: found an unknown key "zone"; allowed: number, opened_at, time_zone, merged_into, merged_at, cross_center or cross_map',
    ]);
  });

  test("reports every bad value with its place, what stands there and what may", () => {
    const faults = faultsOf(`[cluster]
name = "no spaces"
key_file = "k"
heartbeat_ms = 50
[[node]]
role = "centre"
id = 0
admin = "localhost:8900"
[[node]]
id = 1.5
role = "gateway"
listen = "127.0.0.1:70000"
dial = ["cross_gateway"]
[[shard]]
number = 1
opened_at = 2026-11-01T10:00:00
time_zone = "Mars/Olympus"
`);
    const roles = "gateway, user, center, map, cross_gateway, cross_center, cross_map or statistic";
    const literal = 'a literal address and a port from 1 to 65535, like "127.0.0.1:7001" or "[::1]:7001"';
    expect(faults).toEqual([
      'cluster.name: found "no spaces"; allowed: 1 to 64 letters, digits, "_", "-" or "."',
      "cluster.heartbeat_ms: found 50; allowed: a whole number of milliseconds from 100 to 60000",
      `node[0].role: found "centre"; allowed: ${roles}`,
      "node[0].id: found 0; allowed: a whole number from 1 to 4294967280",
      `node[0].admin: found "localhost:8900"; allowed: ${literal}`,
      "node[1].id: found 1.5; allowed: a whole number from 1 to 4294967280",
      `node[1].listen: found "127.0.0.1:70000"; allowed: ${literal}`,
      'node[1].dial[0]: found "cross_gateway"; allowed: a node id, like "cross_gateway:1"',
      'shard[0].opened_at: found "2026-11-01T10:00:00.000"; allowed: a date and time with its offset, like 2026-11-01T10:00:00+08:00',
      'shard[0].time_zone: found "Mars/Olympus"; allowed: the name of a time zone, like "Asia/Shanghai"',
    ]);
  });

  test("says what a missing key may be", () => {
    expect(faultsOf("[[node]]\nrole = 'gateway'\n")).toEqual([
      'cluster.name: found nothing; allowed: 1 to 64 letters, digits, "_", "-" or "."',
      "node[0].id: found nothing; allowed: a whole number from 1 to 4294967280",
    ]);
    expect(faultsOf("")).toContain('cluster.name: found nothing; allowed: 1 to 64 letters, digits, "_", "-" or "."');
    expect(faultsOf(HEAD)).toEqual(["node: found nothing; allowed: at least one [[node]], or an [[edge]]"]);
    expect(faultsOf("node = 3\n[cluster]\nname='a'\nkey_file='k'")).toEqual([
      "node: found 3; allowed: at most 10000 tables that begin with [[node]]",
    ]);
  });

  test("wants a key, from a file or from the environment, and a second one while it is changed", () => {
    const without = WHOLE.replace('key_file = "k"\n', "");
    expect(faultsOf(without)).toEqual([
      "cluster.key_file: found nothing; allowed: the path of the cluster key, or key_env",
    ]);
    expect(faultsOf(WHOLE.replace("admin_token_file", 'key_env = "K"\nadmin_token_file'))).toEqual([
      "cluster.key_env: found key_env beside key_file; allowed: one of the two",
    ]);
    const both = without.replace("admin_token_file", 'key_env = "KEY"\nsecond_key_file = "old"\nadmin_token_file');
    expect(configOf(both).keys).toEqual([
      { kind: "environment", name: "KEY" },
      { kind: "file", path: "old" },
    ]);
  });

  test("wants a token file when a node serves the admin API", () => {
    expect(faultsOf(WHOLE.replace('admin_token_file = "t"\n', ""))).toEqual([
      "cluster.admin_token_file: found nothing; allowed: a path, since node[4] has an admin address",
    ]);
  });

  test("reads what is said about shards, with dates as milliseconds", () => {
    const config = configOf(
      `${WHOLE}[[shard]]\nnumber = 3\nopened_at = 2026-11-01T10:00:00+08:00\nmerged_at = 2026-11-20T10:00:00+08:00\ntime_zone = "Asia/Shanghai"\ncross_center = 5\n` +
        `[[shard]]\nnumber = 4\nmerged_into = 3\n`,
    );
    expect(config.shards as unknown[]).toEqual([
      {
        number: 3,
        openedAtMs: Date.UTC(2026, 10, 1, 2),
        timeZone: "Asia/Shanghai",
        mergedInto: undefined,
        mergedAtMs: Date.UTC(2026, 10, 20, 2),
        crossCenter: "cross_center:5",
        crossMap: undefined,
      },
      {
        number: 4,
        openedAtMs: undefined,
        timeZone: undefined,
        mergedInto: 3,
        mergedAtMs: undefined,
        crossCenter: undefined,
        crossMap: undefined,
      },
    ]);
  });

  test("refuses shards that are named twice, merge in a circle or belong to nobody", () => {
    expect(
      faultsOf(
        `${WHOLE}[[shard]]\nnumber = 3\nmerged_into = 4\n[[shard]]\nnumber = 4\nmerged_into = 3\n[[shard]]\nnumber = 3\ncross_center = 6\n`,
      ),
    ).toEqual([
      "shard[2].number: found 3, used by shard[0] already; allowed: a shard once",
      "shard[0].merged_into: found 4, which leads back to it; allowed: a shard that lives on",
      "shard[1].merged_into: found 3, which leads back to it; allowed: a shard that lives on",
      "shard[2].cross_center: found 6, and there is no cross_center:6; allowed: 5",
    ]);
  });
});
