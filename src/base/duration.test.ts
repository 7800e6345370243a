import { expect, test } from "vitest";
import { formatDuration, formatRate } from "./duration.js";

test.each([
  [0, "0 s"],
  [89.4, "89 s"],
  [90, "2 min"],
  [89 * 60, "89 min"],
  [89.6 * 60, "1 h 30 min"],
  [3 * 3600 - 1, "3 h 0 min"],
  [95 * 3600, "95 h 0 min"],
  [5.6 * 86_400, "6 days"],
  [1000 * 86_400, "2.7 years"],
])("formats %d seconds as %s", (seconds, text) => expect(formatDuration(seconds)).toBe(text));

test.each([
  [0.0312, "0.031"],
  [0.42, "0.42"],
  [3.14, "3.1"],
  [9.97, "10"],
  [139.6, "140"],
])("formats %d per second as %s", (rate, text) => expect(formatRate(rate)).toBe(text));
