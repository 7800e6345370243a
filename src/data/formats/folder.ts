/** A folder of images with captions in tables or in files beside them, or with a subfolder for each class. */
import { basename, dirname, extname, isAbsolute, join } from "node:path";
import { isImageName } from "../image/image-type.js";
import type { LocatedSample } from "../sample.js";
import { type Fault, readCaptions } from "./captions.js";
import { ColumnChoices, NamedColumns } from "./column-choices.js";
import { pathIn, placeInFolder, readInFolder } from "./file-in-folder.js";
import type { ImagePlace } from "../image-place.js";
import { type FoundRecord, recordSource, stemOf, distinctStems } from "./record-source.js";
import { sampleOfFiles } from "./sample-files.js";
import { spread } from "../spread.js";
import { type Source, type SourceOptions, defaultMaxBytes } from "./source.js";
import { SampleError, SourceError } from "./source-error.js";

/**
 * The images among `files` (paths relative to `folder`) and those named in tables, in path order; keys are paths
 * without extensions. An image is described by its table rows; else by .txt, .json and .cls files beside it, as in
 * WebDataset; else, if there is no table, the name of its folder is its label, and `maxSamples` are images of all folders.
 */
export function folderSource(
  folder: string,
  files: readonly string[],
  options: SourceOptions = {},
  choices?: ColumnChoices,
): Source {
  let found: Promise<FoundRecord[]> | undefined;
  const named = new NamedColumns(options.columns ?? {});
  const records = (): Promise<FoundRecord[]> =>
    (found ??= recordsOf(folder, files, options, { choices, named }));
  const find = async function* (): AsyncGenerator<FoundRecord> {
    yield* await records();
    named.require(folder);
  };
  const countOf = async (): Promise<number> => (await records()).length;
  const described = files.filter((path) => !isImageName(path)).map((path) => join(folder, path));
  return recordSource(
    { name: `folder ${folder}`, paths: [folder], files: described, names: files, find, countOf },
    options,
  );
}

/** What is made of columns, in all readings of a folder. */
interface Readings {
  readonly choices: ColumnChoices | undefined;
  readonly named: NamedColumns;
}

async function recordsOf(
  folder: string,
  files: readonly string[],
  options: SourceOptions,
  { choices, named }: Readings,
): Promise<FoundRecord[]> {
  const {
    columns,
    maxBytes = defaultMaxBytes,
    maxSamples = Infinity,
    imageRoot = folder,
  } = options;
  const { captions, faults, tables } = await readCaptions(folder, files, options, choices);
  const ofFiles = {
    ...{ columns, choices: choices ?? new ColumnChoices(options, false), path: folder },
    ...(tables === 0 && { named }), // those of tables are in their first lines
  };
  const all = [...new Set([...files.filter(isImageName), ...captions.keys()])].sort();
  const areOfClasses = tables === 0 && all.some((path) => dirname(path) !== ".");
  const images = areOfClasses ? spread(all, maxSamples) : all;
  if (images.length === 0)
    throw new SourceError(
      `${folder} has no images (jpg, png, webp, gif, tif, avif, svg, bmp ...).`,
    );
  const keys = distinctStems(images);
  const beside = new Map(files.map((path) => [besideName(path), path]));
  const load = async (path: string, key: string): Promise<LocatedSample> => {
    const image = await placeInFolder(isAbsolute(path) ? imageRoot : folder, path, key, maxBytes);
    const caption = captions.get(path);
    if (caption) return { key, image, ...caption };
    const gathered = new Map<string, Buffer | ImagePlace>([[extensionOf(path), image]]);
    for (const extension of ["txt", "json", "cls"]) {
      const found = beside.get(`${stemOf(path)}.${extension}`);
      if (found === undefined) continue;
      gathered.set(extension, await readInFolder(folder, found, key, maxBytes));
    }
    const sample = sampleOfFiles(key, gathered, ofFiles);
    const hasLabel = sample.label !== undefined || tables > 0 || sample.texts.length > 0;
    const label = dirname(path) === "." || hasLabel ? undefined : basename(dirname(path));
    return { ...sample, ...(label !== undefined && { label }) };
  };
  return [
    ...images.map((path, index) => {
      const key = keys[index]!;
      return { key, path: pathIn(folder, path), load: () => load(path, key) };
    }),
    ...faults.map((fault) => asRecord(folder, fault)),
  ];
}

function asRecord(folder: string, { key, where, reason, fault }: Fault): FoundRecord {
  const load = (): Promise<LocatedSample> => Promise.reject(new SampleError(key, reason, fault));
  return { key, path: join(folder, key), ...(where !== undefined && { where }), load };
}

const extensionOf = (path: string): string => extname(path).slice(1).toLowerCase();
const besideName = (path: string): string => `${stemOf(path)}.${extensionOf(path)}`;
