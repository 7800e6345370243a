/** Embeddings kept in the cache, by model and content. */
import { join } from "node:path";
import { cacheDirectory } from "../base/cache.js";
import { type StoredDtype, openEmbeddingStore } from "../eval/embedding-store.js";
import { gradientWidth } from "../eval/baselines/gradient-histogram.js";
import type { EmbeddingStores } from "../eval/evaluators/embed-images.js";
import { withSharedFolder } from "../parallel/shared-folder.js";
import type { EmbeddingModel } from "../search/embedding-model.js";
import type { PooledFeatures } from "../model/features.js";
import { modelFingerprint } from "../search/model-fingerprint.js";

/** Where the embeddings of a model are kept. */
export async function embeddingFolder({ model }: EmbeddingModel): Promise<string> {
  const fingerprint = await modelFingerprint(model);
  return join(cacheDirectory(), "embeddings", `${fingerprint}-${model.precision}`);
}

interface EmbeddingsOptions {
  /** Type in the files; those of one type are not read as the other. Default: "float32". */
  readonly dtype?: StoredDtype;
  /** Which features are kept; default: the class token after the last layer. */
  readonly features?: PooledFeatures;
  /** Whether gradient histograms of the images are kept beside them, for a baseline. Default: false. */
  readonly gradients?: boolean;
}

/**
 * Runs `use` with the kept embeddings of a model, and writes the new ones even if it fails. The processes of a run share them.
 *
 * @throws LockError if another run uses the embeddings of this model
 */
export async function withEmbeddings<Result>(
  flava: EmbeddingModel,
  { dtype = "float32", features = {}, gradients = false }: EmbeddingsOptions,
  use: (stores: EmbeddingStores, folder: string) => Promise<Result>,
): Promise<Result> {
  const folder = await embeddingFolder(flava);
  const { width, featureWidth, backend } = flava.embedder;
  const { communicator: processes } = backend;
  const useThem = async (): Promise<Result> => {
    const opened = (name: string, size: number) =>
      openEmbeddingStore(join(folder, name), size, dtype, processes);
    const stores = {
      vectors: await opened("images", width),
      features: await opened(nameOfFeatures(features), featureWidth),
      texts: await opened("texts", width),
      ...(gradients && { gradients: await opened("gradient-histograms", gradientWidth) }),
    };
    try {
      return await use(stores, folder);
    } finally {
      for (const store of Object.values(stores)) await store.close();
    }
  };
  const instead = "set FLAVA_CACHE to another folder, where embeddings are computed anew";
  return withSharedFolder(processes, folder, useThem, instead);
}

const nameOfFeatures = ({ layer, pool = "class" }: PooledFeatures): string =>
  `features-${pool}-${layer ?? "last"}`;
