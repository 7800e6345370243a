/** FER2013's table: the number of an emotion, 48 x 48 gray pixels in decimal, and the part of the set. */
import { encodePnm } from "../../image/codecs/pnm.js";
import type { LabeledSource } from "../../labeled-source.js";
import { SourceError } from "../source-error.js";
import { type Row, tableRows } from "../table/rows.js";
import { classAt } from "../labeled/class-names.js";
import { rawImages } from "./raw-images.js";

const side = 48;
const longestRow = 1 << 16;

/**
 * The rows of fer2013.csv of some usages.
 * @param usages such as "Training"
 * @param classes in the order of the table's numbers
 * @throws SourceError if there are none, or a row is damaged
 */
export async function fer2013Images(
  path: string,
  usages: readonly string[],
  classes: readonly string[],
): Promise<LabeledSource> {
  const rowsOf = async function* (): AsyncGenerator<FoundRow> {
    let index = -1;
    for await (const row of tableRows(path, { separator: ",", maxBytes: longestRow })) {
      index++;
      const where = `${path}, ${row.place}`;
      const values = valuesOf(where, row);
      if (usages.includes(values.Usage)) yield { index, where, values };
    }
  };
  let samples = 0;
  const rows = rowsOf();
  while (!(await rows.next()).done) samples++;
  if (samples === 0)
    throw new SourceError(`${path} has no rows of the usage ${usages.join(" or ")}.`);
  return rawImages(path, samples, async function* () {
    for await (const { index, where, values: row } of rowsOf()) {
      const { emotion, pixels } = row;
      const values = pixels.split(" ").map(Number);
      if (values.length !== side ** 2 || !values.every((value) => value >= 0 && value <= 255))
        throw new SourceError(
          `${where} should have ${side ** 2} pixels from 0 to 255. It is damaged.`,
        );
      const label = classAt(classes, /^\d+$/.test(emotion) ? Number(emotion) : NaN, where);
      yield { key: String(index), label, image: encodePnm(side, side, 1, Uint8Array.from(values)) };
    }
  });
}

interface FoundRow {
  readonly index: number;
  /** The row, for messages. */
  readonly where: string;
  readonly values: Values;
}

type Values = Readonly<Record<"emotion" | "pixels" | "Usage", string>>;

function valuesOf(where: string, row: Row): Values {
  if ("fault" in row) throw new SourceError(`${where}: ${row.fault}.`);
  const { emotion, pixels, Usage } = row.values;
  if ([emotion, pixels, Usage].every((value) => typeof value === "string"))
    return row.values as Values;
  throw new SourceError(`${where}: expected the columns emotion, pixels and Usage.`);
}
