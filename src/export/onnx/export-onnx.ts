/** Exports the encoders of a model, or a fine-tuned model, for ONNX Runtime and everything that reads ONNX. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { State } from "../../backend/state.js";
import type { CallOptions } from "../../base/call-options.js";
import { toProcessorConfig } from "../../data/image/processor-config.js";
import type { ImageProcessor } from "../../data/image/processor.js";
import type { Tensor } from "../../graph/tensor.js";
import type { FlavaConfig } from "../../model/config.js";
import type { Flava, PretrainingHeads } from "../../model/flava.js";
import { matchLogits } from "../../model/heads.js";
import { imageOutputs, pairOutputs, textOutputs } from "../../model/outputs.js";
import { taskOutputs } from "../../model/task-model.js";
import type { TaskHead } from "../../model/task-head.js";
import type { Task } from "../../model/task.js";
import type { Parameter } from "../../nn/parameter.js";
import { type FileOptions, writeOnnx } from "./model-file.js";
import { type Inputs, traceOnnx } from "./trace.js";
import type { WeightStorage } from "./weights.js";

interface Parameters<T> {
  readonly flava: Flava<T>;
  readonly heads?: PretrainingHeads<T>;
  readonly head?: TaskHead<T>;
}

/** What is exported; a loaded `Model` qualifies. */
export interface ModelToExport {
  readonly config: FlavaConfig;
  readonly state: State<{ readonly parameters: Parameters<Parameter> }>;
  readonly processor: ImageProcessor;
  readonly task?: Task | undefined;
}

export interface OnnxOptions extends Pick<FileOptions, "limit">, CallOptions {
  /** How weights are stored; default: "float32". */
  readonly storage?: WeightStorage;
}

type Body = (parameters: Parameters<Tensor>, inputs: Inputs) => Readonly<Record<string, Tensor>>;

/** The end of file names by which transformers.js tells dtypes apart. */
const suffixes: Readonly<Record<WeightStorage, string>> = {
  float32: "",
  float16: "_fp16",
  int8: "_quantized",
};

/**
 * Writes a model to the folder `onnx` of a directory, as transformers.js lays out models: `vision_model.onnx`,
 * `text_model.onnx` and `multimodal_model.onnx`, or `model.onnx` with the scores of a fine-tuned model. Batch size and
 * text length are open; images have the size of the processor. Returns the paths of the written files.
 */
export async function exportOnnx(
  directory: string,
  model: ModelToExport,
  { storage = "float32", limit, signal, onProgress }: OnnxOptions = {},
): Promise<string[]> {
  const { config, state, processor, task } = model;
  const imageSize = task?.imageSize ?? config.image.size;
  const folder = join(directory, "onnx");
  await mkdir(folder, { recursive: true });
  const paths: string[] = [];
  const bodies = Object.entries(bodiesOf(model));
  for (const [index, [name, body]] of bodies.entries()) {
    signal?.throwIfAborted();
    const graph = await traceOnnx(
      name,
      state,
      { config, imageSize },
      storage,
      ({ parameters }, inputs) => body(parameters as Parameters<Tensor>, inputs),
    );
    const metadata = {
      preprocessor_config: JSON.stringify(toProcessorConfig(processor)),
      maximum_text_length: String(config.text.positions),
      ...(task && { task: JSON.stringify(task) }),
    };
    const path = join(folder, `${name}${suffixes[storage]}.onnx`);
    paths.push(
      ...(await writeOnnx(path, graph, { metadata, ...(limit !== undefined && { limit }) })),
    );
    onProgress?.(index + 1, bodies.length);
  }
  return paths;
}

/** The models to export, by the names of their files. */
function bodiesOf({ config, task }: ModelToExport): Readonly<Record<string, Body>> {
  const traced = (parameters: Parameters<Tensor>) =>
    ({ config, parameters, precision: "float32" }) as const;
  if (task) {
    return {
      model: ({ flava, head }, { pixels, ids, lengths, types }) => {
        if (!head) throw new Error("This model has a task, but no head for it.");
        const inputs = { pixels, ids, lengths, ...(task.pairs && { types }) };
        const model = { config, parameters: { flava, head }, precision: "float32" } as const;
        return { logits: taskOutputs(model, task.encoder, inputs) };
      },
    };
  }
  return {
    vision_model: (parameters, { pixels }) => {
      const { embedding, sequence } = imageOutputs(traced(parameters), { pixels });
      return { image_embeds: embedding, last_hidden_state: sequence };
    },
    text_model: (parameters, { ids, lengths }) => {
      const { embedding, sequence } = textOutputs(traced(parameters), { ids, lengths });
      return { text_embeds: embedding, last_hidden_state: sequence };
    },
    multimodal_model: (parameters, { pixels, ids, lengths }) => {
      const { sequence } = pairOutputs(traced(parameters), { pixels }, { ids, lengths });
      const { heads } = parameters;
      return {
        last_hidden_state: sequence,
        ...(heads && { itm_logits: matchLogits(heads.itm, sequence, "float32") }),
      };
    },
  };
}
