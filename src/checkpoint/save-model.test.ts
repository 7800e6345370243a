import { cp, mkdir, readFile, readdir, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../test/golden/temporary-directory.js";
import { checkpointConfig, stateOf } from "../../test/small-checkpoint.js";
import { referenceBackend } from "../backend/reference.js";
import { defaultProcessor } from "../data/image/processor.js";
import { Tokenizer } from "../data/text/tokenizer.js";
import { parseVocabulary } from "../data/text/vocabulary.js";
import { codebookDecoderParameters } from "../model/codebook-decoder.js";
import { flavaParameters, pretrainingParameters } from "../model/flava.js";
import { loadModel } from "./load-model.js";
import { openCheckpoint } from "./open.js";
import { saveModel } from "./save-model.js";

const folder = temporaryDirectory();
const pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "Red", "icon", "##s"];
const config = { ...checkpointConfig, text: { ...checkpointConfig.text, vocabulary: 8 } };
const model = {
  config,
  state: stateOf({
    ...pretrainingParameters(config),
    decoder: codebookDecoderParameters(config.codebook),
  }),
  processor: { ...defaultProcessor(32, 32), returnsMask: true },
  tokenizer: new Tokenizer(parseVocabulary(pieces.join("\n")), {
    lowercase: false,
    stripAccents: false,
    longest: 9,
  }),
  source: { model_type: "flava", mlm_weight: 0.5, text_config: { hidden_dropout_prob: 0.1 } },
};

describe("a saved model", () => {
  it("is not written in float16 if its numbers are too large for that", async () => {
    const state = stateOf({ flava: flavaParameters(config) });
    const directory = join(folder, "large");
    state.write("parameters/flava/logitScale", Float32Array.of(65_520));
    const saved = saveModel(directory, { ...model, state }, { dtype: "float16" });
    await expect(saved).rejects.toThrow("logit_scale has the number 65520; float16 ends at 65,504");
    state.write("parameters/flava/logitScale", Float32Array.of(65_519));
    await saveModel(directory, { ...model, state }, { dtype: "float16" });
  });

  it.each(["float32", "bfloat16"] as const)(
    "is loaded with everything that was written, also from its file: %s",
    async (dtype) => {
      const directory = join(folder, dtype);
      await saveModel(directory, { ...model, dtype });
      const warnings: string[] = [];
      for (const path of [directory, join(directory, "model.safetensors")]) {
        const onWarning = (message: string) => warnings.push(message);
        const loaded = await loadModel(path, referenceBackend(), { onWarning });
        expect(loaded).toMatchObject({ config, dtype, processor: model.processor });
        expect(loaded.source).toMatchObject(model.source);
        expect(loaded.tokenizer.vocabulary.pieces).toEqual(pieces);
        expect(loaded.tokenizer.settings).toEqual(model.tokenizer.settings);
        expect(loaded.state.paths).toEqual(model.state.paths);
        const bias = "parameters/decoder/output/bias";
        if (dtype === "float32")
          expect(await loaded.state.read(bias)).toEqual(await model.state.read(bias));
      }
      expect(warnings).toEqual([]);
    },
  );

  it("takes the place of an earlier one, in one step", async () => {
    const directory = join(folder, "twice");
    await saveModel(directory, model, { shardBytes: 20_000 });
    await saveModel(directory, model);
    expect((await readdir(directory)).sort()).toEqual([
      ...["codebook_decoder.safetensors", "config.json", "model.safetensors"],
      ...["preprocessor_config.json", "tokenizer_config.json", "vocab.txt"],
    ]);
    expect((await readdir(folder)).filter((name) => /partial|previous/.test(name))).toEqual([]);
  });

  it("recovers from a save that was killed between its two renames, or after them", async () => {
    const directory = join(folder, "killed");
    await saveModel(directory, model);
    await rename(directory, `${directory}.flava-previous`);
    const opened = openCheckpoint(directory);
    await expect(opened).rejects.toThrow(
      /interrupted.*earlier model is in .*killed.flava-previous/,
    );

    const wide = { ...config, multimodal: { ...config.multimodal, width: 32 } };
    await expect(saveModel(directory, { ...model, config: wide })).rejects.toThrow();
    expect(await readdir(directory)).toContain("config.json"); // the earlier model is back

    await cp(directory, `${directory}.flava-previous`, { recursive: true });
    await saveModel(directory, model);
    expect((await readdir(folder)).filter((name) => name.startsWith("killed"))).toEqual(["killed"]);
  });

  it("is written by one process at a time", async () => {
    const directory = join(folder, "both");
    const both = await Promise.allSettled([1, 2].map(() => saveModel(directory, model)));
    expect(both.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(await readdir(directory)).toContain("config.json");
  });

  it("leaves directories of similar names alone", async () => {
    const directory = join(folder, "kept");
    const others = ["partial", "previous"].map((suffix) => `${directory}.${suffix}`);
    for (const other of [directory, ...others]) await saveModel(other, model);
    await saveModel(directory, model);
    for (const other of others) expect(await readdir(other)).toContain("config.json");
  });

  it("never takes the place of other files, or of its own source", async () => {
    const mine = join(folder, "mine");
    await mkdir(mine);
    await writeFile(join(mine, "thesis.txt"), "years of work");
    await expect(saveModel(mine, model)).rejects.toThrow("holds other files, such as thesis.txt");
    expect(await readFile(join(mine, "thesis.txt"), "utf8")).toBe("years of work");
    await expect(saveModel(join(mine, "thesis.txt"), model)).rejects.toThrow("is a file");

    const source = join(folder, "source");
    await saveModel(source, model);
    for (const path of [source, join(source, "model.safetensors")]) {
      await expect(saveModel(source, { ...model, path })).rejects.toThrow("where the model comes");
    }
  });

  it("leaves nothing behind where writing fails", async () => {
    const wide = { ...config, multimodal: { ...config.multimodal, width: 32 } };
    await expect(saveModel(join(folder, "none"), { ...model, config: wide })).rejects.toThrow();
    expect((await readdir(folder)).filter((name) => name.startsWith("none"))).toEqual([]);
  });
});
