/**
 * ServeHttp on Deno.serve: the given address only, no error pages, a body limit, an end.
 */

import type { HttpHandler, HttpServer, ServeHttp } from "#base/http_server.ts";
import { addressText, ListenError } from "#link/transport.ts";
import { answerHttp } from "./http_answer.ts";
import { listenReason } from "./deno_transport.ts";

export const denoServeHttp: ServeHttp = (address, handler, options): HttpServer => {
  const ended = new AbortController();
  const running = new Set<Promise<unknown>>();
  let isStopping = false;
  const answer = (request: Request, info: Deno.ServeHandlerInfo<Deno.NetAddr>): Promise<Response> => {
    if (isStopping) return Promise.resolve(new Response("stopping\n", { status: 503 }));
    const sent = info.completed.catch(() => undefined);
    running.add(sent);
    void sent.then(() => running.delete(sent));
    return answerHttp({ handler, ...options }, request, info.remoteAddr.hostname);
  };
  try {
    const server = Deno.serve(
      { hostname: address.host, port: address.port, signal: ended.signal, onListen: () => undefined },
      answer,
    );
    return {
      address: { host: address.host, port: server.addr.port },
      // Not by shutdown(): what still hangs after it could not be aborted any more.
      stop: async (deadlineMs) => {
        isStopping = true;
        const late = Promise.withResolvers<void>();
        const timer = setTimeout(() => late.resolve(), deadlineMs);
        await Promise.race([Promise.all(running), late.promise]);
        clearTimeout(timer);
        ended.abort();
        await server.finished;
      },
    };
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
