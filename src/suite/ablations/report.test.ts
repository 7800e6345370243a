import { expect, it } from "vitest";
import { ablations } from "../../configs/ablations/ablations.js";
import type { Task } from "../../eval/tasks/task.js";
import type { MeasuredModel } from "./averages.js";
import { ablationMarkdown, reportOf } from "./report.js";

/** A model with a single row in each family; the second seed is one point better everywhere. */
function model(stage: string, seed: number, scores: readonly [number, number, number]) {
  const ablation = ablations.find((each) => each.stage === stage)!;
  const rows = (["language", "vision", "multimodal"] as const).map((family, place) => {
    const mean = scores[place]! + seed;
    return { title: family, task: { family } as Task, value: { mean, low: mean, high: mean } };
  });
  return { ablation, seed, rows } as unknown as MeasuredModel;
}

it("compares models seed by seed, with the paper's direction", () => {
  const measured = [0, 1].flatMap((seed) => [
    model("multimodal", seed, [70, 50, 40]),
    model("scratch", seed, [72, 51 + 4 * seed, 39]),
  ]);
  const report = reportOf(measured);
  expect(report.models.map(({ scores }) => scores.macro?.mean)).toEqual(
    [(160 / 3 + 160 / 3 + 1) / 2, (162 / 3 + 162 / 3 + 7 / 3) / 2].map(
      (mean) => expect.closeTo(mean, 10) as number,
    ),
  );
  expect(report.changes).toHaveLength(1);
  const line = ablationMarkdown(report)
    .split("\n")
    .find((each) => each.includes("unimodal data"));
  const cells = line!.split("|").map((cell) => cell.trim());
  // The paper gains 1.33, and loses 1.06 and 1.79.
  expect(cells.slice(2, 5)).toEqual(["+2.00 ± 0.00", "+3.00 ± 25.41", "-1.00 ± 0.00"]);
  expect(cells.slice(6, 9)).toEqual(["+1.33 (yes)", "-1.06 (unclear)", "-1.79 (yes)"]);
});
