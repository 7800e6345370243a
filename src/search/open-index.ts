/** Opens what can be searched: an index in a directory, or a file of embeddings. */
import { join } from "node:path";
import type { Abortable, CallOptions } from "../base/call-options.js";
import { exists, isDirectory } from "../base/exists.js";
import type { Backend } from "../backend/backend.js";
import { type EmbeddingOrigin, isSameModel, openEmbeddings } from "./embedding-file.js";
import type { EmbeddingModel } from "./embedding-model.js";
import { ExactIndex, type OpenExactOptions } from "./exact-index.js";
import { descriptionName } from "./index-directory.js";
import { LanceIndex, isLanceIndex } from "./lance/lance-index.js";
import { modelFingerprint } from "./model-fingerprint.js";
import type { IndexRow, VectorIndex } from "./vector-index.js";

/** Progress is in samples. */
export interface OpenIndexOptions extends CallOptions {
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
  if (!(await isDirectory(path))) return readFile(path, searching, options);
  const index = await openDirectory(path, searching.embedder.backend, options);
  try {
    await requireSearchable(path, index.origin, searching, options);
    return index;
  } catch (error) {
    await index.close();
    throw error;
  }
}

/** Opens the index in a directory, whatever model made it. */
async function openDirectory(
  path: string,
  backend: Backend,
  options: OpenExactOptions,
): Promise<ExactIndex | LanceIndex> {
  if (await isLanceIndex(path)) return LanceIndex.open(path, options);
  return ExactIndex.open(path, backend, options);
}

/**
 * What an index or file of embeddings remembers of the model and the data, so that no other model is searched with.
 *
 * @param flava the embedding model, such as a loaded `Flava`
 * @param source a name for the data, such as their path
 */
export async function originOf(
  { embedder, model }: EmbeddingModel,
  source: string,
  options: Abortable = {},
): Promise<EmbeddingOrigin> {
  return {
    ...{ source, model: model.path, fingerprint: await modelFingerprint(model, options) },
    ...{ precision: model.precision, width: embedder.width },
  };
}

/** Where a new index keeps its vectors. Progress is in samples. */
export interface MakeIndexOptions extends CallOptions {
  /** Where the vectors are kept; default: "exact", as an existing index has it. */
  readonly database?: "exact" | "lancedb" | undefined;
  /** Where LanceDB keeps them, such as "s3://bucket/name"; default: in the directory. */
  readonly uri?: string | undefined;
}

/**
 * Opens the index in a directory for changes, or makes one in a directory that is empty or new.
 *
 * @param origin the model and source of what will be added
 * @throws Error if the index has vectors of another model or source, or is in another database
 */
export async function openOrMakeIndex(
  path: string,
  origin: EmbeddingOrigin,
  backend: Backend,
  { database, uri, ...options }: MakeIndexOptions = {},
): Promise<ExactIndex | LanceIndex> {
  requireEmbeddings(origin.source, origin);
  if (!(await exists(join(path, descriptionName)))) {
    if (database === "lancedb") await LanceIndex.create(path, origin, uri);
    else await ExactIndex.create(path, origin);
  }
  const index = await openDirectory(path, backend, { ...options, writable: true });
  const found = index instanceof LanceIndex ? "lancedb" : "exact";
  const differences = [
    ...differencesOf(index.origin, origin),
    ...(database !== undefined && database !== found ? [`is of the kind "${found}"`] : []),
  ];
  if (differences.length === 0) return index;
  await index.close();
  throw new Error(
    `The index ${path} ${differences.join(" and ")}. Name another directory, or remove this one to make it anew.`,
  );
}

function differencesOf(found: EmbeddingOrigin, given: EmbeddingOrigin): string[] {
  const work = ({ model, precision }: EmbeddingOrigin): string => `${model} in ${precision}`;
  return [
    ...(isSameModel(found, given) ? [] : [`was made with ${work(found)}, not ${work(given)}`]),
    ...(found.source === given.source ? [] : [`holds ${found.source}, not ${given.source}`]),
  ];
}

async function readFile(
  path: string,
  searching: EmbeddingModel,
  { signal, onProgress }: OpenIndexOptions,
): Promise<ExactIndex> {
  const { origin, count, rows } = await openEmbeddings(path);
  await requireSearchable(path, origin, searching, { signal });
  const index = new ExactIndex(searching.embedder.backend, { ...origin, source: path });
  let some: IndexRow[] = [];
  let added = 0;
  const put = async (): Promise<void> => {
    await index.put(some, { signal });
    onProgress?.((added += some.length), count);
    some = [];
  };
  for await (const row of rows()) if (some.push(row) >= rowsAtOnce) await put();
  if (some.length > 0) await put();
  if ((await index.count("image")) + (await index.count("text")) > 0) return index;
  throw new Error(`${path} has no embeddings.`);
}

/** @throws Error unless queries embedded by this model can be compared with the vectors */
async function requireSearchable(
  path: string,
  origin: EmbeddingOrigin,
  { model }: EmbeddingModel,
  options: Abortable,
): Promise<void> {
  requireEmbeddings(path, origin);
  if ((await modelFingerprint(model, options)) === origin.fingerprint) return;
  throw new Error(
    `${path} was embedded by another model, ${origin.model}. Search with that model, or embed again with ` +
      `${model.path}.`,
  );
}

function requireEmbeddings(name: string, { features }: EmbeddingOrigin): void {
  if (!features) return;
  throw new Error(
    `${name} holds features, in which images and texts cannot be compared. Embed without --features to search.`,
  );
}
