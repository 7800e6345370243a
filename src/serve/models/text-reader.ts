import { isBlank } from "../../data/text/blank.js";
import type { Tokenizer } from "../../data/text/tokenizer.js";
import { type ApiError, unusable } from "../http/api-error.js";
import type { TextItem } from "./items.js";

/** Turns texts into the token ids that a model reads. */
export class TextReader {
  /**
   * @param name of the model, for errors
   * @param longest tokens that it reads
   */
  constructor(
    private readonly name: string,
    private readonly tokenizer: Tokenizer,
    readonly longest: number,
  ) {}

  /**
   * The ids from [CLS] to [SEP]: int32 [L].
   * @throws ApiError 422 for a text that is blank or too long, or ids that are no tokens
   */
  idsOf({ text, param, truncate }: TextItem): Int32Array {
    const { tokenizer, longest } = this;
    if (typeof text === "string" && isBlank(text)) {
      throw unusable(param, "expected a text that says something, but it is blank");
    }
    const ids =
      typeof text === "string"
        ? tokenizer.encode(text, { maximum: longest + 1 })
        : this.#framed(text, param);
    if (ids.length <= longest) return ids;
    if (truncate) {
      return ids.slice(0, longest).fill(tokenizer.vocabulary.special.separator, longest - 1);
    }
    throw this.tooLong(param, longest);
  }

  /** The error of a text with more than `longest` tokens. */
  tooLong(param: string, longest: number): ApiError {
    return unusable(
      param,
      `the text has more than the ${longest} tokens that ${this.name} reads. Send a shorter one; or, where the endpoint has ` +
        "the field, truncate: true.",
    );
  }

  /** Adds [CLS] and [SEP] where they are missing. */
  #framed(ids: Int32Array, param: string): Int32Array {
    const { pieces, special } = this.tokenizer.vocabulary;
    const wrong = ids.find((id) => id >= pieces.length);
    if (wrong !== undefined) {
      throw unusable(
        param,
        `there is no token ${wrong}: ${this.name} has tokens from 0 to ${pieces.length - 1}.`,
      );
    }
    const { classification, separator } = special;
    const framed = Int32Array.of(
      ...(ids[0] === classification ? [] : [classification]),
      ...ids,
      ...(ids.length > 0 && ids.at(-1) === separator ? [] : [separator]),
    );
    if (framed.length > 2) return framed;
    throw unusable(param, "expected token ids of a text, but got none besides [CLS] and [SEP]");
  }
}
