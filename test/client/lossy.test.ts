import { describe, expect, test } from "#test";
import { randomIndex, seededRandom } from "#base/random.ts";
import { PlayerClient } from "#client/client.ts";
import { RequestError } from "#client/request_error.ts";
import { FakeClock } from "../link/fake_clock.ts";
import { ModelDoor } from "./model_door.ts";
import { settled } from "./script.ts";

const TROUBLE_MS = 60_000;
const STEP_MS = 20;

interface News {
  readonly session: string;
  readonly n: number;
}

type End =
  { readonly kind: "reply"; readonly body: unknown } | { readonly kind: "failure"; readonly executed: boolean | null };

interface Run {
  readonly door: ModelDoor;
  readonly client: PlayerClient;
  readonly asked: number;
  /** How each request ended, by its body; a second end of one is a second entry. */
  readonly ends: ReadonlyMap<number, readonly End[]>;
  readonly news: readonly News[];
  readonly faults: readonly unknown[];
}

/** A minute of requests and pushes over a network in trouble, then calm. */
async function play(seed: number): Promise<Run> {
  const clock = new FakeClock();
  const random = seededRandom(seed);
  const door = new ModelDoor(clock, random);
  const ends = new Map<number, End[]>();
  const news: News[] = [];
  const faults: unknown[] = [];
  const client = new PlayerClient({
    connect: door.connect,
    token: () => "token",
    clock,
    random,
    fault: (error) => faults.push(error),
  });
  client.subscribe("news", (body) => news.push(body as News));
  client.connect();
  let asked = 0;
  const ask = (): void => {
    asked += 1;
    const id = asked;
    ends.set(id, []);
    const abort = new AbortController();
    if (random.unit() < 0.05) clock.after(randomIndex(random, 500), () => abort.abort());
    const timeoutMs = random.unit() < 0.1 ? 200 : 120_000;
    client.request(2000, id, { timeoutMs, signal: abort.signal }).then(
      (body) => ends.get(id)?.push({ kind: "reply", body }),
      (error: unknown) => {
        if (!(error instanceof RequestError)) throw error;
        ends.get(id)?.push({ kind: "failure", executed: error.executed });
      },
    );
  };
  // The odds differ by seed: some runs are nearly calm, some hardly ever online.
  const harm = random.unit() ** 2 * 0.2;
  while (clock.nowMs() < TROUBLE_MS) {
    if (random.unit() < 0.2) ask();
    if (random.unit() < 0.2) door.push();
    if (random.unit() < harm) door.harm();
    if (random.unit() < 0.0005) door.restart();
    clock.run(STEP_MS);
    await settled();
  }
  for (let left = 200_000; left > 0; left -= 100) {
    clock.run(100);
    await settled();
  }
  return { door, client, asked, ends, news, faults };
}

describe("PlayerClient: a lossy connection", () => {
  const SEEDS = Array.from({ length: 24 }, (_, index) => index + 1);
  const total = { replies: 0, unknown: 0, resumes: 0, logins: 0 };

  for (const seed of SEEDS) {
    test(`seed ${seed}: each request ends once and is executed at most once, each push is heard once and in order`, async () => {
      const { door, client, asked, ends, news, faults } = await play(seed);
      expect(faults).toEqual([]);
      expect(client.status.kind).toBe("online");

      const executed = door.executed as number[];
      expect(executed).toEqual([...new Set(executed)].toSorted((a, b) => a - b));
      expect(ends.size).toBe(asked);
      for (const [id, found] of ends) {
        expect(found.length).toBe(1);
        const end = found[0] as End;
        if (end.kind === "reply") expect(end.body).toEqual({ echo: id });
        const isExecuted = executed.includes(id);
        if (end.kind === "reply" || end.executed === true) expect(isExecuted).toBe(true);
        if (end.kind === "failure" && end.executed === false) expect(isExecuted).toBe(false);
        total.replies += end.kind === "reply" ? 1 : 0;
        total.unknown += end.kind === "failure" && end.executed === null ? 1 : 0;
      }

      const heard = new Map<string, number>();
      for (const { session, n } of news) {
        expect(n).toBe((heard.get(session) ?? 0) + 1);
        heard.set(session, n);
      }
      const last = door.session;
      expect(heard.get(last?.name ?? "") ?? 0).toBe(last?.pushSeq ?? -1);
      expect(last?.pushes).toEqual([]);
      total.resumes += door.resumes;
      total.logins += door.logins;
    });
  }

  test("the seeds have seen resumes, lost sessions, replies and requests of which nobody knows", () => {
    expect(total.resumes).toBeGreaterThan(100);
    expect(total.logins).toBeGreaterThan(SEEDS.length);
    expect(total.replies).toBeGreaterThan(5_000);
    expect(total.unknown).toBeGreaterThan(50);
  });
});
