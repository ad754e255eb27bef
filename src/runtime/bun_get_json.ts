/**
 * GetJson by fetch. Follows no redirects: the token is for one address.
 */

import type { GetJsonResult } from "#base/get_json.ts";
import { messageOf } from "#base/log.ts";

const BODY_SIZE_MAX = 64 * 1024 * 1024;

export async function bunGetJson(
  url: string,
  options: { readonly token: string; readonly timeoutMs: number },
): Promise<GetJsonResult> {
  try {
    const response = await fetch(url, {
      headers: { authorization: `Bearer ${options.token}`, accept: "application/json" },
      redirect: "error",
      signal: AbortSignal.timeout(options.timeoutMs),
    });
    const text = await response.text();
    if (text.length > BODY_SIZE_MAX) return { kind: "failed", reason: `the answer has ${text.length} characters` };
    return { kind: "ok", status: response.status, body: JSON.parse(text) as unknown };
  } catch (error) {
    return { kind: "failed", reason: messageOf(error) };
  }
}
