import * as tokenizers from "@huggingface/tokenizers";

/** The parts of the tokenizer library in use. Typed here because its declarations do not resolve as ES modules. */
interface Parts {
  readonly BertPreTokenizer: new () => { pre_tokenize_text(text: string): string[] };
  readonly WordPieceDecoder: new (config: {
    readonly type: "WordPiece";
    readonly prefix: string;
    readonly cleanup: boolean;
  }) => { decode(pieces: readonly string[]): string };
}

export const { BertPreTokenizer, WordPieceDecoder } = tokenizers as unknown as Parts;
