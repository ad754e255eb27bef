/**
 * What the app does when the cluster behind it fails, hangs or throws what it should not.
 */

import { AUDIT_WAIT_MAX_MS } from "#admin/change.ts";
import { PORT_WAIT_MAX_MS } from "#admin/answer.ts";
import { IN_FLIGHT_MAX } from "#admin/guards.ts";
import { CallError } from "#rpc/call_failure.ts";
import { describe, expect, test } from "#test";
import { type CallErrorCode } from "#wire/call_error.ts";
import { nodeId } from "#wire/role.ts";
import { Fixture, READ_SECRET } from "./fixture.ts";

function callError(code: CallErrorCode, sent = true): CallError {
  return new CallError({ code, at: nodeId("gateway", 1), sent, method: "describe", detail: "word-of-the-peer" });
}

const hang = (): Promise<never> => new Promise(() => undefined);

/** Lets all microtasks of the app run: nothing in it waits for anything but the port and the clock. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 100; turn += 1) await Promise.resolve();
}

describe("Admin app: calls that fail in the cluster", () => {
  const cases: [code: CallErrorCode, status: number, type: string, logged: number][] = [
    ["NO_ROUTE", 503, "unavailable", 0],
    ["LINK_LOST", 503, "unavailable", 0],
    ["OVERLOADED", 503, "unavailable", 0],
    ["DRAINING", 503, "unavailable", 0],
    ["DEADLINE", 504, "timeout", 0],
    ["UNKNOWN_METHOD", 502, "bad_gateway", 1],
    ["INVALID", 502, "bad_gateway", 1],
    ["FAILED", 502, "bad_gateway", 1],
  ];
  for (const [code, status, type, logged] of cases) {
    test(`${code} is ${status} with the code and the place`, async () => {
      const fixture = new Fixture();
      fixture.port.fault = () => Promise.reject(callError(code));
      const response = await fixture.ask("GET /api/nodes/center:1");
      expect(response.status).toBe(status);
      expect(response.headers.get("Retry-After")).toBe(status === 503 ? "1" : null);
      const text = await response.text();
      expect(JSON.parse(text)).toMatchObject({ type: `urn:kuafu:problem:${type}`, code, at: "gateway:1" });
      expect(text).not.toContain("word-of-the-peer");
      expect(fixture.lines.length).toBe(logged);
      expect(fixture.counters.get(`admin.call_failed:${code}`)).toBe(1);
    });
  }

  const doubts: [code: CallErrorCode, sent: boolean, outcome: string][] = [
    ["NO_ROUTE", true, "failed"],
    ["LINK_LOST", false, "failed"],
    ["LINK_LOST", true, "unknown"],
    ["DEADLINE", true, "unknown"],
    ["FAILED", true, "unknown"],
  ];
  for (const [code, sent, outcome] of doubts) {
    test(`a change that ends in ${code}, sent ${sent}, is ${outcome} in the audit trail and to the caller`, async () => {
      const fixture = new Fixture();
      await fixture.createBoss();
      fixture.port.fault = () => Promise.reject(callError(code, sent));
      const { body } = await fixture.askJson("POST /api/activities/boss/open");
      expect(fixture.trail.map((entry) => entry.outcome as string)).toEqual([outcome]);
      const { detail } = body as { detail: string };
      expect(detail.includes("may have been made")).toBe(outcome === "unknown");
    });
  }

  test("a result that is unavailable is 503", async () => {
    const fixture = new Fixture();
    fixture.port.nodes = () =>
      Promise.resolve({ kind: "unavailable", detail: "Cannot ask a cross gateway: none is up" });
    expect(await fixture.askJson("GET /api/nodes")).toMatchObject({
      status: 503,
      body: { type: "urn:kuafu:problem:unavailable", detail: "Cannot ask a cross gateway: none is up" },
    });
  });
});

describe("Admin app: unexpected errors", () => {
  const thrown: [name: string, value: () => unknown][] = [
    ["an error", () => new Error("secret-detail")],
    ["an error with a strange code", () => Object.assign(new Error("secret-detail"), { code: "constructor" })],
    ["a text", () => "secret-detail"],
    ["undefined", () => undefined],
  ];
  for (const [name, value] of thrown) {
    test(`${name} is 500 without details, logged once`, async () => {
      const fixture = new Fixture();
      // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- what a team's code may do
      fixture.port.fault = () => Promise.reject(value());
      const response = await fixture.ask("GET /api/nodes");
      const text = await response.text();
      expect(response.status).toBe(500);
      expect(text).not.toContain("secret-detail");
      const error = value() === undefined ? "undefined" : "secret-detail";
      expect(fixture.lines).toEqual([
        { level: "error", phrase: "admin request failed", data: { method: "GET", path: "/api/nodes", error } },
      ]);
      expect(fixture.counters.get("admin.failed")).toBe(1);
    });
  }

  test("a port that throws at once, and a probe that throws, are 500 as well", async () => {
    const fixture = new Fixture();
    fixture.port.fault = () => {
      throw new Error("at once");
    };
    expect((await fixture.ask("GET /api/nodes")).status).toBe(500);
    fixture.port.live = () => {
      throw new Error("probe");
    };
    expect((await fixture.ask("GET /healthz", { token: null })).status).toBe(500);
  });

  test("a change that throws is unknown in the audit trail", async () => {
    const fixture = new Fixture();
    await fixture.createBoss();
    fixture.port.fault = () => Promise.reject(new Error("broken"));
    expect((await fixture.ask("POST /api/activities/boss/open")).status).toBe(500);
    expect(fixture.trail.map(({ outcome }) => outcome)).toEqual(["unknown"]);
  });
});

describe("Admin app: bounds on waiting", () => {
  test("a port that never answers is 504 at the limit, and not before", async () => {
    const fixture = new Fixture();
    fixture.port.fault = hang;
    let status: number | undefined;
    const asked = fixture.ask("GET /api/nodes").then((response) => (status = response.status));
    await settle();
    fixture.clock.advance(PORT_WAIT_MAX_MS - 1);
    await settle();
    expect(status).toBe(undefined);
    fixture.clock.advance(1);
    expect(await asked).toBe(504);
    expect(fixture.clock.pending).toBe(0);
  });

  test("an answer in time leaves no timer behind", async () => {
    const fixture = new Fixture();
    await fixture.createBoss();
    await fixture.ask("POST /api/activities/boss/open");
    expect(fixture.clock.pending).toBe(0);
  });

  test("a failure after the limit harms nobody", async () => {
    const fixture = new Fixture();
    let fail = (_: Error): void => undefined;
    fixture.port.fault = () =>
      new Promise((_, reject) => {
        fail = reject;
      });
    const asked = fixture.ask("GET /api/nodes");
    await settle();
    fixture.clock.advance(PORT_WAIT_MAX_MS);
    expect((await asked).status).toBe(504);
    fail(new Error("late"));
    await settle();
    expect(fixture.lines).toEqual([]);
  });

  test("more requests than the limit are refused at once, and room comes back", async () => {
    const fixture = new Fixture();
    fixture.port.nodes = hang;
    const waiting = Array.from({ length: IN_FLIGHT_MAX }, () => fixture.ask("GET /api/nodes"));
    await settle();
    const refused = await fixture.ask("GET /api/activities");
    expect(refused.status).toBe(503);
    expect(refused.headers.get("Retry-After")).toBe("1");
    expect((await fixture.ask("GET /healthz", { token: null })).status).toBe(200);
    fixture.clock.advance(PORT_WAIT_MAX_MS);
    expect((await Promise.all(waiting)).every(({ status }) => status === 504)).toBe(true);
    expect((await fixture.ask("GET /api/activities")).status).toBe(200);
  });
});

describe("Admin app: an audit trail that fails", () => {
  test("the change is answered, and the log keeps the entry", async () => {
    const fixture = new Fixture();
    await fixture.createBoss();
    fixture.auditFault = () => Promise.reject(new Error("disk full"));
    expect((await fixture.ask("POST /api/activities/boss/open")).status).toBe(200);
    expect(fixture.lines).toEqual([
      {
        level: "error",
        phrase: "audit entry not written",
        data: {
          atMs: 1_000_000,
          who: "operator",
          remote: "127.0.0.1:50000",
          verb: "activity.open",
          subject: "boss",
          outcome: "done",
          why: "",
          error: "disk full",
        },
      },
    ]);
    expect(fixture.counters.get("admin.audit_failed")).toBe(1);
  });

  test("a trail that hangs delays the answer by its limit and no more", async () => {
    const fixture = new Fixture();
    fixture.auditFault = hang;
    const asked = fixture.ask("DELETE /api/activities/boss", { token: READ_SECRET });
    await settle();
    fixture.clock.advance(AUDIT_WAIT_MAX_MS);
    expect((await asked).status).toBe(403);
  });
});
