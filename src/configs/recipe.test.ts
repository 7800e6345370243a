import { describe, expect, it } from "vitest";
import { RecipeError, type RecipeInput, checkRecipe } from "./recipe.js";
import { recipes } from "./recipes.js";

const least = {
  name: "least",
  model: "tiny",
  data: { root: "." },
  stages: [
    {
      kind: "pretraining",
      name: "joint",
      steps: 5,
      batch: { pair: 2, image: 2, text: 2 },
      rate: { peak: 1e-3 },
    },
  ],
} as const satisfies RecipeInput;

const message = (input: unknown): string => {
  try {
    checkRecipe(input, "mine.json");
  } catch (error) {
    expect(error).toBeInstanceOf(RecipeError);
    return (error as Error).message;
  }
  throw new Error("The recipe was accepted.");
};

describe("checkRecipe", () => {
  it("fills in the paper's defaults", () => {
    const { seed, precision, data, stages } = checkRecipe(least, "least");
    expect([seed, precision, data.temperature]).toEqual([0, "bfloat16", 1]);
    expect(data.captions).toEqual({ lengths: [16, 32, 77], masked: 0.15, unit: "word" });
    expect(data.passages).toEqual({ lengths: [512], masked: 0.15, unit: "piece" });
    expect(data.views).toEqual({ scale: [0.9, 1], ratio: [3 / 4, 4 / 3], flip: 0, jitter: 0 });
    expect(stages[0]).toMatchObject({
      shares: { pair: 0.7, image: 0.15, text: 0.15 },
      losses: { mim: 1, mlm: 1, contrastive: 1, itm: 1, mmmImage: 1, mmmText: 1 },
      optimizer: { beta1: 0.9, beta2: 0.999, weightDecay: 0.1, clip: 1 },
      rate: { warmup: 0, floor: 0 },
      from: [],
    });
  });

  it("is idempotent", () => {
    const once = checkRecipe(least, "least");
    expect(checkRecipe(JSON.parse(JSON.stringify(once)), "again")).toEqual(once);
  });

  it.each(Object.entries(recipes))("accepts the recipe %s", (name, recipe) => {
    expect(checkRecipe(recipe, name).stages.length).toBeGreaterThan(0);
  });

  it("refuses rates that do not fit into the steps", () => {
    const [stage] = least.stages;
    const withRate = (rate: object): string => message({ ...least, stages: [{ ...stage, rate }] });
    expect(withRate({ peak: 1, warmup: 5 })).toContain(
      "rate.warmup: expected fewer than 5 steps, all that the schedule has, but got 5; shorter stages need",
    );
    expect(withRate({ peak: 1, warmup: 2, decay: 4 })).toContain(
      "rate.decay: the warm-up leaves only 3 steps",
    );
    expect(withRate({ peak: 1, floor: 2 })).toContain("rate.floor: 2 is above the peak, 1");
  });

  it("refuses a codebook's schedules that its steps do not complete", () => {
    const divergence = { from: 0, to: 1, over: 101 };
    const change = { ...recipes.mini!.stages[0], divergence, steps: 100 };
    expect(message({ ...recipes.mini, stages: [change] })).toMatch(
      /codebook\.temperature\.over: expected at most 100 steps, .*\n.*codebook\.divergence\.over: /,
    );
  });

  it.each([
    [
      { captions: { lengths: [32, 16], unit: "word" } },
      /captions\.lengths: expected ascending lengths, but got 32, 16/,
    ],
    [
      { passages: { lengths: [2, 9], unit: "word" } },
      /passages\.lengths: expected lengths from 3 on, .* but got 2/,
    ],
    [{ captions: { lengths: [16], unit: "word", masked: 0 } }, /captions\.masked: .*>0/],
    [
      { views: { scale: [1, 0.9] } },
      /views\.scale: expected the least .* at most 1, but got 1 and 0\.9/,
    ],
    [
      { views: { scale: [0.9, 2] } },
      /views\.scale: expected the least .* at most 1, but got 0\.9 and 2/,
    ],
    [{ views: { ratio: [2, 0.5] } }, /views\.ratio: expected the least .* but got 2 and 0\.5/],
  ])("refuses data that no batch could be made of: %j", (change, expected) => {
    expect(message({ ...least, data: { ...least.data, ...change } })).toMatch(expected);
  });

  it("refuses a stage of nothing but mismatched pairs", () => {
    const stage = { ...least.stages[0], mismatched: 1 };
    expect(message({ ...least, stages: [stage] })).toMatch(/joint\.mismatched: .*<1/);
  });

  it("takes data sets by path, or with how to read them", () => {
    const withPairs = (...pairs: unknown[]): unknown => ({ ...least, data: { root: ".", pairs } });
    const table = { path: "captions.csv", textColumn: "caption", separator: ";" };
    const accepted = checkRecipe(withPairs("shards", table), "mine.json");
    expect(accepted.data.pairs).toEqual(["shards", table]);
    expect(message(withPairs({ ...table, textColum: "x" }))).toContain(
      'data.pairs.0: Unrecognized key: "textColum". Did you mean "textColumn"?',
    );
    expect(message(withPairs({ separator: ";" }))).toContain("data.pairs.0.path: Invalid input");
    expect(message(withPairs(3))).toContain("data.pairs.0: Invalid input");
  });

  it("refuses masked losses in a stage without masks", () => {
    const losses = { mim: 0, mlm: 0, mmmImage: 0 };
    const text = message({ ...least, stages: [{ ...least.stages[0], masked: false, losses }] });
    expect(text).toContain("stages.joint.losses.mmmText: nothing is masked in this stage");
    expect(text).not.toContain("mmmImage");
  });

  it("lists every error", () => {
    const [stage] = least.stages;
    const text = message({
      ...least,
      model: "huge",
      data: { root: 3, captions: { lengths: [], unit: "letter" } },
      stages: [{ ...stage, steps: 0.5, shares: { pair: 2, image: 0, text: 0 }, step: 1 }],
    });
    expect(text).toMatch(/^Invalid recipe: mine\.json\n/);
    const places = ["model", "data.root", "data.captions.lengths", "data.captions.unit"];
    const inStage = ["stages.joint.steps", "stages.joint.shares.pair", "stages.joint"];
    for (const place of [...places, ...inStage]) expect(text).toContain(`\n  ${place}: `);
    expect(text).toContain('"step". Did you mean "steps"?');
  });

  it("refuses duplicate names, and initial weights from stages that are not earlier", () => {
    const [joint] = least.stages;
    expect(message({ ...least, stages: [joint, joint] })).toContain("stages.joint.name: ");
    const from = [{ stage: "jont", parts: ["flava"] }];
    const text = message({ ...least, stages: [joint, { ...joint, name: "last", from }] });
    expect(text).toContain('stages.last.from.0.stage: there is no stage "jont" before this one.');
    expect(text).toContain('Did you mean "joint"?');
  });

  it("refuses unknown kinds of stages, and input that is no recipe", () => {
    expect(message({ ...least, stages: [{ kind: "sleeping" }] })).toContain("stages.0.kind: ");
    expect(message({ ...least, stages: [] })).toContain("stages: ");
    expect(message(7)).toContain("recipe: ");
  });
});
