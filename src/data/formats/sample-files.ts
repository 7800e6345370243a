/** A sample as files with a common key, and back: the convention of WebDataset. */
import type { Sample } from "../sample.js";
import { SampleError, reasonOf } from "./source-error.js";
import { isImageExtension, imageType } from "../image/image-type.js";

/** A file of a sample: its extension without the dot, and its content. */
export interface SampleFile {
  readonly extension: string;
  readonly bytes: Uint8Array;
}

/** Whether files with this extension (lower case) say anything about a sample. */
export function isSampleExtension(extension: string): boolean {
  return isImageExtension(extension) || ["txt", "cls", "json"].includes(extension);
}

/**
 * The files that make up `sample`: the image under the extension its first bytes tell; `txt` where one text is all that
 * remains, else `json`.
 * @throws SampleError for an image of an unknown kind, a sample without anything, or a field named "texts" or "label"
 */
export function filesOfSample(sample: Sample): SampleFile[] {
  const { key, image, label, fields } = sample;
  const texts = sample.texts.filter((text) => text !== "");
  const files: SampleFile[] = [];
  if (image !== undefined) files.push({ extension: extensionOf(key, image), bytes: image });
  if (image === undefined && texts.length === 0)
    throw new SampleError(key, "empty", `${key} has neither an image nor a text.`);
  for (const name of ["texts", "label"])
    if (name in fields)
      throw new SampleError(
        key,
        "damaged",
        `${key} has a field named ${name}; that is what the sample's own ${name} is stored as: rename the field.`,
      );
  const [text] = texts;
  const bare = label === undefined && Object.keys(fields).length === 0;
  if (bare && texts.length === 1 && isPlain(text!))
    files.push({ extension: "txt", bytes: Buffer.from(text!) });
  else if (!bare || texts.length > 0)
    files.push({ extension: "json", bytes: Buffer.from(jsonOf({ ...sample, texts })) });
  return files;
}

/** Whether a text comes back from a text file as it was. */
function isPlain(text: string): boolean {
  return text !== "" && text.trim() === text && Buffer.from(text).toString() === text;
}

function extensionOf(key: string, image: Uint8Array): string {
  if (image.length === 0) throw new SampleError(key, "empty", `The image of ${key} has no bytes.`);
  const type = imageType(image);
  if (type !== undefined) return type;
  throw new SampleError(
    key,
    "damaged",
    `The image of ${key} begins like no JPEG, PNG, WebP, GIF, TIFF, AVIF or SVG file.`,
  );
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

/**
 * The sample that `files` make up, by extension. Texts are those of `txt`, then those of `json` ("texts", or "captions",
 * "caption", "text"); the label is in `cls` or in "label"; what else `json` says are the fields.
 * @throws SampleError where the image is empty, the JSON is damaged, or there is neither image nor text
 */
export function sampleOfFiles(key: string, files: ReadonlyMap<string, Buffer>): Sample {
  const image = [...files].find(([extension]) => isImageExtension(extension))?.[1];
  if (image?.length === 0) throw new SampleError(key, "empty", `The image of ${key} has no bytes.`);
  const written = files.get("txt")?.toString("utf8").trim();
  const described = descriptionIn(key, files.get("json"));
  const label = files.get("cls")?.toString("utf8").trim() ?? described.label;
  const others = described.texts.filter((text) => text !== written);
  const texts = written ? [written, ...others] : others;
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

/** What a description in JSON says: texts, label and everything else. */
interface Description {
  readonly texts: readonly string[];
  readonly label?: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

function descriptionIn(key: string, bytes: Buffer | undefined): Description {
  if (bytes === undefined) return { texts: [], fields: {} };
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString("utf8"));
  } catch (error) {
    throw new SampleError(key, "damaged", `The JSON of ${key} is damaged: ${reasonOf(error)}`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new SampleError(key, "damaged", `The JSON of ${key} is not an object.`);
  return describe(value as Record<string, unknown>);
}

/** Columns whose content are texts, the most telling first. */
export const textNames = ["texts", "captions", "caption", "text", "sentences", "sentence", "title"];

/** Divides named values into texts, label and fields. The first of `textNames` that holds a text counts. */
function describe(values: Readonly<Record<string, unknown>>): Description {
  const textName = Array.isArray(values.texts)
    ? "texts" // as written here: a list, even an empty one, leaves "title" to the fields
    : textNames.find((name) => textsOf(values[name]).length > 0);
  const { label, ...others } = values;
  const named = label === undefined ? undefined : labelOf(label);
  return {
    texts: textName === undefined ? [] : textsOf(values[textName]),
    ...(named !== undefined && { label: named }),
    fields: Object.fromEntries(
      Object.entries(others).filter(([name]) => name !== textName && name !== "texts"),
    ),
  };
}

/** The texts in a value that is one, or a list of them. */
export function textsOf(value: unknown): string[] {
  const list: unknown[] = Array.isArray(value) ? value : [value];
  return list.filter((text): text is string => typeof text === "string" && text !== "");
}

/** A class, where the value can be one. */
export function labelOf(value: unknown): string | undefined {
  if (typeof value === "string") return value === "" ? undefined : value;
  return typeof value === "number" || typeof value === "bigint" || typeof value === "boolean"
    ? String(value)
    : undefined;
}
