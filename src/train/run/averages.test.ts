import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { Averages } from "./averages.js";

test("means are of the steps that report a number, and begin anew after each line", async () => {
  const averages = new Averages();
  const facts = { kind: "pair", samples: 8, waited: 2, run: 10 };
  averages.add({ contrastive: 3, norm: 1 }, facts);
  averages.add({ contrastive: 5, norm: 2 }, { ...facts, waited: 4, run: 20 });
  averages.add({ mim: 7, norm: 6 }, { ...facts, samples: 2, waited: 0, run: 0 });
  await sleep(20);
  const first = averages.take();
  expect(first).toMatchObject({
    contrastive: 4,
    mim: 7,
    norm: 3,
    "waiting ms": 2,
    "program ms": 10,
  });
  // 18 samples in three steps: both figures cover the same time.
  expect(first["samples/s"]! * first["step ms"]!).toBeCloseTo(6000, 6);
  expect(first["step ms"]).toBeGreaterThan(6);
  expect(first["memory MiB"]).toBeGreaterThan(1);

  averages.add({ mim: 1 }, { ...facts, samples: 4 });
  const second = averages.take();
  expect(second.mim).toBe(1);
  expect(second).not.toHaveProperty("contrastive");
  expect(second["samples/s"]! * second["step ms"]!).toBeCloseTo(4000, 6);
});
