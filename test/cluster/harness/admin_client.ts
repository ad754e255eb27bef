/**
 * The admin API of one node, as a test asks it. An answer that is not 200, or none at all, is undefined: whoever
 * waits for something asks again.
 */

import type { ActivityDetail } from "#admin/port_activities.ts";
import type { NodeDescription, NodeHealth, NodeRow } from "#admin/port.ts";

const ASK_MS = 4_000;

export interface Answer {
  /** 0: no answer. */
  readonly status: number;
  readonly body: unknown;
}

interface ActivitiesWithNodes {
  readonly activities: readonly ActivityDetail[];
  readonly next?: string;
}

export class AdminClient {
  readonly url: string;
  readonly #token: string;
  readonly #socket: string | undefined;

  constructor(options: { readonly port: number; readonly token: string; readonly socket?: string | undefined }) {
    this.url = `http://127.0.0.1:${options.port}`;
    this.#token = options.token;
    this.#socket = options.socket;
  }

  async ask(method: "GET" | "POST" | "PATCH" | "DELETE", path: string, body?: unknown): Promise<Answer> {
    const headers: Record<string, string> = { authorization: `Bearer ${this.#token}`, connection: "close" };
    if (body !== undefined) headers["content-type"] = "application/json";
    try {
      const response = await fetch(`${this.url}${path}`, {
        method,
        headers,
        signal: AbortSignal.timeout(ASK_MS),
        ...(this.#socket === undefined ? {} : { unix: this.#socket }),
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      return { status: response.status, body: await response.json() };
    } catch {
      return { status: 0, body: undefined };
    }
  }

  async nodes(): Promise<readonly NodeRow[] | undefined> {
    return (await this.#get<{ nodes: readonly NodeRow[] }>("/api/nodes"))?.nodes;
  }

  async describe(id: string): Promise<NodeDescription | undefined> {
    return (await this.#get<{ node: NodeDescription }>(`/api/nodes/${id}`))?.node;
  }

  /** All of them with their nodes, page by page. */
  async activities(): Promise<readonly ActivityDetail[] | undefined> {
    const all: ActivityDetail[] = [];
    for (let after = ""; ;) {
      const page = await this.#get<ActivitiesWithNodes>(`/api/activities?nodes=true${after}`);
      if (page === undefined) return undefined;
      all.push(...page.activities);
      if (page.next === undefined) return all;
      after = `&after=${page.next}`;
    }
  }

  async health(): Promise<readonly NodeHealth[] | undefined> {
    return (await this.#get<{ nodes: readonly NodeHealth[] }>("/api/health"))?.nodes;
  }

  /** Creates it open. */
  open(
    id: string,
    activity: { readonly kind: string; readonly config?: unknown; readonly owner?: string },
  ): Promise<Answer> {
    return this.ask("POST", "/api/activities", { id, open: true, ...activity });
  }

  async #get<T>(path: string): Promise<T | undefined> {
    const { status, body } = await this.ask("GET", path);
    return status === 200 ? (body as T) : undefined;
  }
}
