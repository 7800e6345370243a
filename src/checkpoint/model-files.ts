/** A whole model as files in memory: what `writeModel` writes to a directory. */
import type { State } from "../backend/state.js";
import type { ImageProcessor } from "../data/image/processor.js";
import type { Tokenizer } from "../data/text/tokenizer.js";
import type { FlavaConfig } from "../model/config.js";
import { jsonText } from "./files/json.js";
import { safetensorsBytes } from "./files/tensor-to-write.js";
import { configOf, decoderName, tensorsOf } from "./huggingface-model.js";
import { processingFiles } from "./processing-files.js";

/** Contents by name. Weights are float32, in one file. */
export type ModelFiles = Readonly<Record<string, Uint8Array<ArrayBuffer>>>;

/** The files of the model in `state`, which this package and transformers can load from a directory. */
export async function modelFiles(
  state: State,
  config: FlavaConfig,
  processor: ImageProcessor,
  tokenizer: Tokenizer,
): Promise<ModelFiles> {
  const texts = {
    "config.json": jsonText(configOf(state, config)),
    ...processingFiles(processor, tokenizer),
  };
  const { model, decoder } = tensorsOf(state, config, "float32");
  const encoder = new TextEncoder();
  return {
    ...Object.fromEntries(
      Object.entries(texts).map(([name, text]) => [name, encoder.encode(text)]),
    ),
    "model.safetensors": await safetensorsBytes(model),
    ...(decoder.length > 0 && { [decoderName]: await safetensorsBytes(decoder) }),
  };
}
