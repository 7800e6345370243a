import { mkdtemp, readFile, readdir, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { fromBinary } from "@bufbuild/protobuf";
import { ModelProtoSchema } from "onnx-buf";
import { expect, it } from "vitest";
import { temporaryDirectory } from "../../test/golden/temporary-directory.js";
import { checkpointConfig, stateOf } from "../../test/small-checkpoint.js";
import { saveModel } from "../checkpoint/save-model.js";
import { defaultProcessor } from "../data/image/processor.js";
import { Tokenizer } from "../data/text/tokenizer.js";
import { uncased } from "../data/text/normalize.js";
import { parseVocabulary } from "../data/text/vocabulary.js";
import type { OnnxDtype } from "../export/onnx/dtype.js";
import { flavaParameters, pretrainingParameters } from "../model/flava.js";
import { taskHeadParameters } from "../model/task-head.js";
import type { Task } from "../model/task.js";
import { exportModel } from "./export-model.js";

const folder = temporaryDirectory();
const vocabulary = parseVocabulary("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nred");
const config = { ...checkpointConfig, text: { ...checkpointConfig.text, vocabulary: 6 } };
const task: Task = {
  ...{ encoder: "multimodal", pairs: false, maximumTokens: 7, columns: {}, imageSize: 48 },
  labels: { kind: "class", names: ["no", "yes"] },
};

/** The sides of the images and the most tokens that the files of an export state, and its image input. */
async function exported(own: { readonly size: number; readonly task?: Task }) {
  const model = await mkdtemp(join(folder, "model-"));
  const head = own.task && { head: taskHeadParameters(config.multimodal.width, 2, undefined) };
  await saveModel(model, {
    ...{ config, state: stateOf({ flava: flavaParameters(config), ...head }), task: own.task },
    processor: defaultProcessor(own.size, 32),
    tokenizer: new Tokenizer(vocabulary, { ...uncased, longest: 9 }),
  });
  const out = `${model}-onnx`;
  const [path] = await exportModel(out, {
    ...{ model, backend: { name: "reference" } },
    onWarning: () => undefined,
  });
  const jsonOf = async (file: string) =>
    JSON.parse(await readFile(join(out, file), "utf8")) as Record<string, unknown>;
  const { graph, metadataProps } = fromBinary(ModelProtoSchema, await readFile(path!));
  const [pixels] = graph!.input.filter((input) => input.name === "pixel_values");
  const type = pixels!.type!.value;
  const sides = type.case === "tensorType" ? type.value.shape!.dim.slice(2) : [];
  const metadata = Object.fromEntries(metadataProps.map(({ key, value }) => [key, value]));
  return {
    input: sides.map(({ value }) => Number(value.value)),
    crops: [
      (await jsonOf("preprocessor_config.json")).crop_size,
      (JSON.parse(metadata.preprocessor_config!) as Record<string, unknown>).crop_size,
    ],
    tokens: [
      (await jsonOf("tokenizer_config.json")).model_max_length,
      Number(metadata.maximum_text_length),
    ],
  };
}

it.each([
  ["larger images than its config.json", { size: 40 }, 40, 9],
  ["a task of larger images and shorter texts", { size: 32, task }, 48, 7],
] as const)("states the sizes that are read of a model with %s", async (_, own, side, tokens) => {
  const square = { height: side, width: side };
  expect(await exported(own)).toEqual({
    input: [side, side],
    crops: [square, square],
    tokens: [tokens, tokens],
  });
});

it("leaves nothing of an earlier export but its other dtypes, which it tells of or refuses", async () => {
  const warnings: string[] = [];
  const onWarning = (line: string) => warnings.push(line);
  const save = async (name: string, parameters: object, size = 32): Promise<string> => {
    const state = stateOf(parameters);
    const tokenizer = new Tokenizer(vocabulary, uncased);
    const path = join(folder, name);
    await saveModel(path, { config, state, tokenizer, processor: defaultProcessor(size, 32) });
    return path;
  };
  const whole = await save("whole", pretrainingParameters(config));
  const encoders = await save("encoders", { flava: flavaParameters(config) });
  const larger = await save("larger", { flava: flavaParameters(config) }, 48);
  const out = join(folder, "out");
  const run = (model: string, dtype: OnnxDtype) =>
    exportModel(out, { model, dtype, backend: { name: "reference" }, onWarning });
  expect(await run(whole, "float32")).toHaveLength(6);
  await writeFile(join(out, "onnx", "model.onnx_data"), "of a larger model");
  const paths = await run(encoders, "float32");
  const files = await readdir(join(out, "onnx"));
  expect(files.toSorted()).toEqual(paths.map((path) => basename(path)).toSorted());
  expect(warnings).toEqual([]);
  await run(encoders, "int8");
  expect(warnings.splice(0)).toEqual([
    expect.stringMatching(
      /keeps 4 ONNX files of other exports, such as .*onnx.model\.onnx\. Export/,
    ),
  ]);
  await expect(run(larger, "int8")).rejects.toThrow("whose preprocessor_config.json is different");
});
