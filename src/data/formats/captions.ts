/** Captions for the images in a folder, read from the tables it contains. */
import { basename, isAbsolute, join, posix, relative, resolve, sep } from "node:path";
import { isImageName } from "../image/image-type.js";
import { type SampleName, faultAt } from "../batch/skipped.js";
import type { Sample } from "../sample.js";
import { ColumnChoices } from "./column-choices.js";
import { describeValues, imageColumnOf, requireClear } from "./columns.js";
import { stemOf } from "./record-source.js";
import type { SourceOptions } from "./source.js";
import { cocoCaptions } from "./annotations/captioned-images.js";
import { type AnnotationForm, annotationForm } from "./annotations/form.js";
import { SourceError } from "./source-error.js";
import { isJsonName, isTableName, tableRows } from "./table/rows.js";
import { isImageTable } from "./table/separator.js";

/** The combined table rows for one image. */
export type Caption = Omit<Sample, "key" | "path" | "where" | "image">;

/** A damaged row, a row that names no image, or a table of such rows. */
export interface Fault extends SampleName {
  readonly reason: "damaged" | "missing";
  readonly fault: string;
}

interface Captions {
  /** Keyed by image path, relative to the folder. */
  readonly captions: ReadonlyMap<string, Caption>;
  readonly faults: readonly Fault[];
  /** Number of tables that name images. */
  readonly tables: number;
}

const longestRow = 1 << 20;

/** Reads all tables among `files`. Rows for the same image are combined into one caption with several texts. */
export async function readCaptions(
  folder: string,
  files: readonly string[],
  options: SourceOptions,
  given?: ColumnChoices,
): Promise<Captions> {
  const captions = new Map<string, Caption>();
  const faults: Fault[] = [];
  let tables = 0;
  const locate = imageLocator(folder, files, options.imageRoot);
  const found = await tablesAmong(folder, files);
  const choices = given ?? new ColumnChoices(options, found.length > 1);
  for (const table of found) {
    const { rows, faults: faulty } = await rowsOfImages(folder, table, options, choices);
    if (rows.length > 0) {
      tables++;
      faults.push(...faulty);
    } else if (faulty.length > 0) {
      const { reason, where, fault } = faulty[0]!;
      const first = `None of its rows names an image. The first: ${faultAt(where, fault)}`;
      faults.push({ key: table.path, reason, fault: first });
    }
    for (const { image, caption } of rows) {
      const path = locate(posix.dirname(table.path), image);
      captions.set(path, merged(captions.get(path), caption));
    }
  }
  return { captions, faults, tables };
}

/** A table in a folder. */
interface TableFile {
  /** Relative to the folder. */
  readonly path: string;
  /** Of a JSON file. */
  readonly form?: AnnotationForm;
}

/**
 * Files with a table extension, JSON files of annotations that are not those of one image beside them, and text files that are
 * image tables rather than a single caption.
 */
async function tablesAmong(folder: string, files: readonly string[]): Promise<TableFile[]> {
  const images = new Set(files.filter(isImageName).map(stemOf));
  const tables: TableFile[] = [];
  for (const path of files) {
    const ofAnImage = images.has(stemOf(path));
    const isText = /\.txt$/i.test(path) && !path.includes("/") && !ofAnImage;
    const form =
      isJsonName(path) && !ofAnImage ? await annotationForm(join(folder, path)) : undefined;
    if (form) tables.push({ path, form });
    else if (isTableName(path) || (isText && (await isImageTable(join(folder, path)))))
      tables.push({ path });
  }
  return tables;
}

interface ImageRow {
  /** As the table names it. */
  readonly image: string;
  readonly caption: Caption;
}

async function rowsOfImages(
  folder: string,
  { path: table, form }: TableFile,
  options: SourceOptions,
  choices: ColumnChoices,
): Promise<{ rows: ImageRow[]; faults: Fault[] }> {
  const { columns = {} } = options;
  if (form === "karpathy")
    throw new SourceError(
      `${join(folder, table)} has parts, such as train and test. Name the file and those to read instead of its folder: ` +
        `${join(folder, table)}#train.`,
    );
  if (form === "coco") return { rows: await cocoRows(join(folder, table)), faults: [] };
  const rows: ImageRow[] = [];
  const faults: Fault[] = [];
  let record = -1;
  for await (const row of tableRows(join(folder, table), { ...options, maxBytes: longestRow })) {
    const key = `${table}:${++record}`;
    const where = `${table}, ${row.place}`;
    if ("fault" in row) {
      faults.push({ key, where, reason: "damaged", fault: `${row.fault}.` });
      continue;
    }
    requireClear(where, row.values, columns);
    const column = imageColumnOf(row.values, columns);
    const image = column === undefined ? undefined : row.values[column];
    if (typeof image === "string" && image !== "") {
      choices.inRow(join(folder, table), where, row.values);
      rows.push({ image, caption: describeValues(row.values, columns, { image: column }) });
    } else
      faults.push({
        key,
        where,
        reason: "missing",
        fault: `it names no image in its columns ${Object.keys(row.values).join(", ")}.`,
      });
  }
  return { rows, faults };
}

const cocoRows = async (path: string): Promise<ImageRow[]> =>
  [...(await cocoCaptions(path))].map(([image, texts]) => ({
    image,
    caption: { texts, fields: {} },
  }));

/**
 * Resolves an image name in a table in folder `from`: an absolute path, or one relative to `imageRoot`, by default that
 * folder; or, if the table omits folders, the only file with that name. Names are compared in composed Unicode form
 * because macOS decomposes them.
 * @returns the path relative to `folder`; an absolute one if it is outside, unless the table names it by a relative one
 */
function imageLocator(
  folder: string,
  files: readonly string[],
  imageRoot?: string,
): (from: string, image: string) => string {
  const byPath = new Map(files.map((path) => [path.normalize("NFC"), path]));
  const byName = new Map<string, string | undefined>();
  for (const path of files.filter(isImageName)) {
    const name = basename(path).normalize("NFC");
    byName.set(name, byName.has(name) ? undefined : path);
  }
  return (from, image) => {
    const plain = image.replace(/#\d+$/, "").normalize("NFC");
    const place = (name: string): string => {
      const absolute = resolve(imageRoot ?? join(folder, from), name);
      const path = relative(folder, absolute).replaceAll(sep, "/");
      const isOutside = path === ".." || path.startsWith("../");
      return isOutside && (imageRoot !== undefined || isAbsolute(name)) ? absolute : path;
    };
    for (const name of [plain, plain.replaceAll("\\", "/")]) {
      const found = byPath.get(place(name));
      if (found !== undefined) return found;
    }
    return byName.get(plain) ?? place(plain);
  };
}

function merged(known: Caption | undefined, { texts, label, fields }: Caption): Caption {
  if (!known) return { texts, ...(label !== undefined && { label }), fields };
  return { ...known, texts: [...new Set([...known.texts, ...texts])] };
}
