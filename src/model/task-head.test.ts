import { expect, test } from "vitest";
import { checkGradient } from "../../test/gradient-check.js";
import { models } from "../configs/models.js";
import { parameterCount } from "../nn/parameter.js";
import { taskHeadHidden, taskHeadParameters, taskScores } from "./task-head.js";

test("heads read the first token only, and all their parameters are trained", () => {
  const linear = (
    weight: Parameters<typeof taskScores>[1],
    bias: typeof weight,
    x: typeof weight,
  ) => taskScores({ output: { weight, bias } }, x, "float32");
  checkGradient(linear, { shape: [3, 4] }, { shape: [3] }, { shape: [2, 5, 4] });
  checkGradient(
    (w1, b1, w2, b2, x) =>
      taskScores(
        { hidden: { weight: w1, bias: b1 }, output: { weight: w2, bias: b2 } },
        x,
        "float32",
      ),
    { shape: [6, 4] },
    { shape: [6] },
    { shape: [3, 6] },
    { shape: [3] },
    { shape: [2, 5, 4] },
  );
});

test("the paper's head for VQAv2 has 1,536 hidden units", () => {
  const head = taskHeadParameters(models.base.multimodal.width, 3129, taskHeadHidden);
  expect(parameterCount(head)).toBe(768 * 1536 + 1536 + 1536 * 3129 + 3129);
});
