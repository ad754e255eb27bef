import { describe, expect, test } from "#test";
import { randomIndex, seededRandom } from "#base/random.ts";
import { PlayerClient } from "#client/client.ts";
import { RequestError } from "#client/request_error.ts";
import { REPEATS_MAX } from "#client/request_ledger.ts";
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
  | { readonly kind: "reply"; readonly body: unknown }
  | {
      readonly kind: "failure";
      readonly code: string;
      readonly executed: boolean | null;
      /** New sessions since it was asked. */
      readonly logins: number;
    };

interface Asked {
  readonly isKeyed: boolean;
  /** Its caller may give up before long. */
  readonly isHasty: boolean;
  /** How it ended; a second end is a second entry. */
  readonly ends: End[];
}

interface Run {
  readonly door: ModelDoor;
  readonly client: PlayerClient;
  /** By id. */
  readonly asked: ReadonlyMap<number, Asked>;
  readonly news: readonly News[];
  readonly faults: readonly unknown[];
}

/** A minute of requests and pushes over a network in trouble, then calm. */
async function play(seed: number): Promise<Run> {
  const clock = new FakeClock();
  const random = seededRandom(seed);
  const door = new ModelDoor(clock, random);
  const asked = new Map<number, Asked>();
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
  const ask = (): void => {
    const id = asked.size + 1;
    const ends: End[] = [];
    const abort = new AbortController();
    const isAborted = random.unit() < 0.05;
    if (isAborted) clock.after(randomIndex(random, 500), () => abort.abort());
    const isShort = random.unit() < 0.1;
    const isKeyed = random.unit() < 0.5;
    const { logins } = door;
    asked.set(id, { isKeyed, isHasty: isAborted || isShort, ends });
    const options = { timeoutMs: isShort ? 200 : 300_000, signal: abort.signal, repeatable: isKeyed };
    client.request(2000, { id, isKeyed }, options).then(
      (body) => ends.push({ kind: "reply", body }),
      (error: unknown) => {
        if (!(error instanceof RequestError)) throw error;
        const { code, executed } = error;
        ends.push({ kind: "failure", code, executed, logins: door.logins - logins });
      },
    );
  };
  // The odds differ by seed: some runs are nearly calm, some hardly ever online.
  const harm = random.unit() ** 2 * 0.2;
  while (clock.nowMs() < TROUBLE_MS) {
    if (random.unit() < 0.2) ask();
    if (random.unit() < 0.2) door.push();
    if (random.unit() < harm) door.harm();
    if (random.unit() < 0.001) door.restart();
    clock.run(STEP_MS);
    await settled();
  }
  for (let left = 200_000; left > 0; left -= 100) {
    clock.run(100);
    await settled();
  }
  return { door, client, asked, news, faults };
}

describe("PlayerClient: a lossy connection", () => {
  const SEEDS = Array.from({ length: 24 }, (_, index) => index + 1);
  const total = { replies: 0, unknown: 0, resumes: 0, logins: 0, remembered: 0 };

  for (const seed of SEEDS) {
    test(`seed ${seed}: each request ends once and takes effect at most once, each push is heard once and in order`, async () => {
      const { door, client, asked, news, faults } = await play(seed);
      expect(faults).toEqual([]);
      expect(client.status.kind).toBe("online");

      const { executed, refused } = door;
      expect(executed.length).toBe(new Set(executed).size);
      // One that was refused in a session that is gone may be asked again after those that came behind it.
      const inTurn = executed.filter((id) => !refused.has(id));
      expect(inTurn).toEqual(inTurn.toSorted((a, b) => a - b));
      for (const [id, { isKeyed, isHasty, ends }] of asked) {
        expect(ends.length).toBe(1);
        const end = ends[0] as End;
        if (end.kind === "reply") expect(end.body).toEqual({ echo: id });
        const isExecuted = executed.includes(id);
        if (end.kind === "reply" || end.executed === true) expect(isExecuted).toBe(true);
        if (end.kind === "failure" && end.executed === false) expect(isExecuted).toBe(false);
        // Whoever waits for it hears what the server said of it, unless too many sessions were lost meanwhile.
        if (end.kind === "failure" && isKeyed && !isHasty && end.logins < REPEATS_MAX) {
          expect(end.code).toBe("OVERLOADED");
        }
        total.replies += end.kind === "reply" ? 1 : 0;
        total.unknown += end.kind === "failure" && end.code === "LINK_LOST" && end.executed === null ? 1 : 0;
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
      total.remembered += door.remembered;
    });
  }

  test("the seeds have seen resumes, lost sessions, replies, repeats, and requests of which nobody knows", () => {
    expect(total.resumes).toBeGreaterThan(100);
    expect(total.logins).toBeGreaterThan(SEEDS.length);
    expect(total.replies).toBeGreaterThan(5_000);
    expect(total.unknown).toBeGreaterThan(50);
    expect(total.remembered).toBeGreaterThan(50);
  });
});
