import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import { temporaryDirectory } from "../../test/golden/temporary-directory.js";
import { checkpointConfig } from "../../test/small-checkpoint.js";
import { referenceBackend } from "../backend/reference.js";
import { State } from "../backend/state.js";
import { WeightsMismatch } from "../checkpoint/load.js";
import { saveModel } from "../checkpoint/save-model.js";
import { continuing } from "../configs/continue.js";
import { checkRecipe } from "../configs/recipe.js";
import { specialPieces } from "../data/text/vocabulary.js";
import type { FlavaConfig } from "../model/config.js";
import { flavaParameters, pretrainingParameters } from "../model/flava.js";
import { requireStart, unfinishedStage } from "./require-start.js";
import type { SizedRecipe } from "./sized-recipe.js";

const folder = temporaryDirectory();
const config = { ...checkpointConfig, text: { ...checkpointConfig.text, vocabulary: 8 } };
const wider = { ...config, text: { ...config.text, vocabulary: 9 } };
const pieces = [...Object.values(specialPieces), "a", "b"];

/** The recipe `continue`, from the model saved under a name; `stage` changes its stage, after those `before`. */
function from(
  name: string | undefined,
  stage: object = {},
  before: readonly object[] = [],
): SizedRecipe {
  const { start: _, ...recipe } = continuing;
  const input = {
    ...{ ...recipe, model: "tiny", stages: [...before, { ...recipe.stages[0], ...stage }] },
    data: { ...recipe.data, root: folder, vocabulary: "vocab.txt" },
    ...(name !== undefined && { start: join(folder, name) }),
  };
  return { ...checkRecipe(input, "mine"), config };
}

beforeAll(async () => {
  await writeFile(join(folder, "vocab.txt"), pieces.join("\n"));
  const save = async (name: string, of: FlavaConfig, parameters: object): Promise<void> => {
    const state = new State(referenceBackend(), { parameters });
    await saveModel(join(folder, name), { config: of, state });
    await writeFile(join(folder, name, "vocab.txt"), pieces.join("\n"));
  };
  await save("whole", config, pretrainingParameters(config));
  await save("encoders", config, { flava: flavaParameters(config) });
  await save("wider", wider, pretrainingParameters(wider));
  await save(
    "unmasked",
    { ...config, maskPadding: !config.maskPadding },
    pretrainingParameters(config),
  );
  await save("otherWords", config, pretrainingParameters(config));
  await writeFile(join(folder, "otherWords", "vocab.txt"), pieces.toReversed().join("\n"));
});

it("refuses weights that a stage cannot start from, before any stage is trained", async () => {
  expect(await requireStart(from("whole"))).toEqual([]);
  await requireStart(from("encoders", { losses: { mmmImage: 0 } }));
  await expect(requireStart(from("wider"))).rejects.toThrow(WeightsMismatch);
  await expect(requireStart(from("otherWords"))).rejects.toThrow("has another vocabulary than");
  await expect(requireStart(from("encoders"))).rejects.toThrow("has no trained codebook");
  await requireStart(from("wider"), []);
});

it("tells of settings that the weights were made with and that differ here", async () => {
  const others = await requireStart(from("unmasked"));
  expect(others).toEqual(["It was made with mask_padding false, here it is true"]);
});

it("finds a stage that starts from one that is not made", async () => {
  const codebook = {
    ...{ kind: "codebook", steps: 1, batch: 1, rate: { peak: 1 } },
    temperature: { from: 1, to: 1, over: 1 },
  } as const;
  const taken = { from: [{ stage: "codebook", parts: ["codebook"] }] };
  const recipe = from(undefined, taken, [codebook]);
  expect(await unfinishedStage(recipe, folder)).toBeUndefined();
  expect(String(await unfinishedStage(recipe, folder, ["joint"]))).toContain(
    'Stage "joint" starts from stage "codebook", but there is no',
  );
  await mkdir(join(folder, "codebook", "final"), { recursive: true });
  expect(await unfinishedStage(recipe, folder, ["joint"])).toBeUndefined();
});
