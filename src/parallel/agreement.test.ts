import { expect, it } from "vitest";
import { communicators } from "../../test/processes.js";
import { dealt, requireSame } from "./agreement.js";

it("items are dealt to processes in turn, and all get all results in order", async () => {
  const items = ["a", "bé", "", "d", "e"];
  const made: string[][] = [[], [], []];
  const all = await Promise.all(
    communicators(3).map((processes) =>
      dealt(processes, items, (item, index) => {
        made[processes.rank]!.push(item);
        return Promise.resolve({ item, third: index / 3 });
      }),
    ),
  );
  expect(made).toEqual([["a", "d"], ["bé", "e"], [""]]);
  const alone = await dealt(undefined, items, (item, index) =>
    Promise.resolve({ item, third: index / 3 }),
  );
  for (const each of all) expect(each).toEqual(alone);
});

it("facts that differ, or that not all processes have, are named by all of them", async () => {
  const facts = [
    { recipe: { a: 1 }, level: "avx2" },
    { recipe: { a: 2 }, level: "avx2", overfit: 4 },
  ];
  const ends = await Promise.allSettled(
    communicators(2).map((processes) => requireSame(processes, facts[processes.rank]!)),
  );
  for (const end of ends) {
    expect(String((end as PromiseRejectedResult).reason)).toMatch(
      /Process 1 on here differs from process 0 on here in: overfit, recipe\./,
    );
  }
});
