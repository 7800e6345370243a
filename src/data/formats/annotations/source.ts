/** A JSON file of annotations as a data set. */
import { dirname } from "node:path";
import type { ColumnChoices } from "../column-choices.js";
import type { Source, SourceOptions } from "../source.js";
import { SourceError } from "../source-error.js";
import { tableSource } from "../table/source.js";
import { cocoAnnotations, karpathyImages } from "./captioned-images.js";
import { type AnnotationForm, annotationForm } from "./form.js";

/** A file, and the parts of it that are to be read. */
export interface PartsOfFile {
  readonly path: string;
  /** Such as "train"; empty if none are named. */
  readonly parts: readonly string[];
}

/** "list.json#train+restval" names two parts of list.json; undefined if the path names none. */
export function namedParts(path: string): PartsOfFile | undefined {
  const [, file, parts] = /^(.*\.json)#([^#/]+)$/i.exec(path) ?? [];
  return file === undefined ? undefined : { path: file, parts: parts!.split("+") };
}

/**
 * The images of a JSON file of annotations, with their captions; they are in `imageRoot`, or else in the folder of the file.
 * @returns undefined if the file has no known form
 * @throws SourceError if parts are named that it does not have, or not named where it has some
 */
export async function annotationSource(
  { path, parts }: PartsOfFile,
  options: SourceOptions,
  choices?: ColumnChoices,
): Promise<Source | undefined> {
  const form = await annotationForm(path);
  if (form === undefined) return undefined;
  if (form !== "karpathy" && parts.length > 0)
    throw new SourceError(
      `${path} has no parts that could be named. Leave out #${parts.join("+")}.`,
    );
  if (form === "list") return tableSource([path], options, choices);
  requireNoColumns(path, form, options);
  const images = options.imageRoot ?? dirname(path);
  return form === "coco"
    ? cocoAnnotations(path, images, options)
    : karpathyImages(path, images, parts, options);
}

/** @throws SourceError if columns are named, of which these forms have none */
function requireNoColumns(path: string, form: AnnotationForm, { columns }: SourceOptions): void {
  if (columns === undefined) return;
  const { texts = [], image, label } = columns;
  const [name] = [...texts, image, label].flatMap((each) => each ?? []);
  if (name === undefined) return;
  const known = form === "coco" ? "COCO's captions" : "Karpathy's list";
  throw new SourceError(
    `The column ${name} is named for ${path}, but that has the form of ${known}, which has no columns. Leave it out.`,
  );
}
