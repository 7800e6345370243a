/** Images with a text and a label, as lines of JSON describe them. */
import { stat } from "node:fs/promises";
import { basename, join } from "node:path";
import type { LabeledSample } from "../../labeled-sample.js";
import type { LabeledSource } from "../../labeled-source.js";
import { SourceError } from "../source-error.js";
import { tableRows } from "../table/rows.js";
import { classAt } from "./class-names.js";

type Values = Readonly<Record<string, unknown>>;

/** What a row says. */
export interface ImageText {
  /** The image file, relative to the folder of images. */
  readonly image: unknown;
  readonly text: unknown;
  /** The name of a class, or its number. */
  readonly label: unknown;
}

const longestLine = 1 << 20;

/**
 * The rows of a JSON Lines file.
 * @param images the folder of the images
 * @param interpret finds image, text and label in a row
 * @throws SourceError if a line is damaged, or names no known class
 */
export async function imageTexts(
  path: string,
  images: string,
  interpret: (row: Values) => ImageText,
  classes: readonly string[],
): Promise<LabeledSource> {
  const rows = async function* (): AsyncGenerator<Values> {
    let line = 0;
    for await (const row of tableRows(path, { maxBytes: longestLine })) {
      line++;
      if ("fault" in row) throw new SourceError(`${path}, row ${line}: ${row.fault}.`);
      yield row.values;
    }
  };
  let samples = 0;
  const all = rows();
  while (!(await all.next()).done) samples++;
  if (samples === 0)
    throw new SourceError(`${path} has no rows. Perhaps its download was interrupted.`);
  return {
    name: path,
    samples,
    async *read(skipped) {
      let index = 0;
      for await (const row of rows()) {
        const key = String(index++);
        const sample = sampleOf(`${path}, row ${index}`, key, images, interpret(row), classes);
        const { path: file } = sample.image;
        if (await stat(file).catch(() => undefined)) yield sample;
        else skipped?.add(key, "missing", `${basename(path)}, row ${index}: ${file} is not there.`);
      }
    },
  };
}

function sampleOf(
  where: string,
  key: string,
  images: string,
  { image, text, label }: ImageText,
  classes: readonly string[],
): LabeledSample & { readonly image: { readonly path: string } } {
  if (typeof image !== "string" || typeof text !== "string")
    throw new SourceError(`${where} has no image or no text.`);
  const name = typeof label === "string" ? label : undefined;
  if (name !== undefined && !classes.includes(name))
    throw new SourceError(
      `${where} has the label ${JSON.stringify(name)}; labels are ${classes.join(", ")}.`,
    );
  const found = name ?? (label === undefined ? undefined : classAt(classes, Number(label), where));
  return {
    key,
    image: { path: join(images, image) },
    text,
    ...(found !== undefined && { target: { kind: "class", label: found } }),
  };
}
