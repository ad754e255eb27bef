/**
 * The edge for `deno serve`, which listens by itself and asks the default export. Bundled to dist/kuafu_edge.js.
 * This is the one file of src with a default export: in the entry of the executable it would start a server.
 *
 *   deno serve -A --host 127.0.0.1 --port 8950 dist/kuafu_edge.js --id 1 --config edge.toml
 */

/// <reference lib="deno.window" />

import { splitArgv } from "#runtime/argv.ts";
import { handedOver } from "#runtime/deno_http.ts";
import { denoHost, exitDeno } from "./main_deno_host.ts";
import { startEdge } from "./run/edge.ts";

const server = handedOver();
const started = await startEdge(splitArgv(Deno.args), denoHost(server.serveHttp));
if (started.kind === "over") await exitDeno(started.code);
else void started.ended.then(exitDeno);

export default {
  fetch: (request: Request, info: Deno.ServeHandlerInfo): Promise<Response> =>
    server.fetch(request, "hostname" in info.remoteAddr ? info.remoteAddr.hostname : "unknown"),
} satisfies Deno.ServeDefaultExport;
