/** Writes whole models to directories that this package and Hugging Face's transformers can load. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { State } from "../backend/state.js";
import { fittedProcessor } from "../data/image/fitted-processor.js";
import type { ImageProcessor } from "../data/image/processor.js";
import { type Tokenizer, openTokenizer } from "../data/text/tokenizer.js";
import type { FlavaConfig } from "../model/config.js";
import type { Task } from "../model/task.js";
import type { WeightDtype } from "./huggingface-config.js";
import { type WriteHuggingFaceOptions, writeHuggingFace } from "./huggingface.js";
import type { JsonObject } from "./files/json.js";
import { processingFiles } from "./processing-files.js";
import { writeTask } from "./task.js";

/** The parts of a model to write; a loaded `Model` qualifies. */
export interface ModelToWrite {
  readonly state: State;
  readonly config: FlavaConfig;
  /** Default: BERT's uncased tokenizer. */
  readonly tokenizer?: Tokenizer;
  /** Default: FLAVA's processor, fitted to the sizes. */
  readonly processor?: ImageProcessor;
  /** Dtype of the weights in the files, unless the options override it; default: float32. */
  readonly dtype?: WeightDtype;
  /** The task of its head, if it has one. */
  readonly task?: Task | undefined;
  /** A config.json whose additional settings are kept. */
  readonly source?: JsonObject | undefined;
}

/** Writes weights, sizes, image processor and tokenizer to a directory: everything needed to use the model. */
export async function writeModel(
  directory: string,
  model: ModelToWrite,
  options: WriteHuggingFaceOptions = {},
): Promise<void> {
  const { state, config, dtype = "float32", source, task } = model;
  await mkdir(directory, { recursive: true });
  await writeHuggingFace(directory, state, config, { dtype, source, ...options });
  if (task) await writeTask(directory, state, task);
  await writeProcessing(directory, model);
}

/** Writes how a model's images and texts are prepared: image processor, tokenizer and vocabulary. */
async function writeProcessing(
  directory: string,
  { config, ...model }: Pick<ModelToWrite, "config" | "processor" | "tokenizer">,
): Promise<void> {
  const processor = model.processor ?? fittedProcessor(config);
  const tokenizer = model.tokenizer ?? (await openTokenizer());
  const files = processingFiles(processor, tokenizer);
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
}
