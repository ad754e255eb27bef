import * as v from "valibot";
import { describe, expect, test } from "#test";
import { ContractError, contract } from "#rpc/contract.ts";
import { RetryBudget } from "#rpc/retry_budget.ts";
import { RuntimeContract } from "#rpc/runtime_contract.ts";
import { METHOD_TEAM_MIN } from "#wire/limits.ts";

const any = { request: v.unknown(), reply: v.unknown() };

function fault(declare: () => unknown): string {
  try {
    declare();
  } catch (error) {
    return error instanceof ContractError ? error.message : `not a ContractError: ${String(error)}`;
  }
  return "none";
}

describe("contract", () => {
  test("gives each method its place as its name and keeps what was declared", () => {
    const request = v.object({ a: v.number() });
    const reply = v.string();
    const Boss = contract("boss", { hit: { id: 2000, request, reply, idempotent: true }, look: { id: 2001, ...any } });
    expect(Boss.hit).toEqual({ id: 2000, request, reply, idempotent: true, name: "boss.hit" });
    expect(Boss.look.name).toEqual("boss.look");
  });

  test("refuses a name that is not one", () => {
    for (const name of ["", "Boss", "1boss", "bo-ss", "_boss", "boss ", "böss"]) {
      expect(fault(() => contract(name, {}))).toEqual(
        `Cannot declare contract: name is "${name}", allowed is [a-z][a-z0-9_]*`,
      );
    }
  });

  test("refuses an id that the wire cannot carry", () => {
    for (const id of [0, -1, 65536, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
      expect(fault(() => contract("boss", { hit: { id, ...any } }))).toEqual(
        `Cannot declare boss.hit: id is ${id}, allowed is 1 to 65535`,
      );
    }
    expect(fault(() => contract("boss", { hit: { id: 65535, ...any }, look: { id: 1, ...any } }))).toEqual("none");
  });

  test("refuses an id that is used twice", () => {
    expect(fault(() => contract("boss", { hit: { id: 2000, ...any }, look: { id: 2000, ...any } }))).toEqual(
      "Cannot declare boss.look: id 2000 is used by boss.hit already",
    );
  });

  test("the runtime's own methods are below what a team may take, and all may be asked twice", () => {
    for (const method of Object.values(RuntimeContract)) {
      expect([method.name, method.id < METHOD_TEAM_MIN, method.idempotent]).toEqual([method.name, true, true]);
    }
  });
});

describe("RetryBudget", () => {
  function drain(budget: RetryBudget): number {
    let count = 0;
    while (budget.take()) count += 1;
    return count;
  }

  test("begins with a few", () => {
    const budget = new RetryBudget();
    expect(drain(budget)).toEqual(10);
    expect(budget.take()).toEqual(false);
  });

  test("grows by a tenth of the calls and no further than its bound", () => {
    const budget = new RetryBudget();
    drain(budget);
    for (let call = 0; call < 200; call += 1) budget.called();
    const granted = drain(budget);
    expect(granted >= 19 && granted <= 20).toEqual(true);
    for (let call = 0; call < 100_000; call += 1) budget.called();
    expect(drain(budget)).toEqual(100);
  });
});
