/**
 * The door for bodies: media type, size, UTF-8 and JSON, before a schema looks at it.
 * hono's own validator would take a wrong media type for an empty object.
 */

import type { MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { problem } from "./problem.ts";
import type { AdminContext, AdminEnv } from "./services.ts";

export const BODY_SIZE_MAX = 64 * 1024;

const JSON_TYPE = /^application\/json(?:\s*;\s*charset="?utf-8"?)?\s*$/i;
const EMPTY_OBJECT = /^\s*\{\s*\}\s*$/;

/** Stops reading at BODY_SIZE_MAX, with or without a Content-Length. */
export function limitBody(): MiddlewareHandler<AdminEnv> {
  return bodyLimit({ maxSize: BODY_SIZE_MAX, onError: tooLarge });
}

/** Lets only well-formed JSON through; what it means is for a schema to judge. */
export function requireJson(): MiddlewareHandler<AdminEnv> {
  return async (c, next) => {
    const encoding = c.req.header("Content-Encoding") ?? "identity";
    if (!JSON_TYPE.test(c.req.header("Content-Type") ?? "") || encoding.toLowerCase() !== "identity") {
      return problem(c, "unsupported_media_type", {
        detail: "Cannot read body: it must be sent as Content-Type: application/json, in UTF-8, not compressed",
        headers: { Accept: "application/json" },
      });
    }
    const bytes = await c.req.arrayBuffer();
    if (bytes.byteLength > BODY_SIZE_MAX) return tooLarge(c);
    const fault = faultOfJson(bytes);
    if (fault !== undefined) return problem(c, "bad_request", { detail: `Cannot read body: ${fault}` });
    return next();
  };
}

/** For a route whose body may be left out: nothing and `{}` are fine, whatever the media type. */
export function optionalJson(): MiddlewareHandler<AdminEnv> {
  const wanted = requireJson();
  return async (c, next) => {
    const size = c.req.raw.body === null ? 0 : (await c.req.arrayBuffer()).byteLength;
    if (size > BODY_SIZE_MAX) return tooLarge(c);
    if (size > 0 && !EMPTY_OBJECT.test(await c.req.text())) return wanted(c, next);
    // What validates next would take an empty body of this media type for broken JSON.
    (c.req.bodyCache as { text?: unknown }).text = Promise.resolve("{}");
    return next();
  };
}

/** For a route that takes no body: nothing and `{}` are fine, whatever the media type; the rest is a mistake. */
export function refuseBody(): MiddlewareHandler<AdminEnv> {
  return async (c, next) => {
    const size = c.req.raw.body === null ? 0 : (await c.req.arrayBuffer()).byteLength;
    if (size > BODY_SIZE_MAX) return tooLarge(c);
    if (size === 0 || EMPTY_OBJECT.test(await c.req.text())) return next();
    return problem(c, "bad_request", { detail: `Cannot use body: this takes none, ${size} bytes were sent` });
  };
}

function tooLarge(c: Parameters<MiddlewareHandler>[0] | AdminContext): Response {
  return problem(c, "too_large", { detail: `Cannot read body: limit is ${BODY_SIZE_MAX} bytes` });
}

function faultOfJson(bytes: ArrayBuffer): string | undefined {
  if (bytes.byteLength === 0) return "it is empty, wanted is a JSON object";
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return "it is not UTF-8";
  }
  try {
    JSON.parse(text);
    return undefined;
  } catch {
    // The engine's message would repeat parts of the body, and differs between engines.
    return "it is not JSON";
  }
}
