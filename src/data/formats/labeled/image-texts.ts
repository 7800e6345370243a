/** Images with a text and a label, as lines of JSON describe them. */
import { basename } from "node:path";
import type { LabeledSample } from "../../labeled-sample.js";
import type { LabeledSource } from "../../labeled-source.js";
import { SourceError } from "../source-error.js";
import { type TableRow, tableRows } from "../table/rows.js";
import { classAt } from "./class-names.js";
import type { ImageFinder } from "./image-finder.js";

type Values = Readonly<Record<string, unknown>>;
type ValidRow = Extract<TableRow, { readonly values: Values }>;

/** What a row says. */
export interface ImageText {
  /** The name by which the image is found. */
  readonly image: unknown;
  readonly text: unknown;
  /** The name of a class, or its number. */
  readonly label: unknown;
}

const longestLine = 1 << 20;

/**
 * The rows of a JSON Lines file.
 * @param find finds the images
 * @param interpret finds image, text and label in a row
 * @throws SourceError if a line is damaged, or names no known class
 */
export async function imageTexts(
  path: string,
  find: ImageFinder,
  interpret: (row: Values) => ImageText,
  classes: readonly string[],
): Promise<LabeledSource> {
  const rows = async function* (): AsyncGenerator<ValidRow> {
    for await (const row of tableRows(path, { maxBytes: longestLine })) {
      if ("fault" in row) throw new SourceError(`${path}, ${row.place}: ${row.fault}.`);
      yield row;
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
        const { name, ...sample } = described(
          `${path}, ${row.place}`,
          interpret(row.values),
          classes,
        );
        const image = await find(name);
        const named = { key, where: `${basename(path)}, ${row.place}` };
        if (image) yield { ...named, image, ...sample };
        else skipped?.add(named, "missing", `there is no ${name}.`);
      }
    },
  };
}

/** What a row says, and the name of its image. */
function described(
  where: string,
  { image, text, label }: ImageText,
  classes: readonly string[],
): Pick<LabeledSample, "text" | "target"> & { readonly name: string } {
  if (typeof image !== "string" || typeof text !== "string")
    throw new SourceError(`${where} has no image or no text.`);
  const found = classOf(where, label, classes);
  return {
    name: image,
    text,
    ...(found !== undefined && { target: { kind: "class", label: found } }),
  };
}

function classOf(where: string, label: unknown, classes: readonly string[]): string | undefined {
  if (label === undefined || label === null) return undefined;
  if (typeof label === "number") return classAt(classes, label, where);
  if (typeof label === "string" && classes.includes(label)) return label;
  throw new SourceError(
    `${where} has the label ${JSON.stringify(label)}; labels are ${classes.join(", ")}.`,
  );
}
