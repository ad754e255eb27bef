/** The compiled executable: a cluster file or a command line that it does not understand is refused in words, with code 2. */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "#test";
import { clusterTest, endLeftClusters } from "./harness/ground.ts";
import { CHAIN } from "./harness/topologies.ts";

endLeftClusters();

const CONFIG = 2;

describe("What is wrong with the cluster file or the command line", () => {
  const HEAD = '[cluster]\nname = "x"\nkey_file = "cluster.key"\nadmin_token_file = "admin.token"\n';
  const GATEWAY = '[[node]]\nrole = "cross_gateway"\nid = 1\nlisten = "127.0.0.1:7001"\n';
  const files: readonly (readonly [name: string, text: string, lines: readonly string[]])[] = [
    [
      "an unknown key",
      `${HEAD}colour = "red"\n${GATEWAY}`,
      ['bad.toml: cluster.colour: found an unknown key "colour"; allowed: name, key_file'],
    ],
    [
      "a port used twice",
      `${HEAD}${GATEWAY}[[node]]\nrole = "gateway"\nid = 1\nlisten = "127.0.0.1:7001"\n`,
      ['bad.toml: node[1].listen: found "127.0.0.1:7001", used by node[0]'],
    ],
    [
      "an id used twice",
      `${HEAD}${GATEWAY}${GATEWAY.replace("7001", "7002")}`,
      ["bad.toml: node[1].id: found 1, and node[0] is cross_gateway:1 already; allowed: an id of its own"],
    ],
    [
      "a gateway that does not exist",
      `${HEAD}${GATEWAY}[[node]]\nrole = "cross_center"\nid = 1\ndial = ["cross_gateway:9"]\n`,
      [
        'bad.toml: node[1].dial[0]: found "cross_gateway:9", which is in no [[node]] and no [[remote]]; allowed: cross_gateway:1',
      ],
    ],
    [
      "a shard without a gateway",
      `${HEAD}${GATEWAY}[[node]]\nrole = "center"\nid = 3\n`,
      ["bad.toml: node[1]: found center:3 of shard 3, which has no gateway; allowed: "],
    ],
    [
      "a role that does not exist",
      `${HEAD}${GATEWAY}[[node]]\nrole = "centre"\nid = 1\n`,
      ['bad.toml: node[1].role: found "centre"; allowed: gateway, user, center'],
    ],
    [
      "a bad value",
      `${HEAD}heartbeat_ms = 5\n${GATEWAY}`,
      ["bad.toml: cluster.heartbeat_ms: found 5; allowed: a whole number of milliseconds from 100 to 60000"],
    ],
    [
      "several faults at once",
      `${HEAD}colour = 1\nshade = 2\n${GATEWAY}`,
      ["bad.toml: cluster.colour: ", "bad.toml: cluster.shade: "],
    ],
    ["text that is no TOML", "[cluster\n", ["bad.toml: "]],
    ["nothing", "", ["bad.toml: cluster.name: found nothing; allowed: "]],
  ];
  clusterTest("is said with file, place, what was found and what is allowed, and code 2", async (ground) => {
    const cluster = ground.cluster({ nodes: CHAIN });
    let runs = 0;
    const refused = async (name: string, given: readonly string[], starts: readonly string[]): Promise<void> => {
      const life = cluster.run(...given);
      const code = (await life.ended).code;
      runs += 1;
      const lines = life.lines.map((line) => line.text);
      expect([name, code, lines.length, lines]).toEqual([name, CONFIG, Math.max(starts.length, 1), lines]);
      for (const start of starts)
        expect([name, lines.find((line) => line.startsWith(start)) ?? lines]).toEqual([
          name,
          expect.stringContaining(start),
        ]);
      for (const line of lines) expect(line).toMatch(/: found .+; allowed: .+/);
    };
    for (const [name, text, starts] of files) {
      writeFileSync(join(cluster.folder, "bad.toml"), text);
      const config = ["--config", "bad.toml"];
      await Promise.all([
        refused(name, ["--role", "all", ...config], starts),
        refused(name, ["--role", "cross_gateway", "--id", "1", ...config], starts),
        refused(name, ["check-config", ...config], starts),
      ]);
    }
    const config = ["--config", "cluster.toml"];
    await refused(
      "an id that is not in it",
      ["--role", "center", "--id", "9", ...config],
      ["cluster.toml: node: found no center:9 "],
    );
    await refused(
      "a role that is not in it",
      ["--role", "statistic", "--id", "1", ...config],
      ["cluster.toml: node: found no node with the role statistic "],
    );
    await refused(
      "no such role",
      ["--role", "boss", "--id", "1", ...config],
      ['kuafu: --role: found "boss"; allowed: gateway, user, '],
    );
    await refused("no role", config, ["kuafu: --role: found nothing; allowed: "]);
    await refused("no id", ["--role", "center", ...config], ["kuafu: --id: found nothing; allowed: a whole number "]);
    await refused(
      "a bad id",
      ["--role", "center", "--id", "0", ...config],
      ['kuafu: --id: found "0"; allowed: a whole number '],
    );
    await refused(
      "an unknown flag",
      ["--roles", "all", ...config],
      ["kuafu: --roles: found an unknown flag; allowed: --role, "],
    );
    await refused(
      "no file",
      ["--role", "all", "--config", "absent.toml"],
      ["absent.toml: found no such file; allowed: "],
    );
    await refused(
      "a shard that is not in it",
      ["--role", "shard", "--id", "7", ...config],
      ["cluster.toml: node: found 7 "],
    );
    expect(runs).toBe(files.length * 3 + 9);
    const good = cluster.run("check-config", ...config);
    expect((await good.ended).code).toBe(0);
    expect(good.lines.map((line) => line.text)).toEqual(["cluster.toml: 4 nodes, nothing wrong"]);
    console.log(`      ${runs} refusals: ${ground.seconds} s`);
  });
});
