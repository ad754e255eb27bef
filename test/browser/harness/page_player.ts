/**
 * Runs in the page: a player's client, and a record of all that it says. The test asks for the record; nothing waits here.
 */

import { PlayerClient } from "#client/client.ts";
import type { ClientStatus } from "#client/client_status.ts";
import { RequestError } from "#client/request_error.ts";
import { Strongbox } from "../../cluster/modules/strongbox.ts";

export type PageEnd =
  | { readonly kind: "reply"; readonly body: unknown }
  | { readonly kind: "failure"; readonly code: string; readonly executed: boolean | null; readonly cause: string };

export interface PageRecord {
  /** Whether the page's policy lets a script be made out of text: the client must not need it. */
  readonly mayEvaluate: boolean;
  readonly statuses: readonly ClientStatus[];
  readonly pushes: readonly unknown[];
  readonly ends: Readonly<Record<string, PageEnd>>;
}

export interface PageRequest {
  /** What its end is recorded under. */
  readonly name: string;
  readonly method: keyof typeof Strongbox;
  readonly body: unknown;
  readonly repeatable?: boolean;
  /** Its signal is aborted before. */
  readonly isAborted?: boolean;
}

export class PagePlayer {
  /** Looked at while the page loads: whoever debugs a page may always. */
  readonly #mayEvaluate = mayEvaluate();
  readonly #statuses: ClientStatus[] = [];
  readonly #pushes: unknown[] = [];
  readonly #ends: Record<string, PageEnd> = {};
  readonly #aborts = new Map<string, AbortController>();
  #client: PlayerClient | undefined;

  /** `name`: of the player, as the page's login service signs it. */
  connect(url: string, name: string): void {
    const client = new PlayerClient({
      url,
      token: async () => (await fetch(`/token/${name}`)).text(),
    });
    this.#client = client;
    client.onStatus((status) => this.#statuses.push(status));
    for (const type of ["added", "told"]) client.subscribe(type, (body) => this.#pushes.push({ type, body }));
    client.connect();
  }

  request({ name, method, body, repeatable, isAborted }: PageRequest): void {
    const abort = new AbortController();
    this.#aborts.set(name, abort);
    if (isAborted === true) abort.abort(new Error("before"));
    const options = { timeoutMs: 30_000, signal: abort.signal, ...(repeatable === undefined ? {} : { repeatable }) };
    this.#client?.request(Strongbox[method], body as never, options).then(
      (reply) => (this.#ends[name] = { kind: "reply", body: reply }),
      (error: unknown) => (this.#ends[name] = failureOf(error)),
    );
  }

  abort(name: string): void {
    this.#aborts.get(name)?.abort(new Error("by the player"));
  }

  record(): PageRecord {
    return { mayEvaluate: this.#mayEvaluate, statuses: this.#statuses, pushes: this.#pushes, ends: this.#ends };
  }
}

function failureOf(error: unknown): PageEnd {
  if (!(error instanceof RequestError)) return { kind: "failure", code: String(error), executed: null, cause: "" };
  const { code, executed, cause } = error;
  return { kind: "failure", code, executed, cause: cause instanceof Error ? cause.message : "" };
}

function mayEvaluate(): boolean {
  try {
    Reflect.construct(Function, [""]);
    return true;
  } catch {
    return false;
  }
}

Object.assign(globalThis, { player: new PagePlayer() });
