/** Texts of which a model reads nothing. Their embeddings are near to something all the same, which no one asked for. */
import { normalize } from "./normalize.js";

/** What no tokenizer removes, and nearly all texts begin with. */
const readable = /[\p{L}\p{N}\p{P}\p{S}]/u;

/** Whether a text is empty, or has nothing but white space and characters that the tokenizer removes. */
export const isBlank = (text: string): boolean =>
  !readable.test(text) && normalize(text, { lowercase: false, stripAccents: true }).trim() === "";

/** @throws RangeError if one of the texts is blank */
export function requireTexts(texts: string | readonly string[]): void {
  const all = typeof texts === "string" ? [texts] : texts;
  const blank = all.findIndex(isBlank);
  if (blank < 0) return;
  const which = typeof texts === "string" ? "the text" : `text ${blank + 1} of ${all.length}`;
  throw new RangeError(
    `Expected a text that says something, but ${which} is blank: ${JSON.stringify(all[blank]!.slice(0, 40))}. Leave it out.`,
  );
}
