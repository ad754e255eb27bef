import { describe, expect, test } from "#test";
import { ANSWERS_MS_MAX, GOODBYE_MS_MAX } from "#bots/bot_crew.ts";
import { summaryOf } from "#bots/bot_summary.ts";
import { CrewGround } from "./crew_ground.ts";

const RUN = { bots: 20, seed: 1, durationMs: 0 };

function counts({ crew }: CrewGround): Readonly<Record<string, unknown>> {
  const { login, resume, request, ...rest } = summaryOf(crew.figures, RUN);
  return { ...rest, timed: [login.count, resume.count, request.count] };
}

async function stop(ground: CrewGround): Promise<void> {
  let isDone = false;
  void ground.crew.stop().then(() => {
    isDone = true;
  });
  await ground.run(ANSWERS_MS_MAX + GOODBYE_MS_MAX + 10);
  expect(isDone).toBe(true);
}

describe("BotCrew with a door", () => {
  test("counts what the door counts: logins, resumes, requests, and nobody stays behind", async () => {
    const ground = new CrewGround();
    const { crew } = ground;
    const { counters, door } = ground.ground;
    crew.start();
    await ground.run(120_000);
    expect(crew.figures.at("online") + crew.figures.at("resuming") + crew.figures.at("resting")).toBe(20);
    expect(door.status().sessions).toBeGreaterThan(10);
    await stop(ground);
    const { figures } = crew;
    expect(figures.cuts).toBeGreaterThan(15);
    expect(figures.logouts).toBeGreaterThan(3);
    expect(counts(ground)).toMatchObject({
      loginsAfterLoss: 0,
      resumes: figures.cuts,
      requests: ground.bodies.length,
      replies: ground.bodies.length - figures.unanswered,
      errors: {},
      ends: {},
      timed: [figures.logins, figures.resumes, figures.replies - figures.carried],
    });
    expect(ground.ground.presence.loginCount).toBe(figures.logins);
    expect(counters.all()["session.resumed"]).toBe(figures.resumes);
    expect(figures.carried).toBeGreaterThan(3);
    expect(door.status()).toEqual({ conns: 0, sessions: 0, lost: 0, queued: 0, maintenance: false });
    // Each was done once, also what was asked right before the connection was cut.
    expect(new Set(ground.bodies.map((body) => JSON.stringify(body))).size).toBe(ground.bodies.length);
    expect(ground.troubles).toEqual([]);
  });

  test("does the same with the same seed, but for its keys", async () => {
    const lived = async (seed: number): Promise<unknown> => {
      const ground = new CrewGround({ options: { seed, count: 5 } });
      ground.crew.start();
      await ground.run(20_000);
      return counts(ground);
    };
    expect(await lived(3)).toEqual(await lived(3));
    expect(await lived(4)).not.toEqual(await lived(3));
  });

  test("lets no more log in than it was told", async () => {
    const ground = new CrewGround({ options: { loginsPerSecond: 5 } });
    ground.crew.start();
    const seen: number[] = [];
    for (let second = 0; second < 4; second += 1) {
      seen.push(ground.crew.figures.logins);
      await ground.run(1_000);
    }
    expect(seen.filter((logins, second) => logins > 5 * second + 1 || logins < 5 * second - 1)).toEqual([]);
    expect(seen.at(-1)).toBeGreaterThan(10);
  });

  test("waits in the door's queue, which the login's time counts", async () => {
    const ground = new CrewGround({ limits: { sessionsMax: 15 } });
    ground.crew.start();
    await ground.run(3_000);
    const { figures } = ground.crew;
    expect([figures.at("online") + figures.at("resuming"), figures.at("queued")]).toEqual([15, 5]);
    await ground.run(120_000);
    expect(figures.login.maxMs).toBeGreaterThan(1_000);
    expect(figures.logins).toBeGreaterThan(20);
  });

  test("resumes when all connections are lost, and logs in anew when the sessions are gone", async () => {
    const ground = new CrewGround();
    const { figures } = ground.crew;
    ground.crew.start();
    await ground.run(3_000);
    const { logins, resumes } = figures;
    ground.loseAll();
    expect(figures.at("online")).toBe(0);
    await ground.run(2_000);
    expect(figures.ends.get("lost")).toBeGreaterThan(15);
    expect(figures.resumes - resumes).toBeGreaterThan(15);
    expect(figures.logins).toBe(logins);
    // As after the death of a gateway, which knows no session of before.
    ground.isDown = true;
    for (const player of ground.ground.door.players()) ground.ground.door.kick(player, "gone");
    ground.loseAll();
    await ground.run(1_000);
    expect([figures.at("online"), ground.ground.door.status().sessions]).toEqual([0, 0]);
    ground.isDown = false;
    await ground.run(20_000);
    expect(figures.at("online")).toBeGreaterThan(10);
    expect(figures.loginsAfterLoss).toBeGreaterThan(10);
    expect(ground.troubles).toEqual(expect.arrayContaining(["lost: the connection ended while online"]));
  });

  test("is over when every bot was told not to come again", async () => {
    const ground = new CrewGround({ options: { tokenOf: () => "bad" } });
    let isOver = false;
    void ground.crew.over.then(() => {
      isOver = true;
    });
    ground.crew.start();
    await ground.run(100);
    expect(isOver).toBe(false);
    await ground.run(1_500);
    expect(isOver).toBe(true);
    expect([counts(ground)["logins"], counts(ground)["ends"]]).toEqual([0, { bad_token: 20 }]);
    expect(ground.troubles).toEqual(["bad_token: it is bad"]);
  });

  test("counts errors by their code, and says the first of each", async () => {
    const ground = new CrewGround({
      options: {
        count: 2,
        requests: [{ name: "odd", method: 2001, weight: 1, body: () => ({ text: "x".repeat(70_000) }) }],
      },
    });
    ground.crew.start();
    await ground.run(10_000);
    const { figures } = ground.crew;
    expect(figures.requests).toBeGreaterThan(20);
    expect(Object.fromEntries(figures.errors)).toEqual({ INVALID: figures.requests });
    expect(ground.troubles.map((trouble) => trouble.slice(0, 30))).toEqual(["odd: Cannot request: INVALID: "]);
  });
});
