import { describe, expect, test } from "#test";
import { number, ratio, table } from "./table.ts";

describe("table", () => {
  test("aligns names to the left and numbers to the right", () => {
    expect(
      table(
        ["what", "calls/s"],
        [
          ["routed call", "1,234"],
          ["relay", "5"],
        ],
      ),
    ).toBe(
      [
        "| what        | calls/s |",
        "| ----------- | ------: |",
        "| routed call |   1,234 |",
        "| relay       |       5 |",
      ].join("\n"),
    );
  });

  test("a cell that is missing is empty", () => {
    expect(table(["a", "b"], [["x"]])).toBe(["| a   |   b |", "| --- | --: |", "| x   |     |"].join("\n"));
  });
});

describe("number", () => {
  test("shows three figures, thousands apart, and a dash for what is not known", () => {
    expect([123_456.7, 99.94, 9.994, 0.1234, 0, Number.NaN, undefined].map(number)).toEqual([
      "123,457",
      "99.9",
      "9.99",
      "0.123",
      "0.000",
      "–",
      "–",
    ]);
  });

  test("ratio always has two digits", () => {
    expect([0.5, 12.345, Number.NaN].map(ratio)).toEqual(["0.50", "12.35", "–"]);
  });
});
