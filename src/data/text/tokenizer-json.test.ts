import * as tokenizers from "@huggingface/tokenizers";
import { expect, it } from "vitest";
import { toTokenizerConfig } from "./tokenizer-config.js";
import { toTokenizerJson } from "./tokenizer-json.js";
import { openTokenizer } from "./tokenizer.js";

/** Hugging Face's tokenizers for JavaScript, which transformers.js uses. */
interface Library {
  readonly Tokenizer: new (
    json: unknown,
    config: unknown,
  ) => { encode(text: string): { readonly ids: readonly number[] } };
}

const texts = [
  "A small dog, playing in the snow!",
  "Crème brûlée [MASK] 漢字 don't",
  "",
  "unaffable ".repeat(20),
];

it("makes Hugging Face's library and ours give the same ids", async () => {
  const tokenizer = await openTokenizer();
  const json = toTokenizerJson(tokenizer);
  const { Tokenizer } = tokenizers as unknown as Library;
  const theirs = new Tokenizer(JSON.parse(JSON.stringify(json)), toTokenizerConfig(tokenizer));
  for (const text of texts) expect(theirs.encode(text).ids).toEqual([...tokenizer.encode(text)]);
});
