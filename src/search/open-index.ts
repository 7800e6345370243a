/** Opens what can be searched: an index in a directory, or a file of embeddings. */
import type { Abortable } from "../base/call-options.js";
import { isDirectory } from "../base/exists.js";
import { type EmbeddingOrigin, openEmbeddings } from "./embedding-file.js";
import type { EmbeddingModel } from "./embedding-model.js";
import { ExactIndex } from "./exact-index.js";
import { modelFingerprint } from "./model-fingerprint.js";
import type { IndexRow, VectorIndex } from "./vector-index.js";

export interface OpenIndexOptions extends Abortable {
  /** Whether the index will be changed, which one process at a time may do. Default: false. */
  readonly writable?: boolean;
}

/** Rows of a file added at a time. */
const rowsAtOnce = 1024;

/**
 * Opens an index that `flava index` made; or reads a file written by `flava embed` into an index in memory.
 *
 * @param searching the model that will embed the queries, such as a loaded `Flava`
 * @throws SourceError if there is none at `path`, Error if it was made by a different model
 */
export async function openIndex(
  path: string,
  searching: EmbeddingModel,
  options: OpenIndexOptions = {},
): Promise<VectorIndex> {
  const { backend } = searching.embedder;
  const index = (await isDirectory(path))
    ? await ExactIndex.open(path, backend, options)
    : await readFile(path, searching, options);
  try {
    requireSearchable(path, index.origin, searching);
    return index;
  } catch (error) {
    await index.close();
    throw error;
  }
}

async function readFile(
  path: string,
  searching: EmbeddingModel,
  { signal }: OpenIndexOptions,
): Promise<ExactIndex> {
  const { origin, rows } = await openEmbeddings(path);
  requireSearchable(path, origin, searching);
  const index = new ExactIndex(searching.embedder.backend, { ...origin, source: path });
  let some: IndexRow[] = [];
  for await (const row of rows()) {
    if (some.push(row) < rowsAtOnce) continue;
    await index.put(some, { signal });
    some = [];
  }
  await index.put(some, { signal });
  if ((await index.count("image")) + (await index.count("text")) > 0) return index;
  throw new Error(`${path} has no embeddings.`);
}

/** @throws Error unless queries embedded by this model can be compared with the vectors */
export function requireSearchable(
  path: string,
  origin: EmbeddingOrigin,
  { model }: EmbeddingModel,
): void {
  if (origin.features) {
    throw new Error(
      `${path} holds features, in which images and texts cannot be compared. Embed without --features to search.`,
    );
  }
  if (modelFingerprint(model) === origin.fingerprint) return;
  throw new Error(
    `${path} was embedded by another model, ${origin.model}. Search with that model, or embed again with ` +
      `${model.path}.`,
  );
}
