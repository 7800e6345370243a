/** The small model as a loaded model, with its embedder, like those returned by `load`. */
import type { Backend } from "../src/backend/backend.js";
import { defaultProcessor } from "../src/data/image/processor.js";
import { openTokenizer } from "../src/data/text/tokenizer.js";
import { Embedder } from "../src/inference/embedder.js";
import type { EmbeddingModel } from "../src/search/embedding-model.js";
import { config, smallState } from "./small-model.js";

export async function smallFlava(backend?: Backend): Promise<EmbeddingModel> {
  const pieces = "[PAD] [UNK] [CLS] [SEP] [MASK] a b c d x < >".split(" ");
  const model = {
    path: "models/small",
    config,
    state: smallState(backend),
    tokenizer: await openTokenizer({ vocabulary: `${pieces.join("\n")}\n` }),
    processor: defaultProcessor(32, 16),
    precision: "float32",
  } as const;
  return { model, embedder: new Embedder(model) };
}
