/** Exports the encoders of a model, or a fine-tuned model, for ONNX Runtime and everything that reads ONNX. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { State } from "../../backend/state.js";
import type { CallOptions } from "../../base/call-options.js";
import { toProcessorConfig } from "../../data/image/processor-config.js";
import { type ImageProcessor, viewShape } from "../../data/image/processor.js";
import type { Tokenizer } from "../../data/text/tokenizer.js";
import type { Tensor } from "../../graph/tensor.js";
import type { FlavaConfig } from "../../model/config.js";
import type { Task } from "../../model/task.js";
import type { Parameter } from "../../nn/parameter.js";
import { type OnnxDtype, traitsOf } from "./dtype.js";
import {
  type ExportedModel,
  type Parameters,
  encoderModels,
  taskModel,
} from "./exported-models.js";
import { type FileOptions, writeOnnx } from "./model-file.js";
import { traceOnnx } from "./trace.js";

/** What is exported; a loaded `Model` qualifies. */
export interface ModelToExport {
  readonly config: FlavaConfig;
  readonly state: State<{ readonly parameters: Parameters<Parameter> }>;
  /** How the images of the exported models are prepared. */
  readonly processor: ImageProcessor;
  readonly tokenizer: Pick<Tokenizer, "longest">;
  readonly task?: Task | undefined;
}

/** The most tokens of a text that are read of `model`, by itself or by its task. */
export const longestText = ({ config, tokenizer, task }: Omit<ModelToExport, "state">): number =>
  task?.maximumTokens ?? tokenizer.longest(config.text.positions);

export interface OnnxOptions extends Pick<FileOptions, "limit">, CallOptions {
  /** How the models compute; default: "float32". */
  readonly dtype?: OnnxDtype;
}

/**
 * Writes a model to the folder `onnx` of a directory, as transformers.js lays out models: `vision_model.onnx`,
 * `text_model.onnx`, both as `model.onnx`, `multimodal_model.onnx` and the heads for masked words, or `model.onnx` with
 * the scores of a fine-tuned model. Batch size and text length are open; images have the size of the processor. Returns
 * the paths of the written files.
 *
 * @throws RangeError if a weight is too large for float16
 */
export async function exportOnnx(
  directory: string,
  model: ModelToExport,
  { dtype = "float32", limit, signal, onProgress }: OnnxOptions = {},
): Promise<string[]> {
  const { config, state, processor, task } = model;
  const { size } = config.image;
  const view = viewShape({ width: size, height: size }, processor.encoder);
  const folder = join(directory, "onnx");
  await mkdir(folder, { recursive: true });
  const metadata = {
    preprocessor_config: JSON.stringify(toProcessorConfig(processor)),
    maximum_text_length: String(longestText(model)),
    vocabulary: "vocab.txt",
    ...(task && { task: JSON.stringify(task) }),
  };
  const paths: string[] = [];
  const models = Object.entries(modelsOf(model));
  for (const [index, [name, { separate = false, rowWidth = 0, compute }]] of models.entries()) {
    signal?.throwIfAborted();
    const { precision, suffix } = traitsOf[dtype];
    const graph = await traceOnnx(name, {
      ...{ state, dtype },
      sizes: { config, view, rowWidth, separate },
      body: ({ parameters }, inputs) =>
        compute(parameters as Parameters<Tensor>, inputs, precision),
    });
    const path = join(folder, `${name}${suffix}.onnx`);
    const options = { metadata, ...(limit !== undefined && { limit }) };
    paths.push(...(await writeOnnx(path, graph, options)));
    onProgress?.(index + 1, models.length);
  }
  return paths;
}

function modelsOf({ config, state, task }: ModelToExport): Readonly<Record<string, ExportedModel>> {
  if (task) return { model: taskModel(config, task) };
  return encoderModels(config, state.specs.parameters.heads !== undefined);
}
