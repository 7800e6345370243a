/** Converts samples to and from files with a common key, following the WebDataset convention. */
import { isUtf8 } from "node:buffer";
import { parseJson } from "../json.js";
import type { LocatedSample, Sample } from "../sample.js";
import { isBlank } from "../text/blank.js";
import type { ColumnChoices, NamedColumns } from "./column-choices.js";
import { type Described, describeValues, requireClear } from "./columns.js";
import { notUtf8, utf8Of } from "./encoding.js";
import type { ImagePlace } from "../image-place.js";
import type { Columns } from "./source.js";
import { SampleError, reasonOf } from "./source-error.js";
import { isImageExtension, imageType } from "../image/image-type.js";

/** A file of a sample: extension without the dot, and content. */
export interface SampleFile {
  readonly extension: string;
  readonly bytes: Uint8Array;
}

/** Whether files with this extension (lower case) can be part of a sample. */
export function isSampleExtension(extension: string): boolean {
  return isImageFile(extension) || ["txt", "cls", "json"].includes(lastPart(extension));
}

/** Whether files with this extension, which may be a compound one, are images. */
export function isImageFile(extension: string): boolean {
  return isImageExtension(lastPart(extension));
}

/**
 * The files that make up `sample`: the image with the extension of its format, and `txt` if a single text is all that
 * remains, else `json`.
 * @throws SampleError for an image of unknown format, an empty sample, or a field named "texts" or "label"
 */
export function filesOfSample(sample: Sample): SampleFile[] {
  const { key, image, label, fields } = sample;
  const texts = sample.texts.filter((text) => !isBlank(text));
  const files: SampleFile[] = [];
  if (image !== undefined) files.push({ extension: extensionOf(key, image), bytes: image });
  if (image === undefined && texts.length === 0)
    throw new SampleError(key, "empty", `${key} has neither an image nor a text.`);
  for (const name of ["texts", "label"])
    if (name in fields)
      throw new SampleError(
        key,
        "damaged",
        `${key} has a field named ${name}, which is reserved for the sample's own ${name}. Rename the field.`,
      );
  const [text] = texts;
  const bare = label === undefined && Object.keys(fields).length === 0;
  if (bare && texts.length === 1 && isPlain(text!))
    files.push({ extension: "txt", bytes: Buffer.from(text!) });
  else if (!bare || texts.length > 0)
    files.push({ extension: "json", bytes: Buffer.from(jsonOf({ ...sample, texts })) });
  return files;
}

/** Whether a text can be stored in a text file unchanged. */
function isPlain(text: string): boolean {
  return text !== "" && text.trim() === text && Buffer.from(text).toString() === text;
}

function extensionOf(key: string, image: Uint8Array): string {
  if (image.length === 0) throw new SampleError(key, "empty", `The image of ${key} has no bytes.`);
  const type = imageType(image);
  if (type !== undefined) return type;
  throw new SampleError(key, "damaged", `The image of ${key} has no known format.`);
}

function jsonOf({ key, texts, label, fields }: Sample): string {
  try {
    return JSON.stringify({ texts, ...(label !== undefined && { label }), ...fields });
  } catch (error) {
    throw new SampleError(
      key,
      "damaged",
      `The fields of ${key} are not JSON values: ${reasonOf(error)}`,
    );
  }
}

/** How the values of a sample's `json` are read: as those of a row of a table. */
export interface FilesOptions {
  /** Columns of texts and of the label, by default found by name. A column of texts named "txt" is the file. */
  readonly columns?: Columns | undefined;
  /** Tells of choices; default: they are not told. */
  readonly choices?: ColumnChoices | undefined;
  readonly named?: NamedColumns | undefined;
  /** The data set, for messages. */
  readonly path?: string;
}

