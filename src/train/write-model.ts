/** Trained models as directories that this package and Hugging Face's transformers load. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { State } from "../backend/state.js";
import type { WeightDtype } from "../checkpoint/huggingface-config.js";
import { writeHuggingFace } from "../checkpoint/huggingface.js";
import { toProcessorConfig } from "../data/image/processor-config.js";
import { openVocabulary } from "../data/text/vocabulary.js";
import type { FlavaConfig } from "../model/config.js";
import { processorFor } from "../inference/processor.js";

/** Writes weights, sizes, and what images and texts must be made to: all that is needed to use the model. */
export async function writeModel(
  directory: string,
  state: State,
  config: FlavaConfig,
  dtype: WeightDtype = "float32",
): Promise<void> {
  await mkdir(directory, { recursive: true });
  await writeHuggingFace(directory, state, config, { dtype });
  const processor = JSON.stringify(toProcessorConfig(processorFor(config)), undefined, 2);
  await writeFile(join(directory, "preprocessor_config.json"), `${processor}\n`);
  const { pieces } = await openVocabulary();
  await writeFile(join(directory, "vocab.txt"), pieces.map((piece) => `${piece}\n`).join(""));
}
