/**
 * The admin API of a running node: the app over its mesh, on an HTTP server, with its audit trail.
 */

import { createAdminApp } from "#admin/app.ts";
import type { Audit } from "#admin/audit.ts";
import { NodeMetrics } from "#admin/metrics/node_metrics.ts";
import { MeshAdminPort } from "#admin/mesh_port.ts";
import type { HttpServer } from "#base/http_server.ts";
import type { Log } from "#base/log.ts";
import { messageOf } from "#base/log.ts";
import type { Address } from "#link/transport.ts";
import type { Node } from "#module/node.ts";
import { AuditLog } from "#store/audit_log.ts";
import type { Store } from "#store/store.ts";
import type { NodeId } from "#wire/role.ts";
import { readTokens } from "./secrets.ts";
import type { Runtime, StartFailure } from "./types.ts";

const BODY_SIZE_MAX = 1024 * 1024;

/** The audit trail in a node's store. */
export function storeAudit(store: Store): Audit {
  const trail = new AuditLog({ store });
  return {
    record: async (entry) => {
      await trail.append(entry);
    },
    page: (options) => trail.page(options),
  };
}

/** Throws ListenError. */
export function serveAdmin(
  node: Node,
  options: {
    readonly runtime: Runtime;
    readonly address: Address;
    readonly tokenFile: string | undefined;
    readonly metricsOpen: boolean;
    /** The nodes that the cluster file names. */
    readonly named: Iterable<NodeId>;
    readonly audit: Audit;
    readonly log: Log;
  },
): { readonly kind: "ok"; readonly server: HttpServer } | StartFailure {
  const { runtime, address, audit, log } = options;
  const tokens = readTokens(options.tokenFile, { runtime, log });
  if (tokens.kind === "failed") return tokens;
  const { release, clock, usage } = runtime;
  const metrics = new NodeMetrics({ node, release, clock, usage });
  const app = createAdminApp({
    port: new MeshAdminPort(node, options.named),
    clock: runtime.clock,
    digest: runtime.digest,
    log,
    counters: node.counters,
    audit,
    tokens: tokens.tokens,
    allowedHosts: [address.host],
    metrics,
    metricsOpen: options.metricsOpen,
  });
  const server = runtime.serveHttp(address, (request, remote) => app.fetch(request, { remote }), {
    bodySizeMax: BODY_SIZE_MAX,
    onFault: (error) => log.error("admin request failed", { error: messageOf(error) }),
  });
  metrics.start();
  const stop = (deadlineMs: number): Promise<void> => {
    metrics.stop();
    return server.stop(deadlineMs);
  };
  return { kind: "ok", server: { address: server.address, stop } };
}
