import { expect, it } from "vitest";
import type { Flava } from "../src/api/flava.js";
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
      expect(evaluation.keys).toHaveLength(394);
      expect(evaluation.result.top1.mean).toBeGreaterThan(0.4);
      await expectSameWords(flava);
    } finally {
      await flava.close();
    }
  },
);

/** Many masked texts at once, as evaluation reads them, get the words that `fill` gives one by one. */
async function expectSameWords(flava: Flava): Promise<void> {
  const texts = [
    "a [MASK] icon of a [MASK]",
    "an [MASK] heart, in a long text with some more words",
  ];
  const image = { width: 2, height: 1, pixels: Uint8Array.of(255, 0, 0, 0, 0, 255) };
  const { vocabulary } = flava.embedder;
  const hidden = texts.map((text) => {
    const ids = flava.embedder.encode(text);
    const places = [...ids.keys()].filter((place) => ids[place] === vocabulary.special.mask);
    return { ids, places: Int32Array.from(places) };
  });
  for (const images of [undefined, [image, image]]) {
    const words = await flava.embedder.words(hidden, { ...(images && { images }) });
    const filled = await flava.fill(images ? texts.map((text) => ({ text, image })) : texts);
    const pieces = words.map((ids) => Array.from(ids, (id) => vocabulary.pieces[id]));
    expect(pieces).toEqual(filled.map(({ masks }) => masks.map(([best]) => best!.piece)));
  }
}
