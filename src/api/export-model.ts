/** Exports models for other engines. */
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CallOptions } from "../base/call-options.js";
import { counted } from "../base/counted.js";
import { warn } from "../base/warn.js";
import { requestBackend } from "../backend/open.js";
import { CheckpointError } from "../checkpoint/files/stored-tensor.js";
import { configOf } from "../checkpoint/huggingface-model.js";
import { loadModel } from "../checkpoint/load-model.js";
import { jsonText } from "../checkpoint/files/json.js";
import type { Model } from "../checkpoint/model.js";
import { processingFiles } from "../checkpoint/processing-files.js";
import { requireElsewhere } from "../checkpoint/save-model.js";
import { withImageSize } from "../data/image/fitted-processor.js";
import { toProcessorConfig } from "../data/image/processor-config.js";
import { toTokenizerConfig } from "../data/text/tokenizer-config.js";
import { toTokenizerJson } from "../data/text/tokenizer-json.js";
import { earlierFiles } from "../export/onnx/earlier-files.js";
import { exportOnnx, longestText } from "../export/onnx/export-onnx.js";
import type { OnnxDtype } from "../export/onnx/dtype.js";
import { fixedViewShape } from "../inference/inputs.js";
import { type LoadOptions, shippedModel } from "./load.js";
import { pathOf } from "./path.js";

/** Which model to export, and how it will compute. */
export interface ExportOptions
  extends Pick<LoadOptions, "backend" | "heads" | "onWarning">, CallOptions {
  /** The model to export: a directory or a weights file; default: the model that ships with the package. */
  readonly model?: string | URL;
  /** How the exported models compute; default: "float32". */
  readonly dtype?: OnnxDtype;
}

/**
 * Exports a model to ONNX, as transformers.js lays out models: `onnx/vision_model.onnx`, `onnx/text_model.onnx`,
 * `onnx/model.onnx` and others, beside config.json, preprocessor_config.json and the tokenizer's files. See
 * docs/deploy.md for all files, inputs and outputs.
 *
 * Progress is that of the ONNX files. If it is stopped, the files that were complete stay.
 *
 * @param directory a new or empty directory, or an earlier export, whose files are replaced but for those of other dtypes
 * @returns the paths of the ONNX files
 * @throws CheckpointError if there is no usable checkpoint, or the directory has other files, or those of another model in
 *   other dtypes
 */
export async function exportModel(
  directory: string,
  {
    model: place,
    dtype = "float32",
    backend: backendOptions,
    onWarning = warn,
    onProgress,
    ...loading
  }: ExportOptions = {},
): Promise<string[]> {
  const path = place === undefined ? shippedModel() : pathOf(place);
  await requireExportable(directory, path);
  const backend = await requestBackend(backendOptions);
  try {
    const model = asUsed(await loadModel(path, backend, { ...loading, onWarning }));
    const texts = transformersFiles(model);
    const { replaced, others } = await earlierFiles(directory, dtype);
    if (others.length > 0) {
      await requireSame(directory, texts, others);
      onWarning(
        `${directory} keeps ${counted(others.length, "ONNX file")} of other exports, such as ${others[0]}. Export them again if the ` +
          "model's weights have changed since.",
      );
    }
    for (const file of replaced) await rm(file);
    await mkdir(directory, { recursive: true });
    for (const [name, text] of Object.entries(texts)) await writeFile(join(directory, name), text);
    const { signal } = loading;
    return await exportOnnx(directory, model, {
      ...{ dtype, signal, ...(onProgress && { onProgress }) },
    });
  } finally {
    backend.dispose();
  }
}

/**
 * The model with images of the size that its task reads.
 * @throws RangeError if its images have no fixed size
 */
function asUsed(model: Model): Model {
  const { config, task } = model;
  if (task?.encoder === "text") return model;
  const size = task?.imageSize;
  const processor = size === undefined ? model.processor : withImageSize(model.processor, size);
  fixedViewShape(processor, config);
  return { ...model, processor };
}

/** The model's sizes and how images and texts are prepared, as transformers.js reads it: files by name. */
function transformersFiles(model: Model): Readonly<Record<string, string>> {
  const { state, config, source, processor, tokenizer } = model;
  return {
    "config.json": jsonText(configOf(state, config, { source })),
    ...processingFiles(processor, tokenizer),
    // It has no FlavaImageProcessor, but CLIP's prepares images by the same settings.
    "preprocessor_config.json": jsonText({
      ...toProcessorConfig(processor),
      image_processor_type: "CLIPImageProcessor",
    }),
    "tokenizer_config.json": jsonText({
      ...toTokenizerConfig(tokenizer),
      model_max_length: longestText(model),
    }),
    "tokenizer.json": `${JSON.stringify(toTokenizerJson(tokenizer))}\n`,
  };
}

/** Throws if the directory has files of other kinds, or is that of the model, which may hold its own export. */
async function requireExportable(directory: string, source: string): Promise<void> {
  const found = await readdir(directory).catch((): string[] => []);
  if (found.length === 0) return;
  if (found.includes("onnx")) {
    await requireElsewhere(directory, source);
    return;
  }
  throw new CheckpointError(
    `${directory} has other files, such as ${found[0]}. Export to a new directory.`,
  );
}

/** Throws if the files beside earlier exports that stay are not what this one writes. */
async function requireSame(
  directory: string,
  texts: Readonly<Record<string, string>>,
  others: readonly string[],
): Promise<void> {
  for (const [name, text] of Object.entries(texts)) {
    const found = await readFile(join(directory, name), "utf8").catch(() => undefined);
    if (found === undefined || found === text) continue;
    throw new CheckpointError(
      `${directory} holds an export of another model, whose ${name} is different, and ${others[0]} would be left of it. Export to ` +
        "a new directory, or remove the earlier export.",
    );
  }
}
