/**
 * The edge on Deno: an `admin` node that joins the cluster and serves the admin API.
 *
 *   deno run -A src/main_deno.ts --id 1 --config edge.toml
 */

/// <reference lib="deno.window" />

import { splitArgv } from "#runtime/argv.ts";
import { denoServeHttp } from "#runtime/deno_http.ts";
import { denoHost, exitDeno } from "./main_deno_host.ts";
import { startEdge } from "./run/edge.ts";

const started = await startEdge(splitArgv(Deno.args), denoHost(denoServeHttp));
await exitDeno(started.kind === "over" ? started.code : await started.ended);
