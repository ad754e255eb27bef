import { describe, expect, test } from "#test";
import { decodeApplied } from "#sync/applied.ts";
import { AppliedBoard } from "#sync/applied_board.ts";
import { node } from "./kit.ts";

const CENTER = node("center", 3).key;
const USER = node("user", 301).key;

describe("AppliedBoard", () => {
  test("names nodes that differ, by node, and since when", () => {
    const board = new AppliedBoard({ intervalMs: 1000 });
    board.own(5n, 100);
    board.join(CENTER, 200);
    board.join(USER, 210);
    board.heard(CENTER, 4n, 300);
    expect(board.exceptions()).toEqual([
      { node: USER, digest: 0n, sinceMs: 210 },
      { node: CENTER, digest: 4n, sinceMs: 200 },
    ]);
    board.heard(CENTER, 5n, 400);
    board.heard(USER, 5n, 400);
    expect(board.exceptions()).toEqual([]);
  });

  test("starts the time anew at each difference, and keeps it while the difference stands", () => {
    const board = new AppliedBoard({ intervalMs: 1000 });
    board.own(5n, 0);
    board.join(CENTER, 0);
    board.heard(CENTER, 5n, 10);
    board.own(6n, 20);
    board.own(7n, 30);
    board.heard(CENTER, 6n, 40);
    expect(board.exceptions()).toEqual([{ node: CENTER, digest: 6n, sinceMs: 20 }]);
  });

  test("takes no exception to a fresh node while there is nothing to apply", () => {
    const board = new AppliedBoard({ intervalMs: 1000 });
    board.join(CENTER, 0);
    expect(board.exceptions()).toEqual([]);
  });

  test("forgets who left and ignores who never joined", () => {
    const board = new AppliedBoard({ intervalMs: 1000 });
    board.own(5n, 0);
    board.join(CENTER, 0);
    board.leave(CENTER);
    board.heard(CENTER, 4n, 1);
    expect(board.exceptions()).toEqual([]);
  });

  test("gives a word at once, then only for news and at most once per interval", () => {
    const board = new AppliedBoard({ intervalMs: 1000 });
    board.own(5n, 0);
    board.join(CENTER, 50);
    const first = board.word(0);
    expect(first && decodeApplied(first)).toEqual({
      digest: 5n,
      exceptions: [{ node: CENTER, digest: 0n, sinceMs: 50 }],
    });
    board.heard(CENTER, 5n, 100);
    expect(board.word(999)).toBeUndefined();
    const second = board.word(1000);
    expect(second && decodeApplied(second)).toEqual({ digest: 5n, exceptions: [] });
    expect(board.word(5000)).toBeUndefined();
  });
});
