import * as tokenizers from "@huggingface/tokenizers";

/** The parts of the tokenizer library in use. Typed here because its declarations do not resolve as ES modules. */
interface Parts {
  readonly BertPreTokenizer: new () => { pre_tokenize_text(text: string): string[] };
  readonly WordPiece: new (config: {
    readonly type: "WordPiece";
    readonly vocab: Readonly<Record<string, number>>;
    readonly unk_token: string;
    readonly continuing_subword_prefix: string;
    readonly max_input_chars_per_word: number;
  }) => { encode(words: readonly string[]): string[] };
  readonly WordPieceDecoder: new (config: {
    readonly type: "WordPiece";
    readonly prefix: string;
    readonly cleanup: boolean;
  }) => { decode(pieces: readonly string[]): string };
}

export const { BertPreTokenizer, WordPiece, WordPieceDecoder } = tokenizers as unknown as Parts;
