/** Searches the index of a model: queries are embedded, and hits matched, in batches with all other inputs. */
import { pixelsOf } from "../../data/image/processor.js";
import { concatenated } from "../../inference/similarity.js";
import { UnknownFieldError } from "../../search/filter.js";
import { type QueryEmbedder, embedQueries } from "../../search/query.js";
import { type MatchedHit, type PairMatcher, requireMatchable, rerank } from "../../search/rerank.js";
import {
  type SearchOptions,
  type VectorIndex,
  type VectorKind,
  usualKind,
} from "../../search/vector-index.js";
import type { Lane, LaneCall } from "../batch/lane.js";
import { ApiError, unusable } from "../http/api-error.js";
import { GivenImage } from "../images/given-image.js";
import { type EmbeddedItem, type PairItem, type SearchItem, type TextItem, itemOf } from "./items.js";

/** What a model does for a search. */
export interface SearchLanes {
  readonly images: Pick<Lane<GivenImage, unknown, EmbeddedItem>, "submit">;
  readonly texts: Pick<Lane<TextItem, unknown, EmbeddedItem>, "submit">;
  readonly pairs: Pick<Lane<PairItem, unknown, number>, "submit">;
}

export interface ServedSearchOptions extends Pick<SearchOptions, "kind" | "filter"> {
  readonly top: number;
  /** Number of hits that are re-ranked by the matching head; default: none. */
  readonly rerank?: number;
}

export interface Found {
  readonly hits: readonly MatchedHit[];
  /** Tokens and patches that were read of the query. */
  readonly tokens: number;
}

export class Searcher {
  /** Why the index could not be refreshed, if that failed last time. */
  #fault: string | undefined;

  constructor(
    readonly index: VectorIndex,
    private readonly lanes: SearchLanes,
    private readonly onWarning: (message: string) => void,
  ) {}

  /** The entries of the index, as it is on disk now, that are nearest to a query. */
  async search(
    { similarTo, ...query }: SearchItem,
    { kind, top, filter, rerank: first = 0 }: ServedSearchOptions,
    call: LaneCall,
  ): Promise<Found> {
    const { index } = this;
    const { signal } = call;
    await this.#refresh();
    const own = kind ?? (await usualKind(index));
    if ((await index.count(own)) === 0) {
      throw unusable("among", `the index has no embeddings of ${own}s`);
    }
    if (first > 0) requireRerankable(query, own);
    const like = similarTo === undefined ? undefined : await this.#vectorOf(similarTo, signal);
    const { vector, tokens } = await this.#embed({ ...query, ...(like && { image: like }) }, call);
    const most = Math.max(top, first);
    const near = await index
      .search(vector, {
        ...{ kind: own, signal, top: like ? most + 1 : most },
        ...(filter && { filter }),
      })
      .catch((error: unknown) => {
        throw error instanceof UnknownFieldError ? unusable("filter", error.message, error) : error;
      });
    const hits = near.filter(({ key }) => key !== similarTo).slice(0, most);
    const ranked =
      first > 0 ? await rerank(this.#matcher(call), query, hits, { kind: own, first, signal }) : hits;
    return { hits: ranked.slice(0, top), tokens };
  }

  /** Takes in what has changed on disk. If that fails, searches go on in what was there. */
  async #refresh(): Promise<void> {
    const fault = await this.index.refresh().then(
      () => undefined,
      (error: unknown) => String(error),
    );
    if (fault !== undefined && fault !== this.#fault) {
      this.onWarning(`The index stays as it was: ${fault}`);
    }
    this.#fault = fault;
  }

  /** The vector of an entry's image, or of its text if it has none. */
  async #vectorOf(key: string, signal: AbortSignal): Promise<Float32Array> {
    const [row] = await this.index.get([key], { signal });
    const vector = row?.image ?? row?.textVector;
    if (vector) return vector;
    const shown = JSON.stringify(key.slice(0, 80));
    throw new ApiError(404, `similar_to: the index has no entry with the key ${shown}.`, {
      param: "similar_to",
    });
  }

  async #embed(
    query: Omit<SearchItem, "image"> & { readonly image?: GivenImage | Float32Array },
    call: LaneCall,
  ): Promise<{ readonly vector: Float32Array; readonly tokens: number }> {
    let tokens = 0;
    const vectorsOf = (items: readonly EmbeddedItem[]): Float32Array[] => {
      for (const item of items) tokens += item.tokens;
      return items.map(({ vector }) => vector);
    };
    const { images, texts } = this.lanes;
    const embedder: QueryEmbedder<GivenImage | Float32Array> = {
      width: this.index.origin.width,
      texts: async (given) =>
        concatenated(vectorsOf(await texts.submit(given.map(itemOf("text")), call))),
      images: async (given) => {
        const vectors = given.map(async (image) =>
          image instanceof Float32Array ? [image] : vectorsOf(await images.submit([image], call)),
        );
        return concatenated((await Promise.all(vectors)).flat());
      },
    };
    const [vector] = await embedQueries(embedder, [query]);
    return { vector: vector!, tokens };
  }

  #matcher(call: LaneCall): PairMatcher<GivenImage> {
    return {
      match: (images, texts) =>
        this.lanes.pairs.submit(
          images.map((image, i) => ({
            ...{ text: texts[i]!, param: "rerank", truncate: true },
            image:
              image instanceof GivenImage
                ? image
                : { pixels: (processor) => Promise.resolve(pixelsOf(image, processor)) },
          })),
          call,
        ),
    };
  }
}

/** @throws ApiError 422 if the query has nothing that hits can be matched with */
function requireRerankable(query: SearchItem, kind: VectorKind): void {
  try {
    requireMatchable(query, kind);
  } catch (error) {
    throw unusable("rerank", (error as TypeError).message, error);
  }
}
