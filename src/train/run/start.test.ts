import { copyFile, cp, mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../../test/golden/temporary-directory.js";
import { checkpointConfig } from "../../../test/small-checkpoint.js";
import { referenceBackend } from "../../backend/reference.js";
import { State } from "../../backend/state.js";
import { openSafetensors, writeSafetensors } from "../../checkpoint/files/safetensors.js";
import { WeightsMismatch } from "../../checkpoint/load.js";
import { saveModel } from "../../checkpoint/save-model.js";
import { codebookParameters } from "../../model/codebook.js";
import type { FlavaConfig } from "../../model/config.js";
import { flavaParameters, pretrainingParameters } from "../../model/flava.js";
import { loadStart } from "./start.js";

const folder = temporaryDirectory();
const config = { ...checkpointConfig, text: { ...checkpointConfig.text, vocabulary: 8 } };
const wider = { ...config, text: { ...config.text, vocabulary: 9 } };
const deeper = { ...config, text: { ...config.text, layers: config.text.layers + 1 } };
const otherTokens = { ...config, image: { ...config.image, vocabulary: 7 } };
const otherCodebook = { ...config, codebook: { ...config.codebook, hidden: 8, vocabulary: 7 } };

/** Starts a pre-training stage of the small model from a saved one; resolves to the log lines. */
async function startFrom(name: string, parts?: readonly string[]): Promise<string[]> {
  const lines: string[] = [];
  const source = { name: "--start", path: join(folder, name), ...(parts && { parts }) };
  const state = new State(referenceBackend(), { parameters: pretrainingParameters(config) });
  const hasCodebook = await loadStart([source], state, config, (line) => lines.push(line));
  return [...lines, `codebook: ${hasCodebook}`];
}

beforeAll(async () => {
  const save = (name: string, of: FlavaConfig, parameters: object): Promise<void> =>
    saveModel(join(folder, name), {
      config: of,
      state: new State(referenceBackend(), { parameters }),
    });
  await save("whole", config, pretrainingParameters(config));
  await save("encoders", config, { flava: flavaParameters(config) });
  await save("codebook", config, { codebook: codebookParameters(config.codebook) });
  await save("wider", wider, pretrainingParameters(wider));
  await save("deeper", deeper, pretrainingParameters(deeper));
  await save("otherTokens", otherTokens, pretrainingParameters(otherTokens));
  await save("otherCodebook", otherCodebook, {
    codebook: codebookParameters(otherCodebook.codebook),
  });
});

describe("a stage starts from", () => {
  it.each<[string, readonly string[] | undefined, RegExp, boolean]>([
    ["whole", undefined, /: \d+ tensors\.$/, true],
    ["whole", ["flava/image"], /: \d+ tensors of flava\/image\.$/, false],
    ["encoders", undefined, /tensors\. \d+ missing: .+, .+, .+ and \d+ more\.$/, false],
    ["codebook", undefined, /tensors\. \d+ missing: .+ and \d+ more\.$/, true],
    [
      "deeper",
      undefined,
      /tensors\. 16 unexpected: .*text_model.*layer\.\d.* and 13 more\.$/,
      true,
    ],
    ["otherTokens", undefined, /tensors\. \d misshapen: .*head.*\[7, /, true],
  ])("%s, parts %s, and says what does not fit", async (name, parts, line, hasCodebook) => {
    expect(await startFrom(name, parts)).toEqual([
      expect.stringMatching(line),
      `codebook: ${hasCodebook}`,
    ]);
  });
});

it("a stage tells of tensors that are not of FLAVA", async () => {
  const path = join(folder, "foreign");
  await cp(join(folder, "encoders"), path, { recursive: true });
  const [whole, own] = [join(path, "model.safetensors"), join(path, "own.safetensors")];
  await rename(whole, own);
  const bytes = (): Uint8Array => new Uint8Array(4);
  const foreign = { name: "classifier.bias", dtype: "float32", shape: [1], bytes } as const;
  await writeSafetensors(join(path, "foreign.safetensors"), [foreign]);
  const files = await openSafetensors(own);
  const map = [...files.tensors.keys()].map((name) => [name, "own.safetensors"]);
  await files.close();
  const weight_map = {
    ...Object.fromEntries(map),
    [foreign.name]: "foreign.safetensors",
  } as object;
  await writeFile(`${whole}.index.json`, JSON.stringify({ weight_map }));
  expect((await startFrom("foreign"))[0]).toMatch(
    /more\. Ignored 1 tensor that FLAVA does not have: classifier\.bias\.$/,
  );
});

it("says what the weights were made with that shapes do not tell", async () => {
  const made = { ...config, epsilon: 1e-5, maskPadding: !config.maskPadding };
  const state = new State(referenceBackend(), { parameters: pretrainingParameters(made) });
  await saveModel(join(folder, "made"), { config: made, state });
  const path = join(folder, "made", "config.json");
  const json = JSON.parse(await readFile(path, "utf8")) as Record<string, object>;
  json.text_config = { ...json.text_config, hidden_dropout_prob: 0.1 };
  json.image_config = { ...json.image_config, attention_probs_dropout_prob: 0 };
  await writeFile(path, JSON.stringify(json));
  const [line] = await startFrom("made");
  expect(line).toContain(
    "Its config.json has hidden_dropout_prob 0.1 (text); training here is without dropout.",
  );
  expect(line).toContain(`It was made with layer_norm_eps 0.00001, here it is ${config.epsilon}. `);
  expect(line).toContain(
    `It was made with mask_padding ${made.maskPadding}, here it is ${config.maskPadding}.`,
  );
  expect((await startFrom("made", ["heads"]))[0]).not.toMatch(/made with|dropout/);
});

describe("a stage refuses to start from", () => {
  it("encoders of other shapes", async () => {
    await expect(startFrom("wider")).rejects.toThrow(WeightsMismatch);
    await expect(startFrom("wider")).rejects.toThrow(/1 misshapen: .*word_embeddings/);
  });

  it("a model that has none of the encoders' weights", async () => {
    const path = join(folder, "renamed");
    await mkdir(path);
    await copyFile(join(folder, "whole", "config.json"), join(path, "config.json"));
    const names = ["flava.image_model.renamed", "itm_head.seq_relationship.bias"];
    const tensors = names.map((name) => ({
      ...({ name, dtype: "float32", shape: [2] } as const),
      bytes: () => new Uint8Array(8),
    }));
    await writeSafetensors(join(path, "model.safetensors"), tensors);
    await expect(startFrom("renamed")).rejects.toThrow(/does not fit the model. \d+ missing/);
  });

  it("a codebook of other shapes", async () => {
    await expect(startFrom("otherCodebook")).rejects.toThrow(/misshapen: .*blocks\.input/);
  });

  it("a checkpoint without the parts that it takes", async () => {
    await expect(startFrom("encoders", ["codebook"])).rejects.toThrow("no weights that this stage");
  });
});
