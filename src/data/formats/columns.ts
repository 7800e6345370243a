/** Finds the image, texts and label among the named values of a record (table columns or JSON keys). */
import type { Sample } from "../sample.js";
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
  const described = describeValues(values, given, image);
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

/**
 * A line on columns of a table that were chosen among several by their names; undefined where there was no choice.
 * @param name of the table
 */
export function describeGuess(
  name: string,
  names: readonly string[],
  given: Columns,
): string | undefined {
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
    : `${name}: ${parts.join("; ")}; in a recipe: textColumn, imageColumn.`;
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

/** Texts, label and other fields of a record, excluding the value named `image`. */
export function describeValues(values: Values, given: Columns, image?: string): Described {
  const text = Array.isArray(values.texts)
    ? "texts" // written by this package: with a list, even an empty one, "title" remains a field
    : firstOf(values, textNames, (value) => textsOf(value).length > 0);
  const texts = given.texts ?? (text === undefined ? [] : [text]);
  const label = given.label ?? firstOf(values, labelNames, (value) => labelOf(value) !== undefined);
  const named = label === undefined ? undefined : labelOf(values[label]);
  const used = new Set([...texts, image, label, "texts", "label"]);
  return {
    texts: texts.flatMap((name) =>
      textsOf(given.texts ? numbersAsTexts(values[name]) : values[name]),
    ),
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
const presentOf = (values: Values, candidates: readonly string[]): string[] =>
  candidates.flatMap((candidate) => firstOf(values, [candidate], isPresent) ?? []);

/** The first of `candidates` whose value passes. Names are compared ignoring case and surrounding spaces. */
function firstOf(
  values: Values,
  candidates: readonly string[],
  passes: (value: unknown) => boolean,
): string | undefined {
  const byName = new Map(Object.keys(values).map((name) => [name.trim().toLowerCase(), name]));
  return candidates
    .map((candidate) => byName.get(candidate))
    .find((name) => name !== undefined && passes(values[name]));
}

const isPresent = (value: unknown): boolean =>
  value !== undefined && value !== null && value !== "";

/** The texts in a value that is a text or a list of texts. */
function textsOf(value: unknown): string[] {
  const list: unknown[] = Array.isArray(value) ? value : [value];
  return list.filter((text): text is string => typeof text === "string" && text !== "");
}

/** In a column that is named as one of texts, numbers are texts, as in a CSV file. */
function numbersAsTexts(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(numbersAsTexts);
  return typeof value === "number" || typeof value === "bigint" ? String(value) : value;
}

/** The value as a class label, if it can be one. */
function labelOf(value: unknown): string | undefined {
  if (typeof value === "string") return value === "" ? undefined : value;
  return typeof value === "number" || typeof value === "bigint" || typeof value === "boolean"
    ? String(value)
    : undefined;
}
