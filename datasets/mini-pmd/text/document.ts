import type { LoneText } from "../item.js";

/** A text of a source: its key within the source, its paragraphs, its license. */
interface DocumentParts {
  readonly key: string;
  readonly source: string;
  readonly license: string;
  readonly paragraphs: readonly string[];
  readonly heldOut?: boolean;
}

/** The document of these paragraphs, separated by blank lines; undefined if none is left. */
export function documentOf(parts: DocumentParts): LoneText | undefined {
  if (parts.paragraphs.length === 0) return undefined;
  const { source, license, heldOut } = parts;
  const key = `${source}/${parts.key}`;
  const text = parts.paragraphs.join("\n\n");
  return { key, source, text, license, ...(heldOut === true ? { heldOut } : {}) };
}

/** Joins small entries, one paragraph each, into documents of at least `leastWords` words, in order. */
export class EntryBinder {
  #paragraphs: string[] = [];
  #words = 0;
  #number = 0;

  constructor(
    private readonly parts: Omit<DocumentParts, "key" | "paragraphs">,
    private readonly leastWords = 400,
  ) {}

  /** Adds an entry; returns the document that it completes. */
  *add(paragraph: string): Generator<LoneText> {
    this.#paragraphs.push(paragraph);
    this.#words += paragraph.split(" ").length;
    if (this.#words >= this.leastWords) yield* this.rest();
  }

  /** The remainder at the end. */
  *rest(): Generator<LoneText> {
    const key = `${this.parts.heldOut === true ? "test-" : ""}${this.#number++}`;
    const document = documentOf({ ...this.parts, key, paragraphs: this.#paragraphs });
    this.#paragraphs = [];
    this.#words = 0;
    if (document) yield document;
  }
}
