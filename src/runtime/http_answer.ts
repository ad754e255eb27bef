/**
 * One HTTP request handed to a handler where the runtime has no body limit of its own: what is announced as too large
 * is refused, what turns out to be is cut off. A handler that throws ends this request only.
 */

import type { HttpHandler } from "#base/http_server.ts";

export interface AnswerOptions {
  readonly handler: HttpHandler;
  readonly bodySizeMax: number;
  readonly onFault: (error: unknown) => void;
}

export async function answerHttp(options: AnswerOptions, request: Request, remote: string): Promise<Response> {
  const { handler, bodySizeMax, onFault } = options;
  const announced = Number(request.headers.get("content-length") ?? "0");
  if (announced > bodySizeMax) return problem(413, "Content Too Large");
  try {
    return await handler(limited(request, bodySizeMax), remote);
  } catch (error) {
    onFault(error);
    return problem(500, "Internal Server Error");
  }
}

/** A body whose length was announced ends there: HTTP itself sees to it. */
function limited(request: Request, bodySizeMax: number): Request {
  if (request.body === null || request.headers.has("content-length")) return request;
  let size = 0;
  const counted = request.body.pipeThrough(
    new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform: (chunk, controller) => {
        size += chunk.length;
        if (size > bodySizeMax) controller.error(new Error(`Cannot read body: limit is ${bodySizeMax}`));
        else controller.enqueue(chunk);
      },
    }),
  );
  const { url, method, headers } = request;
  return new Request(url, { method, headers, body: counted });
}

function problem(status: number, title: string): Response {
  const body = JSON.stringify({ type: "about:blank", title, status });
  return new Response(body, { status, headers: { "content-type": "application/problem+json" } });
}
