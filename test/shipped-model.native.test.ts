import { expect, it } from "vitest";
import { load } from "../src/api/load.js";
import { nativeLevels } from "../src/backend/native.js";
import { packagePath } from "../src/base/package-root.js";
import { evaluate } from "../src/eval/evaluate.js";
import { openEvaluationSet } from "../src/eval/evaluation-set.js";

const zeroShot = packagePath("samples", "mini-pmd", "evaluation", "zero-shot-ph");

it.runIf(nativeLevels().length > 0)(
  "the shipped model classifies more than 40 % of the icons of a held-out family, zero-shot",
  async () => {
    const flava = await load();
    try {
      const evaluation = await evaluate(await openEvaluationSet(zeroShot), flava);
      if (evaluation.kind !== "zero-shot") throw new Error(`a set of kind ${evaluation.kind}`);
      expect(evaluation.keys).toHaveLength(390);
      expect(evaluation.result.top1.mean).toBeGreaterThan(0.4);
    } finally {
      await flava.close();
    }
  },
);
