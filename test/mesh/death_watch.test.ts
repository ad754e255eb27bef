import { describe, expect, test } from "#test";
import type { DeathVerdict } from "#mesh/death_watch.ts";
import { DEAD_TICKS, DeathWatch, policyText } from "#mesh/death_watch.ts";

function said(verdict: DeathVerdict): string {
  return verdict.kind === "exit" ? verdict.reason : verdict.kind;
}

function silent(watch: DeathWatch, ticks: number): string[] {
  return Array.from({ length: ticks }, () => said(watch.tick(false)));
}

describe("DeathWatch", () => {
  test("is not armed before the first welcome: no silence and no goodbye means anything", () => {
    const watch = new DeathWatch();
    expect(silent(watch, 20)).toEqual(Array.from({ length: 20 }, () => "none"));
    expect(said(watch.goodbye(true))).toEqual("none");
    expect(watch.isArmed).toEqual(false);
    expect(said(watch.welcome("a"))).toEqual("none");
    expect(watch.isArmed).toEqual(true);
  });

  test("is dead at the fourth silent tick, once", () => {
    const watch = new DeathWatch();
    watch.welcome("a");
    expect(silent(watch, DEAD_TICKS + 3)).toEqual(["none", "none", "none", "gateway_dead", "none", "none", "none"]);
    expect(watch.isArmed).toEqual(false);
  });

  test("a sign of life, or a welcome of the same boot, forgets the silence", () => {
    const watch = new DeathWatch();
    watch.welcome("a");
    silent(watch, 3);
    expect(said(watch.tick(true))).toEqual("none");
    expect(silent(watch, 3)).toEqual(["none", "none", "none"]);
    expect(said(watch.welcome("a"))).toEqual("none");
    expect(silent(watch, 4)).toEqual(["none", "none", "none", "gateway_dead"]);
  });

  test("a link that flaps and is made again by the same boot is no death", () => {
    const watch = new DeathWatch();
    const heard = Array.from({ length: 50 }, () => {
      const verdicts = [said(watch.welcome("a")), ...silent(watch, 3)];
      return verdicts.every((verdict) => verdict === "none");
    });
    expect(heard).toEqual(heard.map(() => true));
  });

  test("another boot is a restart, and it is watched from then on", () => {
    const watch = new DeathWatch();
    watch.welcome("a");
    silent(watch, 3);
    expect(said(watch.welcome("b"))).toEqual("gateway_restarted");
    expect(said(watch.welcome("b"))).toEqual("none");
    expect(silent(watch, 4)).toEqual(["none", "none", "none", "gateway_dead"]);
  });

  test("a goodbye counts when the gateway stops, and once", () => {
    const watch = new DeathWatch();
    watch.welcome("a");
    expect(said(watch.goodbye(false))).toEqual("none");
    expect(watch.isArmed).toEqual(true);
    expect(said(watch.goodbye(true))).toEqual("gateway_stopping");
    expect(said(watch.goodbye(true))).toEqual("none");
    expect(silent(watch, 9)).toEqual(Array.from({ length: 9 }, () => "none"));
  });

  test("after a death the next welcome arms it again, whatever its boot", () => {
    const watch = new DeathWatch();
    for (const boot of ["a", "b", "b"]) {
      expect(said(watch.welcome(boot))).toEqual("none");
      expect(silent(watch, 4)).toEqual(["none", "none", "none", "gateway_dead"]);
    }
    watch.welcome("c");
    watch.goodbye(true);
    expect(said(watch.welcome("d"))).toEqual("none");
    expect(watch.isArmed).toEqual(true);
  });
});

describe("policyText", () => {
  test("says the bound and what then happens", () => {
    expect(policyText("gateway:1", { policy: "exit", heartbeatMs: 1000 })).toEqual("gateway:1 silent for 4 s => exit");
    expect(policyText("gateway:2", { policy: "clear_logins", heartbeatMs: 250 })).toEqual(
      "gateway:2 silent for 1 s => clear_logins",
    );
    expect(policyText("gateway:3", { policy: "ignore", heartbeatMs: 100 })).toEqual(
      "gateway:3 silent for 0.4 s => ignore",
    );
  });
});
