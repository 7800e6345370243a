/** A folder of images: sub-folders are classes, or captions lie in one file or in a text file beside each image. */
import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { Sample } from "../sample.js";
import { isImageName } from "../image/image-type.js";
import { defaultLimit } from "./tar/records.js";
import { readInFolder } from "./file-in-folder.js";
import { type FoundRecord, recordSource, stemOf } from "./record-source.js";
import type { Source } from "./source.js";
import { SampleError, SourceError, reasonOf } from "./source-error.js";
import { type Columns, describeRow, findColumns } from "./table/source.js";
import { tableRows } from "./table/rows.js";

const captionFiles = [
  "captions.tsv",
  "captions.csv",
  "captions.jsonl",
  "captions.txt",
  "metadata.csv",
  "metadata.jsonl",
];

interface FolderOptions {
  readonly columns?: Columns | undefined;
  /** Bytes that an image may have; default 256 MiB. */
  readonly limit?: number | undefined;
}

/** What the caption file says of one image. */
type Caption = Omit<Sample, "key" | "image">;

/** A faulty row of the caption file. */
interface Fault {
  readonly key: string;
  readonly message: string;
}

/** The images of a folder and its sub-folders by name; keys are paths without extensions. */
export async function folderSource(
  folder: string,
  { columns, limit = defaultLimit }: FolderOptions = {},
): Promise<Source> {
  const files = await filesBelow(folder);
  const captionFile = captionFiles.find((name) => files.has(name));
  const faults: Fault[] = [];
  const captions = captionFile && (await readCaptions(folder, captionFile, columns, faults));
  const images = new Set([...files].filter(isImageName));
  for (const path of captions ? captions.keys() : []) images.add(path);
  const sorted = [...images].sort();
  if (sorted.length === 0)
    throw new SourceError(`${folder} holds no images (jpg, png, webp, gif, tif, avif, svg).`);
  const keys = keysOf(sorted);
  const load = async (path: string, key: string): Promise<Sample> => {
    const image = await readInFolder(folder, path, key, limit);
    if (captions) return { key, image, ...(captions.get(path) ?? { texts: [], fields: {} }) };
    const text = `${stemOf(path)}.txt`;
    const texts = files.has(text) ? [await readText(folder, text, key, limit)] : [];
    const label = dirname(path) === "." ? undefined : basename(dirname(path));
    return { key, image, texts, ...(label !== undefined && { label }), fields: {} };
  };
  const records: Omit<FoundRecord, "record">[] = [
    ...sorted.map((path, index) => ({ key: keys[index]!, load: () => load(path, keys[index]!) })),
    ...faults.map(({ key, message }) => ({
      key,
      load: () => Promise.reject<Sample>(new SampleError(key, "damaged", message)),
    })),
  ];
  // eslint-disable-next-line @typescript-eslint/require-await -- what is found needs no waiting, what is loaded does
  return recordSource(`folder ${folder}`, 1, async function* (_, wanted) {
    for (const [record, found] of records.entries()) if (wanted(record)) yield { record, ...found };
  });
}

/** Paths without extensions, save where two images differ in that alone. */
function keysOf(paths: readonly string[]): string[] {
  const stems = paths.map(stemOf);
  const counts = new Map<string, number>();
  for (const stem of stems) counts.set(stem, (counts.get(stem) ?? 0) + 1);
  return paths.map((path, index) => (counts.get(stems[index]!) === 1 ? stems[index]! : path));
}

async function readText(folder: string, path: string, key: string, limit: number): Promise<string> {
  return (await readInFolder(folder, path, key, limit)).toString("utf8").trim();
}

/** Relative paths of all files with "/", hidden ones left out. Linked folders are not entered: they may lead in circles. */
async function filesBelow(folder: string): Promise<Set<string>> {
  const files = new Set<string>();
  const walk = async (below: string): Promise<void> => {
    const entries = await readdir(join(folder, below), { withFileTypes: true });
    for (const entry of entries) {
      if (entry.name.startsWith(".")) continue;
      const path = below === "" ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory()) await walk(path);
      else if (entry.isFile()) files.add(path);
      else if (entry.isSymbolicLink() && !(await leadsToFolder(join(folder, path))))
        files.add(path);
    }
  };
  try {
    await walk("");
  } catch (error) {
    throw new SourceError(`${folder} cannot be read as a folder: ${reasonOf(error)}`);
  }
  return files;
}

async function leadsToFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** Captions by the path of their image; several rows of one image are one sample with several texts. */
async function readCaptions(
  folder: string,
  name: string,
  given: Columns | undefined,
  faults: Fault[],
): Promise<Map<string, Caption>> {
  const captions = new Map<string, Caption>();
  const path = join(folder, name);
  let columns: Columns | undefined;
  let record = -1;
  for await (const row of tableRows(path, 1 << 20)) {
    const key = `${name}:${++record}`;
    if ("fault" in row) {
      faults.push({ key, message: `${path}, record ${record}: ${row.fault}.` });
      continue;
    }
    columns ??= findColumns(path, Object.keys(row.values), given);
    const cell = columns.image === undefined ? undefined : row.values[columns.image];
    if (typeof cell !== "string" || cell === "") {
      faults.push({ key, message: `${path}, record ${record} names no image.` });
      continue;
    }
    const image = cell.replace(/#\d+$/, "").replace(/^(\.\/)+/, "");
    const caption = describeRow(row.values, columns);
    const known = captions.get(image);
    captions.set(image, known ? { ...known, texts: [...known.texts, ...caption.texts] } : caption);
  }
  return captions;
}