/**
 * The sample made up of `files`, keyed by lower-case extension. Texts come from `txt`, then from `json` ("texts", or
 * "captions", "caption", "text" ...), unless their columns are named; the label from `cls` or "label"; all other `json` keys
 * are fields. One file of each kind is expected; it may have a compound extension, and so may additional ones (`seg.png`
 * beside `jpg`). Only images may be places.
 * @throws SourceError if columns with equally clear names hold different texts
 * @throws SampleError if the image is empty, a file is damaged, the choice between files is ambiguous, or there is
 *   neither an image nor a text
 */
export function sampleOfFiles(
  key: string,
  files: ReadonlyMap<string, Buffer | ImagePlace>,
  options: FilesOptions = {},
): LocatedSample {
  const image = fileOf(key, files, "image", isImageExtension);
  const bytes = Buffer.isBuffer(image) ? image.length : image?.range?.bytes;
  if (bytes === 0) throw new SampleError(key, "empty", `The image of ${key} has no bytes.`);
  const written = textOf(key, files, "txt");
  const described = describe(key, textOf(key, files, "json"), written, options);
  const label = textOf(key, files, "cls") ?? described.label;
  const { texts } = described;
  if (image === undefined && texts.length === 0)
    throw new SampleError(key, "empty", `${key} has neither an image nor a text.`);
  return {
    key,
    ...(image && { image }),
    texts,
    ...(label !== undefined && label !== "" && { label }),
    fields: described.fields,
  };
}

/** The only file of a kind, or the only one without a compound extension. */
function fileOf(
  key: string,
  files: ReadonlyMap<string, Buffer | ImagePlace>,
  kind: string,
  isKind: (extension: string) => boolean,
): Buffer | ImagePlace | undefined {
  const found = [...files].filter(([extension]) => isKind(lastPart(extension)));
  const plain = found.filter(([extension]) => isKind(extension));
  const [only] = plain.length === 0 ? found : plain;
  if (found.length <= 1 || plain.length === 1) return only?.[1];
  const names = found.map(([extension]) => `${key}.${extension}`);
  throw new SampleError(
    key,
    "damaged",
    `${key} has ${found.length} files of the kind ${kind} (${names.slice(0, 3).join(", ")} ...); expected one. ` +
      "Files whose names agree up to the first dot belong together: perhaps these names contain an extra dot.",
  );
}

function textOf(
  key: string,
  files: ReadonlyMap<string, Buffer | ImagePlace>,
  extension: "txt" | "json" | "cls",
): string | undefined {
  const bytes = fileOf(key, files, extension, (each) => each === extension);
  if (!Buffer.isBuffer(bytes)) return undefined;
  const utf8 = utf8Of(bytes);
  if (isUtf8(utf8)) return utf8.toString("utf8").trim();
  throw new SampleError(key, "damaged", `The ${extension} of ${key} is ${notUtf8}.`);
}

const lastPart = (extension: string): string => extension.slice(extension.lastIndexOf(".") + 1);

/** What the `json` and the text of the `txt` say of a sample. */
function describe(
  key: string,
  json: string | undefined,
  written: string | undefined,
  { columns: given = {}, choices, named, path = key }: FilesOptions,
): Described {
  const values = json === undefined ? {} : objectIn(key, json);
  const withText = { ...values, ...(written && { txt: written }) };
  named?.see(withText);
  // No column has the image, which is a file.
  const columns = { texts: given.texts, label: given.label ?? "label", image: "" };
  if (given.texts) {
    choices?.inRow(path, `${path}, ${key}`, withText, { columns });
    return describeValues(withText, columns);
  }
  const numbers = !written; // which is a text in any case
  requireClear(`${path}, ${key}.json,`, values, columns);
  choices?.inRow(path, `${path}, ${key}.json`, values, { columns, numbers });
  const { texts, ...described } = describeValues(values, columns, { numbers });
  const others = texts.filter((text) => text.trim() !== written); // as that is trimmed
  return { ...described, texts: written ? [written, ...others] : others };
}

function objectIn(key: string, json: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = parseJson(json);
  } catch (error) {
    throw new SampleError(key, "damaged", `${key}.json ${reasonOf(error)}.`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new SampleError(key, "damaged", `${key}.json is not an object.`);
  return value as Record<string, unknown>;
}
