/**
 * The cross tier that the benchmarks put under many shard gateways: a cross gateway and an owner of activities,
 * both the compiled executable.
 */

import { join } from "node:path";
import { AdminClient } from "../../cluster/harness/admin_client.ts";
import { writeClusterFile } from "../../cluster/harness/cluster_file.ts";
import { HEARTBEAT_MS } from "../bench_node.ts";
import type { Setting } from "../setting.ts";
import type { Program } from "../worker.ts";
import { startProgram } from "../worker.ts";

export interface CrossTier {
  readonly port: number;
  readonly admin: AdminClient;
  /** Of the cross gateway's process. */
  gatewayPid(): number;
  /** SIGKILL, and start again after a while. */
  restartGateway(downMs: number): Promise<void>;
}

export async function startCrossTier(setting: Setting, name: string): Promise<CrossTier> {
  const folder = join(setting.folder, name);
  const file = writeClusterFile(folder, {
    nodes: [{ id: "cross_gateway:1" }, { id: "cross_center:1", admin: true }],
    heartbeatMs: HEARTBEAT_MS,
  });
  const start = (role: string): Program => {
    const command = [setting.kuafu, "--role", role, "--id", "1", "--config", file.path, "--log", "json"];
    const program = startProgram(command, folder);
    void program.drain();
    return program;
  };
  let gateway = start("cross_gateway");
  start("cross_center");
  const admin = new AdminClient({ port: file.admin.get("cross_center:1") ?? 0, token: file.token });
  while ((await admin.nodes()) === undefined) await Bun.sleep(50);
  return {
    port: file.listen.get("cross_gateway:1") ?? 0,
    admin,
    gatewayPid: () => gateway.pid,
    restartGateway: async (downMs) => {
      await gateway.kill();
      await Bun.sleep(downMs);
      gateway = start("cross_gateway");
    },
  };
}
