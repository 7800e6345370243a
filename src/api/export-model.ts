/** Exports models for other engines. */
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CallOptions } from "../base/call-options.js";
import { requestBackend } from "../backend/open.js";
import { CheckpointError } from "../checkpoint/files/stored-tensor.js";
import { writeConfigFile } from "../checkpoint/huggingface.js";
import { loadModel } from "../checkpoint/load-model.js";
import { jsonText } from "../checkpoint/files/json.js";
import type { Model } from "../checkpoint/model.js";
import { processingFiles } from "../checkpoint/processing-files.js";
import { requireElsewhere } from "../checkpoint/save-model.js";
import { withImageSize } from "../data/image/fitted-processor.js";
import { toProcessorConfig } from "../data/image/processor-config.js";
import { toTokenizerConfig } from "../data/text/tokenizer-config.js";
import { toTokenizerJson } from "../data/text/tokenizer-json.js";
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
 * @param directory a new or empty directory, or an earlier export, whose files are replaced
 * @returns the paths of the ONNX files
 * @throws CheckpointError if there is no usable checkpoint, or the directory has other files
 */
export async function exportModel(
  directory: string,
  { model: place, dtype, backend: backendOptions, onProgress, ...loading }: ExportOptions = {},
): Promise<string[]> {
  const path = place === undefined ? shippedModel() : pathOf(place);
  await requireExportable(directory, path);
  const backend = await requestBackend(backendOptions);
  try {
    const model = asUsed(await loadModel(path, backend, { ...loading }));
    await mkdir(directory, { recursive: true });
    await writeConfigFile(directory, model.state, model.config, { source: model.source });
    for (const [name, text] of Object.entries(transformersFiles(model))) {
      await writeFile(join(directory, name), text);
    }
    const { signal } = loading;
    return await exportOnnx(directory, model, {
      ...{ signal, ...(onProgress && { onProgress }) },
      ...(dtype && { dtype }),
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

/** How images and texts are prepared, as transformers.js reads it: files by name. */
function transformersFiles(model: Model): Record<string, string> {
  const { processor, tokenizer } = model;
  return {
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
