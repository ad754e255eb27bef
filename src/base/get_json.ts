/**
 * One HTTP GET of a JSON document as an argument.
 */

export type GetJsonResult =
  | { readonly kind: "ok"; readonly status: number; readonly body: unknown }
  | { readonly kind: "failed"; readonly reason: string };

/** Never rejects. `token` is sent as a bearer token. */
export type GetJson = (
  url: string,
  options: { readonly token: string; readonly timeoutMs: number },
) => Promise<GetJsonResult>;
