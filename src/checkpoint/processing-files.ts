/** The files that say how a model's images and texts are prepared. */
import { toProcessorConfig } from "../data/image/processor-config.js";
import type { ImageProcessor } from "../data/image/processor.js";
import { toTokenizerConfig } from "../data/text/tokenizer-config.js";
import type { Tokenizer } from "../data/text/tokenizer.js";
import { jsonText } from "./files/json.js";

/** Their texts by name. */
export function processingFiles(
  processor: ImageProcessor,
  tokenizer: Tokenizer,
): Readonly<Record<string, string>> {
  return {
    "preprocessor_config.json": jsonText(toProcessorConfig(processor)),
    "tokenizer_config.json": jsonText(toTokenizerConfig(tokenizer)),
    "vocab.txt": tokenizer.vocabulary.pieces.map((piece) => `${piece}\n`).join(""),
  };
}
