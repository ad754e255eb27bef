/**
 * ServeHttp on Deno.serve: the given address only, no error pages, a body limit, an end.
 */

import type { HttpHandler, HttpServer, ServeHttp } from "#base/http_server.ts";
import { addressText, ListenError } from "#link/transport.ts";
import { answerHttp } from "./http_answer.ts";
import { listenReason } from "./deno_transport.ts";

export const denoServeHttp: ServeHttp = (address, handler, options): HttpServer => {
  const ended = new AbortController();
  try {
    const server = Deno.serve(
      { hostname: address.host, port: address.port, signal: ended.signal, onListen: () => undefined },
      (request, info) => answerHttp({ handler, ...options }, request, info.remoteAddr.hostname),
    );
    const bound = { host: address.host, port: server.addr.port };
    return { address: bound, stop: (deadlineMs) => stop(server, ended, deadlineMs) };
  } catch (error) {
    const text = `Cannot serve HTTP on ${addressText(address)}: ${listenReason(error)}`;
    throw new ListenError(text, { cause: error });
  }
};

/**
 * For `deno serve`, which binds and calls by itself: keeps the handler that the node hands over, for `fetch` to call.
 * Before the node has started, and after it stopped, there is none.
 */
export function handedOver(): {
  readonly serveHttp: ServeHttp;
  readonly fetch: (request: Request, remote: string) => Promise<Response>;
} {
  let current: ((request: Request, remote: string) => Promise<Response>) | undefined;
  return {
    serveHttp: (address, handler: HttpHandler, options) => {
      current = (request, remote) => answerHttp({ handler, ...options }, request, remote);
      return {
        address,
        stop: async () => {
          current = undefined;
        },
      };
    },
    fetch: async (request, remote) => (await current?.(request, remote)) ?? new Response("stopping\n", { status: 503 }),
  };
}

async function stop(server: Deno.HttpServer<Deno.NetAddr>, ended: AbortController, deadlineMs: number): Promise<void> {
  const late = Promise.withResolvers<"late">();
  const timer = setTimeout(() => late.resolve("late"), deadlineMs);
  const first = await Promise.race([server.shutdown(), late.promise]);
  clearTimeout(timer);
  if (first === "late") ended.abort();
  await server.finished;
}
