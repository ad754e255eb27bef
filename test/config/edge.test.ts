/** `[[edge]]`: an admin node that Deno runs. */

import { describe, expect, test } from "#test";
import { nodePlan } from "../../src/config/plan.ts";
import { faultText } from "../../src/config/fault.ts";
import { configOf, faultsOf, HEAD, planOf, WHOLE } from "./parsed.ts";

const REMOTES = `
[[remote]]
role = "cross_gateway"
id = 1
address = "10.0.0.7:7001"
[[remote]]
role = "cross_gateway"
id = 2
address = "10.0.0.8:7001"
`;
const EDGE = `
[[edge]]
id = 1
admin = "127.0.0.1:8950"
`;

describe("[[edge]]", () => {
  test("needs a file with nothing but the cluster, itself and the cross gateways that it dials", () => {
    const plan = planOf(`${HEAD}heartbeat_ms = 500\ndata = "/var/edge"\n${REMOTES}${EDGE}`, "admin:1");
    expect(plan).toMatchObject({
      cluster: "test",
      self: { id: "admin:1", role: "admin", number: 1, shard: 0 },
      heartbeatMs: 500,
      dials: [
        { id: "cross_gateway:1", address: { host: "10.0.0.7", port: 7001 }, shard: 0 },
        { id: "cross_gateway:2", address: { host: "10.0.0.8", port: 7001 }, shard: 0 },
      ],
      admin: { host: "127.0.0.1", port: 8950 },
      adminTokenFile: "t",
      dataDir: "/var/edge/admin-1",
    });
    expect([plan.policy, plan.listen]).toEqual([undefined, undefined]);
  });

  test("dials what its dial picks", () => {
    const plan = planOf(`${HEAD}${REMOTES}${EDGE}dial = ["cross_gateway:2"]\n`, "admin:1");
    expect(plan.dials.map(({ id }) => String(id))).toEqual(["cross_gateway:2"]);
  });

  test("may stand in the file of the whole cluster, and is no node of it", () => {
    const config = configOf(`${WHOLE}${EDGE}`);
    expect(config.nodes.map(({ id }) => String(id))).not.toContain("admin:1");
    expect(config.edges.map(({ id, dials }) => [id, dials]) as unknown).toEqual([["admin:1", ["cross_gateway:1"]]]);
  });

  test("is refused where the file has no cross gateway, or a fault in the entry", () => {
    expect(faultsOf(`${HEAD}${EDGE}`)).toEqual([
      "edge[0]: found admin:1 and no cross gateway; allowed: a [[node]] or [[remote]] with role cross_gateway to dial",
    ]);
    expect(faultsOf(`${WHOLE}${EDGE}dial = ["gateway:3"]\n`)).toEqual([
      'edge[0].dial[0]: found "gateway:3", which an admin does not dial; allowed: cross_gateway:1',
    ]);
    expect(faultsOf(`${WHOLE}${EDGE}role = "admin"\n`)).toEqual([
      'edge[0].role: found an unknown key "role"; allowed: id, admin or dial',
    ]);
    expect(faultsOf(`${WHOLE}\n[[edge]]\nid = 0\n`)).toEqual([
      "edge[0].id: found 0; allowed: a whole number from 1 to 4294967280",
      'edge[0].admin: found nothing; allowed: a literal address and a port from 1 to 65535, like "127.0.0.1:7001" or "[::1]:7001"',
    ]);
    expect(faultsOf(`${WHOLE}${EDGE}${EDGE}`)[0]).toBe(
      "edge[1].id: found 1, and edge[0] is admin:1 already; allowed: an id of its own",
    );
    expect(faultsOf(WHOLE + EDGE.replace("8950", "8900"))).toEqual([
      'edge[0].admin: found "127.0.0.1:8900", used by node[4] already; allowed: an address of its own',
    ]);
    expect(faultsOf(HEAD.replace('admin_token_file = "t"\n', "") + REMOTES + EDGE)).toEqual([
      "cluster.admin_token_file: found nothing; allowed: a path, since edge[0] has an admin address",
    ]);
  });

  test("is asked for by its number", () => {
    const asked = nodePlan(configOf(`${WHOLE}${EDGE}`), { role: "admin", number: 2 });
    expect(asked.kind === "faults" && asked.faults.map(faultText)).toEqual([
      "cluster.toml: edge: found no admin:2 (asked for by --id); allowed: admin:1",
    ]);
  });
});
