/**
 * The app over a FakePort, with all that it says kept for the test to look at.
 */

import type { AdminAppOptions } from "#admin/app.ts";
import { createAdminApp } from "#admin/app.ts";
import type { AuditEntry } from "#admin/audit.ts";
import type { AdminEnv } from "#admin/services.ts";
import { Counters } from "#base/counters.ts";
import type { Log, LogData } from "#base/log.ts";
import type { AuditPage } from "#store/audit_log.ts";
import { AUDIT_PAGE_MAX } from "#store/audit_log.ts";
import type { Hono } from "hono";
import { ManualClock } from "../store/manual_clock.ts";
import { digest } from "../wire/digest.ts";
import { FakePort } from "./fake_port.ts";

export const READ_SECRET = "read-secret-0123456789";
export const OPERATE_SECRET = "operate-secret-0123456789";

export interface LogLine {
  readonly level: keyof Log;
  readonly phrase: string;
  readonly data: LogData | undefined;
}

export interface Ask {
  /** Undefined: the one that may operate; null: none. */
  readonly token?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
  /** A text goes as it is, anything else as JSON. */
  readonly body?: unknown;
  readonly remote?: string;
}

export class Fixture {
  readonly port = new FakePort();
  readonly clock = new ManualClock();
  readonly counters = new Counters();
  readonly lines: LogLine[] = [];
  readonly trail: AuditEntry[] = [];
  /** Runs instead of keeping an entry. */
  auditFault: (() => Promise<never>) | undefined;
  readonly app: Hono<AdminEnv>;

  constructor(
    allowedHosts: readonly string[] = ["127.0.0.1"],
    options: Partial<Pick<AdminAppOptions, "metrics" | "metricsOpen">> = {},
  ) {
    const say =
      (level: keyof Log) =>
      (phrase: string, data?: LogData): void => {
        this.lines.push({ level, phrase, data });
      };
    this.app = createAdminApp({
      port: this.port,
      tokens: [
        { name: "reader", role: "read", secret: READ_SECRET },
        { name: "operator", role: "operate", secret: OPERATE_SECRET },
      ],
      allowedHosts,
      log: { debug: say("debug"), info: say("info"), warn: say("warn"), error: say("error") },
      clock: this.clock,
      counters: this.counters,
      digest,
      audit: {
        record: (entry) => {
          if (this.auditFault !== undefined) return this.auditFault();
          this.trail.push(entry);
          return Promise.resolve();
        },
        page: (asked) => (this.auditFault === undefined ? this.#page(asked) : this.auditFault()),
      },
      ...options,
    });
  }

  /** `call` is "METHOD /path". */
  async ask(call: string, options: Ask = {}): Promise<Response> {
    const [method = "GET", path = "/"] = call.split(" ");
    const headers = new Headers({ Host: "127.0.0.1:8900" });
    if (options.token !== null) headers.set("Authorization", `Bearer ${options.token ?? OPERATE_SECRET}`);
    if (options.body !== undefined) headers.set("Content-Type", "application/json");
    for (const [name, value] of Object.entries(options.headers ?? {})) headers.set(name, value);
    const init: RequestInit = { method, headers };
    if (options.body !== undefined) init.body = bodyOf(options.body);
    return this.app.request(`http://127.0.0.1:8900${path}`, init, { remote: options.remote ?? "127.0.0.1:50000" });
  }

  async askJson(call: string, options: Ask = {}): Promise<{ readonly status: number; readonly body: unknown }> {
    const response = await this.ask(call, options);
    return { status: response.status, body: await response.json() };
  }

  /** As the store's does it; entries are numbered from 1. */
  #page(options: { readonly before?: number | undefined; readonly limit?: number | undefined }): Promise<AuditPage> {
    const older = this.trail
      .map((entry, index) => ({ ...entry, number: index + 1 }))
      .filter(({ number }) => number < (options.before ?? Number.MAX_SAFE_INTEGER))
      .toReversed();
    const records = older.slice(0, options.limit ?? AUDIT_PAGE_MAX);
    return Promise.resolve({ records, next: records.length < older.length ? records.at(-1)?.number : undefined });
  }

  /** An activity to do something with. */
  async createBoss(id = "boss"): Promise<void> {
    await this.ask("POST /api/activities", { body: { id, kind: "boss", config: { hp: 10 } } });
    this.trail.length = 0;
  }
}

function bodyOf(body: unknown): string | Uint8Array<ArrayBuffer> {
  if (typeof body === "string") return body;
  if (body instanceof Uint8Array) return new Uint8Array(body);
  return JSON.stringify(body);
}
