/** Finds the image, texts and label among the named values of a record (table columns or JSON keys). */
import type { Sample } from "../sample.js";
import { isBlank } from "../text/blank.js";
import type { Columns } from "./source.js";
import { SampleError, SourceError } from "./source-error.js";

/** Recognized column names, in lower case, most specific first. */
const textNames = [
  ...["texts", "captions", "caption", "text", "txt", "sentences", "sentence", "title"],
  ...["description", "comment"],
];
const imageNames = [
  ...["image", "images", "file_name", "filename", "image_path", "image_name", "filepath", "path"],
  ...["file", "img", "jpg", "jpeg", "png", "webp"],
];
/** Names of which each says as clearly as the others that this is the text, or the image. */
const clearTexts = ["captions", "caption", "text", "txt", "sentences", "sentence"];
const clearImages = ["image", "images", "img", "jpg", "jpeg", "png", "webp"];
const labelNames = ["label", "class", "labels", "cls"];
const urlNames = ["url", "image_url", "img_url"];

type Values = Readonly<Record<string, unknown>>;

/** The interpreted values of a record. */
export interface Described extends Pick<Sample, "texts" | "label" | "fields"> {
  /** The value that holds or names the image, if any. */
  readonly image?: unknown;
}

export function isImageColumn(name: string): boolean {
  return imageNames.includes(name.trim().toLowerCase());
}

/** Whether a column name is recognized or was given. */
export function isKnownColumn(name: string, given: Columns): boolean {
  const known = name.trim().toLowerCase();
  const lists = [imageNames, textNames, labelNames, urlNames];
  return (
    lists.some((names) => names.includes(known)) ||
    [given.image, given.label, ...(given.texts ?? [])].includes(name)
  );
}

/**
 * Finds the image, texts and label of one record. Records may have different columns.
 * @param place the record, for messages
 * @throws SampleError if there is neither an image nor a text, or the image is given only as a URL
 */
export function describeRow(place: string, key: string, values: Values, given: Columns): Described {
  requireClear(place, values, given);
  const image = imageColumnOf(values, given);
  const described = describeValues(values, given, { image });
  if (image !== undefined && isPresent(values[image]))
    return { ...described, image: values[image] };
  const url = firstOf(values, urlNames, isPresent);
  if (url !== undefined && given.texts === undefined)
    throw new SampleError(
      key,
      "missing",
      `it names an image by its ${url} only, and nothing is downloaded here. Download the images first, for ` +
        "example with img2dataset, or name the text column (--text-column) to read texts alone.",
    );
  if (described.texts.length > 0) return described;
  const names = Object.keys(values).join(", ").slice(0, 300);
  throw new SampleError(
    key,
    "empty",
    `it has neither an image nor a text in its columns ${names}. Known are ` +
      `${textNames.join(", ")} (texts) and ${imageNames.join(", ")} (images); others are named by --text-column and ` +
      `--image-column.`,
  );
}

/** What was chosen among several columns by their names; undefined where there was no choice. */
export function describeGuess(names: readonly string[], given: Columns): string | undefined {
  const all = Object.fromEntries(names.map((each) => [each, each]));
  const [image, ...images] = given.image === undefined ? presentOf(all, imageNames) : [];
  const [text, ...texts] =
    given.texts === undefined && !names.includes("texts") ? presentOf(all, textNames) : [];
  const parts = [
    ...(texts.length > 0
      ? [
          `texts are those of the column ${text!}, of ${texts.join(", ")} only where it is empty (--text-column chooses)`,
        ]
      : []),
    ...(images.length > 0
      ? [
          `images are those of ${image!}, of ${images.join(", ")} only where it is empty (--image-column chooses)`,
        ]
      : []),
  ];
  return parts.length === 0
    ? undefined
    : `${parts.join("; ")}; in a recipe: textColumn, imageColumn.`;
}

/** A choice in the values of one row. */
interface TextChoice {
  /** Equal for equal choices. */
  readonly kind: string;
  readonly line: string;
}

/** The columns that texts may be in. */
export const textColumnsAmong = (names: readonly string[], given: Columns): string[] =>
  names.filter((name) =>
    given.texts ? given.texts.includes(name) : textNames.includes(name.trim().toLowerCase()),
  );

/** Whether a value of a column of texts is none, or texts alone, so that there is nothing to choose. */
export const isPlainly = (value: unknown): boolean =>
  membersOf(value).every((member) => typeof member === "string" || isMissing(member));

/**
 * What was done with values of columns of texts that are none: numbers, which may be texts, and what never is.
 * @param numbers whether a number is a text where no other column has one
 */
export function describeTexts(values: Values, given: Columns, numbers: boolean): TextChoice[] {
  const read = textColumnsOf(values, given, numbers);
  const [first] = given.texts === undefined ? presentOf(values, textNames) : [];
  const names = new Set([...read, ...(first === undefined ? [] : [first])]);
  return [...names].flatMap((name) => {
    const members = membersOf(values[name]);
    const choice = (kind: string, value: unknown, what: string): TextChoice => ({
      kind: `${kind} ${name}`,
      line:
        `values such as ${shortly(value)} in the column ${name} ${what} (--text-column chooses a column); in a ` +
        "recipe: textColumn.",
    });
    const plain = members.find((value) => typeof value !== "string" && textOf(value) !== undefined);
    const other = members.find(
      (value) => typeof value !== "string" && !isMissing(value) && textOf(value) === undefined,
    );
    const isTold = plain !== undefined && given.texts === undefined;
    const isRead = numbers && read.includes(name);
    return [
      ...(isTold && isRead ? [choice("read", plain, "are read as texts")] : []),
      ...(isTold && !isRead
        ? [choice("left", plain, "are not read where another has a text")]
        : []),
      ...(other !== undefined ? [choice("none", other, "are no texts, and are not read")] : []),
    ];
  });
}

