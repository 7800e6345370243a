/** Images with all their captions, in the lists of COCO and Flickr30K. */
import { SampleError, SourceError } from "../source-error.js";
import { placeInFolder } from "../file-in-folder.js";
import { jsonItems } from "../json-items.js";
import { numberedLinesIn } from "../labeled/lines-in.js";
import { type FoundRecord, recordSource, stemOf } from "../record-source.js";
import { type Source, type SourceOptions, defaultMaxBytes } from "../source.js";

/** The captions of each image file, by its path relative to the folder of images. */
type Captions = ReadonlyMap<string, readonly string[]>;

type Limits = Pick<SourceOptions, "maxBytes" | "maxSamples">;

/** @param names that the captions depend on, besides the file */
function captionedImages(
  list: string,
  images: string,
  captions: Captions,
  limits: Limits = {},
  names: readonly string[] = [],
): Source {
  if (captions.size === 0) throw new SourceError(`${list} lists no images.`);
  const { maxBytes = defaultMaxBytes } = limits;
  // eslint-disable-next-line @typescript-eslint/require-await -- the records are known; only loading is asynchronous
  const find = async function* (): AsyncGenerator<FoundRecord> {
    for (const [file, texts] of captions) {
      const key = stemOf(file);
      const load: FoundRecord["load"] = async () => {
        if (texts.length === 0) throw new SampleError(key, "empty", `${file} has no captions.`);
        const image = await placeInFolder(images, file, key, maxBytes);
        return { key, image, texts, fields: {} };
      };
      yield { key, path: `${images}/${file}`, load };
    }
  };
  const countOf = (): Promise<number> => Promise.resolve(captions.size);
  return recordSource({ name: list, paths: [list], names, find, countOf }, limits);
}

/**
 * The images of some parts of Karpathy's list (dataset_coco.json, dataset_flickr30k.json).
 * @param images the folder that the list's paths, or its names if it has no paths, are relative to
 * @param parts such as "train" and "restval"
 * @throws SourceError if the list is damaged or has no images of a part
 */
export async function karpathyImages(
  list: string,
  images: string,
  parts: readonly string[],
  limits?: Limits,
): Promise<Source> {
  const captions = new Map<string, string[]>();
  const found = new Set<unknown>();
  for await (const { filepath, filename, sentences, split } of jsonItems(list, "images")) {
    found.add(split);
    if (!parts.some((part) => part === split)) continue;
    if (typeof filename !== "string" || !Array.isArray(sentences))
      throw new SourceError(
        `${list}, after ${captions.size} images: expected filename and sentences.`,
      );
    const file = typeof filepath === "string" ? `${filepath}/${filename}` : filename;
    const texts = sentences.map((sentence: { readonly raw?: unknown } | null) => sentence?.raw);
    captions.set(
      file,
      texts.filter((text) => typeof text === "string"),
    );
  }
  const known = [...found].join(", ");
  if (parts.length === 0)
    throw new SourceError(
      `${list} has the parts ${known}. Name those to read, joined by "+": ${list}#${[...found].slice(0, 2).join("+")}.`,
    );
  const lacking = parts.find((part) => !found.has(part));
  if (lacking !== undefined)
    throw new SourceError(
      `${list} lists no images of the part ${lacking}; its parts are ${known}.`,
    );
  return captionedImages(list, images, captions, limits, parts);
}

/**
 * The captions in COCO's own form of annotations, by the names of the images.
 * @throws SourceError if the file is damaged, or a caption is of no image
 */
export async function cocoCaptions(list: string): Promise<Captions> {
  const names = new Map<unknown, string>();
  for await (const { id, file_name: file } of jsonItems(list, "images"))
    if (typeof file === "string") names.set(id, file);
  const captions = new Map<string, string[]>([...names.values()].map((file) => [file, []]));
  for await (const { image_id: id, caption } of jsonItems(list, "annotations")) {
    const file = names.get(id);
    if (file === undefined || typeof caption !== "string")
      throw new SourceError(
        `${list} has a caption of image ${String(id)}, which it does not list.`,
      );
    captions.get(file)!.push(caption);
  }
  return captions;
}

/**
 * The images of COCO's own form of annotations, such as captions_train2017.json and CLIP_benchmark's coco_test_karpathy.json.
 * @throws SourceError if the file is damaged, or a caption is of no image
 */
export async function cocoAnnotations(
  list: string,
  images: string,
  limits?: Limits,
): Promise<Source> {
  return captionedImages(list, images, await cocoCaptions(list), limits);
}

/**
 * The images of a list of lines "1007129816.jpg,A caption, perhaps with commas.", after a line of column names, such as
 * CLIP_benchmark's flickr30k_test_karpathy.txt.
 * @throws SourceError if a line names no image
 */
export async function captionLines(list: string, images: string): Promise<Source> {
  const captions = new Map<string, string[]>();
  const [, ...lines] = await numberedLinesIn(list);
  for (const { text, line } of lines) {
    const end = text.indexOf(".jpg,");
    if (end < 0) throw new SourceError(`${list}, line ${line}: expected IMAGE.jpg,CAPTION.`);
    const file = text.slice(0, end + 4);
    captions.set(file, [...(captions.get(file) ?? []), text.slice(end + 5)]);
  }
  return captionedImages(list, images, captions);
}
