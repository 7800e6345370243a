import { setTimeout } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { ahead } from "./ahead.js";

describe("working ahead", () => {
  it("gives results in order, with a bounded number at work at once", async () => {
    let working = 0;
    let most = 0;
    const results: number[] = [];
    const work = async (value: number): Promise<number> => {
      most = Math.max(most, ++working);
      await setTimeout(value % 3);
      working--;
      return value;
    };
    for await (const result of ahead([...Array(20).keys()], 4, work)) results.push(result);
    expect(results).toEqual([...Array(20).keys()]);
    expect(most).toBe(4);
  });

  it("fails at the position of the result", async () => {
    const results: number[] = [];
    const work = (value: number): Promise<number> =>
      value === 2 ? Promise.reject(new Error("two")) : Promise.resolve(value);
    const all = async (): Promise<void> => {
      for await (const result of ahead([0, 1, 2, 3], 4, work)) results.push(result);
    };
    await expect(all()).rejects.toThrow("two");
    expect(results).toEqual([0, 1]);
  });
});