/** @throws SourceError if columns with equally clear names hold different texts, or different images */
export function requireClear(place: string, values: Values, given: Columns): void {
  const refuse = (names: readonly string[], what: string): never => {
    throw new SourceError(
      `${place} has a different ${what} in each of the columns ${names.join(" and ")}. Say which is to be read: ` +
        `--${what}-column, or ${what}Column in a recipe.`,
    );
  };
  if (given.texts === undefined && !Array.isArray(values.texts)) {
    const [first, ...others] = presentOf(values, clearTexts);
    const texts = first === undefined ? [] : textsOf(values[first]);
    for (const name of others) {
      const more = textsOf(values[name]);
      const isSame =
        more.every((text) => texts.includes(text)) || texts.every((text) => more.includes(text));
      if (!isSame) refuse([first!, name], "text");
    }
  }
  if (given.image === undefined) {
    const [first, ...others] = presentOf(values, clearImages);
    const other = others.find((name) => values[name] !== values[first!]);
    if (other !== undefined) refuse([first!, other], "image");
  }
}

/**
 * The columns that texts are read from. A number is a text, as in a CSV file, where no other column has a text.
 * @param numbers whether it is
 */
function textColumnsOf(values: Values, given: Columns, numbers: boolean): readonly string[] {
  if (given.texts !== undefined) return given.texts;
  // Written by this package: with a list, even an empty one, "title" remains a field.
  if (Array.isArray(values.texts)) return ["texts"];
  const text =
    firstOf(values, textNames, (value) => textsOf(value).length > 0) ??
    (numbers ? firstOf(values, textNames, (value) => plainTextsOf(value).length > 0) : undefined);
  return text === undefined ? [] : [text];
}

/**
 * Texts, label and other fields of a record, excluding the value named `image`.
 * @param numbers whether a number is a text where no other column has one
 */
export function describeValues(
  values: Values,
  given: Columns,
  {
    image,
    numbers = true,
  }: { readonly image?: string | undefined; readonly numbers?: boolean } = {},
): Described {
  const texts = textColumnsOf(values, given, numbers);
  const label = given.label ?? firstOf(values, labelNames, (value) => labelOf(value) !== undefined);
  const named = label === undefined ? undefined : labelOf(values[label]);
  const used = new Set([...texts, image, label, "texts", "label"]);
  return {
    texts: texts.flatMap((name) => (numbers ? plainTextsOf : textsOf)(values[name])),
    ...(named !== undefined && { label: named }),
    fields: Object.fromEntries(Object.entries(values).filter(([name]) => !used.has(name))),
  };
}

/** The column that holds or names the image of this record. */
export function imageColumnOf(values: Values, given: Columns): string | undefined {
  return given.image ?? firstOf(values, imageNames, isPresent);
}

/** @throws SourceError if a given column is not among `names` */
export function requireColumns(path: string, names: readonly string[], given: Columns): void {
  for (const name of [...(given.texts ?? []), given.image, given.label])
    if (name !== undefined && !names.includes(name))
      throw new SourceError(
        `${path} has no column ${name}; its columns are ${names.join(", ").slice(0, 300)}.`,
      );
}

/** Those of `candidates` that are there. */
function presentOf(values: Values, candidates: readonly string[]): string[] {
  const byName = namesIn(values);
  const names = candidates.flatMap((candidate) => byName.get(candidate) ?? []);
  return names.filter((name) => isPresent(values[name]));
}

/** The names of columns by what they are compared as. */
const namesIn = (values: Values): ReadonlyMap<string, string> =>
  new Map(Object.keys(values).map((name) => [name.trim().toLowerCase(), name]));

/** The first of `candidates` whose value passes. Names are compared ignoring case and surrounding spaces. */
function firstOf(
  values: Values,
  candidates: readonly string[],
  passes: (value: unknown) => boolean,
): string | undefined {
  const byName = namesIn(values);
  return candidates
    .map((candidate) => byName.get(candidate))
    .find((name) => name !== undefined && passes(values[name]));
}

const isPresent = (value: unknown): boolean =>
  value !== undefined && value !== null && value !== "";

/** A value that is a text, or the members of a list of texts. */
const membersOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [value]);

/** The texts in a value that is a text or a list of texts. */
function textsOf(value: unknown): string[] {
  return membersOf(value).filter(
    (text): text is string => typeof text === "string" && !isBlank(text),
  );
}

/** Like `textsOf`, with numbers and truth values as texts, as in a CSV file. */
const plainTextsOf = (value: unknown): string[] =>
  membersOf(value).flatMap((member) => textOf(member) ?? []);

/** Missing cells of tables of numbers are NaN. */
const isMissing = (value: unknown): boolean => !isPresent(value) || Number.isNaN(value);

function textOf(value: unknown): string | undefined {
  if (isMissing(value) || (typeof value === "string" && isBlank(value))) return undefined;
  return ["string", "number", "bigint", "boolean"].includes(typeof value)
    ? String(value)
    : undefined;
}

/** A value for messages. */
function shortly(value: unknown): string {
  if (textOf(value) !== undefined) return String(value).slice(0, 40);
  if (value instanceof Uint8Array) return "bytes";
  return value instanceof Date ? "a date" : Array.isArray(value) ? "a list" : "an object";
}

/** The value as a class label, if it can be one. */
function labelOf(value: unknown): string | undefined {
  if (typeof value === "string") return value === "" ? undefined : value;
  return typeof value === "number" || typeof value === "bigint" || typeof value === "boolean"
    ? String(value)
    : undefined;
}
