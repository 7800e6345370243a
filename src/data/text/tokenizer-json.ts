import type { Tokenizer } from "./tokenizer.js";
import { continuationPrefix, specialPieces } from "./vocabulary.js";
import { longestWord } from "./words.js";

/** A tokenizer as a tokenizer.json, which Hugging Face's tokenizers and transformers.js read (flava.md 4.2). */
export function toTokenizerJson({ vocabulary, settings }: Tokenizer): Record<string, unknown> {
  const { ids } = vocabulary;
  const special = Object.values(specialPieces).map((content) => ({
    ...{ id: ids.get(content), content, special: true },
    ...{ single_word: false, lstrip: false, rstrip: false, normalized: false },
  }));
  const [cls, sep] = [specialPieces.classification, specialPieces.separator];
  const token = (id: string, segment: number) => ({ SpecialToken: { id, type_id: segment } });
  const text = (id: "A" | "B", segment: number) => ({ Sequence: { id, type_id: segment } });
  const single = [token(cls, 0), text("A", 0), token(sep, 0)];
  return {
    ...{ version: "1.0", truncation: null, padding: null, added_tokens: special },
    normalizer: {
      ...{ type: "BertNormalizer", clean_text: true, handle_chinese_chars: true },
      strip_accents: settings.stripAccents,
      lowercase: settings.lowercase,
    },
    pre_tokenizer: { type: "BertPreTokenizer" },
    post_processor: {
      ...{ type: "TemplateProcessing", single, pair: [...single, text("B", 1), token(sep, 1)] },
      special_tokens: Object.fromEntries(
        [cls, sep].map((id) => [id, { id, ids: [ids.get(id)], tokens: [id] }]),
      ),
    },
    decoder: { type: "WordPiece", prefix: continuationPrefix, cleanup: true },
    model: {
      ...{ type: "WordPiece", unk_token: specialPieces.unknown },
      ...{ continuing_subword_prefix: continuationPrefix, max_input_chars_per_word: longestWord },
      vocab: Object.fromEntries(ids),
    },
  };
}
