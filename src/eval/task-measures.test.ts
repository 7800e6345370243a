import { expect, it } from "vitest";
import type { Target } from "../data/labeled-sample.js";
import { softAnswers } from "./metrics/vqa-accuracy.js";
import { taskMeasures } from "./task-measures.js";

it("answers of people are scored as VQA's own scorer does, which normalizes only where they differ", () => {
  const people = [
    ["the dog", "the dog", "the dog"],
    ["the dog", "dog", "dog"],
  ];
  const targets = people.map((answers): Target => ({
    kind: "scores",
    scores: Object.fromEntries(softAnswers(answers)),
    answers,
  }));
  const outputs = people.map(() => Float32Array.of(0.1, 0.9));
  const predicted = {
    labels: { kind: "scores", names: ["cat", "dog"] },
    targets,
    outputs,
  } as const;
  const both = Int32Array.of(0, 1);
  const measures = taskMeasures(predicted);
  expect(measures["answer score"]?.(both)).toBeCloseTo(2 / 3, 6);
  expect(measures["VQA accuracy"]?.(both)).toBeCloseTo(1 / 3, 6);
  const soft: Target = { kind: "scores", scores: { dog: 1 } };
  expect(taskMeasures({ ...predicted, targets: [soft, soft] })["VQA accuracy"]).toBeUndefined();
});
