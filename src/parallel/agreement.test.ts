import { expect, it } from "vitest";
import { communicators } from "../../test/processes.js";
import { allOrNone, dealt, requireSame } from "./agreement.js";

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

it("work that fails on one process fails on all, wherever they meet, and they go on together", async () => {
  const ends = await Promise.all(
    communicators(3).map(async (processes) => {
      const tried = [0, 1, 2].map((failing) => async () => {
        const items = await dealt(processes, [0, 1, 2, 3], (item) => {
          if (failing === 1 && item === 1) throw new Error("Item 1 is damaged.");
          return Promise.resolve(item);
        });
        if (failing === 2 && processes.rank > 0) throw new Error(`${items.length} are too few.`);
        return items.length;
      });
      const found: unknown[] = [];
      for (const work of tried) {
        const made: Promise<unknown> = allOrNone(processes, work);
        found.push(await made.catch((error: unknown) => (error as Error).message));
      }
      return found;
    }),
  );
  expect(ends).toEqual([
    [4, "Process 1 on here: Item 1 is damaged.", "Process 1 on here: 4 are too few."],
    [4, "Item 1 is damaged.", "4 are too few."],
    [4, "Process 1 on here: Item 1 is damaged.", "4 are too few."],
  ]);
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
