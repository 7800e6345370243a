import { describe, expect, it } from "vitest";
import { continuing } from "../configs/continue.js";
import { models } from "../configs/models.js";
import { checkRecipe } from "../configs/recipe.js";
import { requireStages } from "./require-stages.js";
import type { ExtraLoss } from "./stages/extra-loss.js";

const [stage] = continuing.stages;
const codebook = {
  kind: "codebook",
  steps: 1,
  batch: 1,
  rate: { peak: 1 },
  temperature: { from: 1, to: 1, over: 1 },
} as const;
const words = { ...stage, name: "words", shares: { pair: 0, image: 0, text: 1 } };
const data = { ...continuing.data, texts: ["texts.csv"], images: ["images"] };
const fromCodebook = { stage: "codebook", parts: ["codebook"] };

/** Checks a recipe of these stages, with a model of its own. */
function check(
  stages: readonly object[],
  { only, ...changes }: { only?: string[]; data?: object; start?: string } = {},
): void {
  const recipe = checkRecipe({ name: "mine", model: "tiny", data, stages, ...changes }, "mine");
  requireStages({ ...recipe, config: models.tiny }, only);
}

describe("requireStages", () => {
  it("accepts the stages that are asked for, whatever others lack", () => {
    const from = [fromCodebook, { stage: "words", parts: ["flava/text", "heads"] }];
    const stages = [codebook, words, { ...stage, from, frozen: ["flava/text"] }];
    expect(() => {
      check(stages);
    }).not.toThrow();
    expect(() => {
      check(stages, { data: continuing.data, only: ["joint"] });
    }).not.toThrow();
    expect(() => {
      check(stages, { only: ["join"] });
    }).toThrow('Did you mean "joint"?');
  });

  it("refuses a stage that draws a kind of data of which the recipe names no set", () => {
    const { pairs: _, ...others } = data;
    expect(() => {
      check([words], { data: continuing.data });
    }).toThrow(
      'Stage "words" draws texts, but data.texts is empty. Name a data set there, or set stages.words.shares.text to 0.',
    );
    expect(() => {
      check([codebook], { data: continuing.data });
    }).toThrow(/data\.images is empty\. Name a data set there\.$/);
    expect(() => {
      check([codebook, { ...stage, from: [fromCodebook] }], { data: others });
    }).toThrow("draws pairs");
  });

  it("refuses a best model by what no validation data measure", () => {
    const by = (best: string, of: object = stage): (() => void) => {
      return () => {
        check([codebook, { ...of, from: [fromCodebook], best }]);
      };
    };
    for (const best of ["zero-shot top-5", "contrastive among 24", "itm", "mmmText accuracy"])
      expect(by(best)).not.toThrow();
    expect(by("mlm accuracy")).toThrow('"mlm accuracy", which it does not measure');
    expect(by("itm", { ...stage, losses: { itm: 0 } })).toThrow("which it does not measure");
    expect(by("mlm accuracy", words)).toThrow("It has no validation data (data.validation).");
    expect(() => {
      check([{ ...codebook, best: "codes use" }]);
    }).toThrow('Did you mean "codes used"?');
  });

  it("refuses a stage that draws a kind of data without a loss", () => {
    const silent = { ...words, losses: { mlm: 0 } };
    expect(() => {
      check([silent]);
    }).toThrow(
      'Stage "words" draws texts, but learns nothing from them: stages.words.losses.mlm is 0. Set stages.words.shares.text to 0',
    );
    const own = { name: "own", kinds: ["text"], loss: () => expect.fail() } satisfies ExtraLoss;
    const recipe = checkRecipe({ name: "a", model: "tiny", data, stages: [silent] }, "a");
    requireStages({ ...recipe, config: models.tiny }, undefined, [own]);
  });

  it.each([
    [
      { from: [{ stage: "codebook", parts: ["codebook", "codebok"] }] },
      'Stage "joint" takes from stage "codebook" the part "codebok", but',
    ],
    [{ from: [{ stage: "codebook", parts: ["flava/image"] }] }, "which trains the codebook alone"],
    [
      { from: [fromCodebook], frozen: ["flava/imag"] },
      'Stage "joint" freezes "flava/imag", but no weights have that name',
    ],
  ])("refuses parts that the model, or a stage, does not have: %j", (changes, message) => {
    expect(() => {
      check([codebook, { ...stage, ...changes }]);
    }).toThrow(message);
  });

  it("refuses a stage whose visual tokens would be those of a codebook with random weights", () => {
    const fromWords = { stage: "words", parts: ["flava", "codebook"] };
    const untrained = 'Stage "joint" predicts visual tokens, but has no trained codebook';
    for (const from of [[], [fromWords], [fromCodebook, fromWords]])
      expect(() => {
        check([codebook, words, { ...stage, from }]);
      }).toThrow(untrained);
    const inherited = [
      codebook,
      { ...words, from: [fromCodebook] },
      { ...stage, from: [fromWords] },
    ];
    expect(() => {
      check(inherited);
    }).not.toThrow();
    expect(() => {
      check([words, { ...stage, from: [fromWords] }], { start: "model" });
    }).not.toThrow();
    expect(() => {
      check([{ ...stage, losses: { mmmImage: 0 } }]);
    }).not.toThrow();
  });
});
