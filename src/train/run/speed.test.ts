import { expect, it } from "vitest";
import { referenceBackend } from "../../backend/reference.js";
import { blockSpeed, describeTime, operationsPerRound } from "./speed.js";

it("states the time alone, and beside other programs where they take much of it", async () => {
  expect(describeTime(600, 1e9, { idle: 5e9, now: 4.9e9 })).toBe(
    "roughly 2 min to 4 min for 600 steps",
  );
  expect(describeTime(6000, 1e9, { idle: 5e9, now: 1e9 })).toMatch(
    /^roughly 20 min to 40 min for 6,000 steps; .* while other programs keep the processors as busy as now$/,
  );
  expect(describeTime(6, 1e7, { idle: 5e9, now: 1e9 })).toBe("roughly 0 s for 6 steps");
  const sizes = { layers: 1, width: 16, hidden: 32, heads: 2 };
  const { idle, now } = await blockSpeed(referenceBackend(), sizes, "float32", 1e9);
  expect(now).toBeGreaterThan(0);
  expect(idle).toBeGreaterThanOrEqual(now);
});

it("measures for no longer than a training is worth", () => {
  const native = { name: "native" } as const;
  const [seconds, minutes, days] = [1e9, 1e11, 1e18].map((work) =>
    operationsPerRound(native, work),
  );
  expect([seconds, minutes, days]).toEqual([5e8, 2.5e9, 5e9]);
});
