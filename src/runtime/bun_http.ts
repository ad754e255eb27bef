/**
 * ServeHttp on Bun.serve: the given address only, no error pages, a body limit, an end.
 */

import type { HttpHandler, HttpServer, ServeHttp } from "#base/http_server.ts";
import { messageOf } from "#base/log.ts";
import { addressText, ListenError } from "#link/transport.ts";

const IDLE_TIMEOUT_S = 30;

export const bunServeHttp: ServeHttp = (address, handler, options): HttpServer => {
  try {
    const server = Bun.serve({
      hostname: address.host,
      port: address.port,
      development: false,
      // Bun's default lets a second process take the same port and half of the requests.
      reusePort: false,
      idleTimeout: IDLE_TIMEOUT_S,
      maxRequestBodySize: options.bodySizeMax,
      fetch: (request, self) => {
        return answer(handler, request, self.requestIP(request)?.address ?? "unknown", options.onFault);
      },
    });
    const bound = { host: address.host, port: server.port ?? address.port };
    return { address: bound, stop: (deadlineMs) => stop(server, deadlineMs) };
  } catch (error) {
    const inUse = error instanceof Error && "code" in error && error.code === "EADDRINUSE";
    const reason = inUse ? "the port is in use" : messageOf(error);
    throw new ListenError(`Cannot serve HTTP on ${addressText(address)}: ${reason}`, { cause: error });
  }
};

/** A handler that throws has a bug: it ends this request only, and the answer says nothing about it. */
async function answer(
  handler: HttpHandler,
  request: Request,
  remote: string,
  onFault: (error: unknown) => void,
): Promise<Response> {
  try {
    return await handler(request, remote);
  } catch (error) {
    onFault(error);
    const body = JSON.stringify({ type: "about:blank", title: "Internal Server Error", status: 500 });
    return new Response(body, { status: 500, headers: { "content-type": "application/problem+json" } });
  }
}

async function stop(server: Bun.Server<undefined>, deadlineMs: number): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, deadlineMs);
  await Promise.race([server.stop(false), late]);
  clearTimeout(timer);
  void server.stop(true).catch(() => undefined);
}
