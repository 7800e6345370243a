import {
  type Classification,
  Classifier,
  type ClassifyOptions,
  similarityScale,
} from "../../api/classify.js";
import type { FilledImage } from "../../api/fill-image.js";
import type { FilledText } from "../../api/fill-text.js";
import type { Flava } from "../../api/flava.js";
import type { Prediction } from "../../api/predict.js";
import { fixedViewShape } from "../../inference/inputs.js";
import { concatenated } from "../../inference/similarity.js";
import type { VectorIndex } from "../../search/vector-index.js";
import type { BatchFacts, BatchLimits, LaneCall } from "../batch/lane.js";
import { ApiError } from "../http/api-error.js";
import type { GivenImage } from "../images/given-image.js";
import type { ModelDescription } from "../schemas/models.js";
import {
  type EmbeddedItem,
  type FillImageItem,
  type FillItem,
  type PairItem,
  type PredictItem,
  type SearchItem,
  type TextItem,
  itemOf,
} from "./items.js";
import {
  fillImageLane,
  fillLane,
  imageLane,
  pairLane,
  predictLane,
  textLane,
} from "./lanes.js";
import { type Found, Searcher, type ServedSearchOptions } from "./searcher.js";
import { TextReader } from "./text-reader.js";

export interface ServedModelOptions {
  /** What this model searches, if anything; closed with it. */
  readonly index?: VectorIndex | undefined;
  readonly limits: BatchLimits;
  readonly onBatch?: ((facts: BatchFacts) => void) | undefined;
  readonly onWarning: (message: string) => void;
}

/** A loaded model under the name that clients call it by. What is asked of it at the same time runs in batches. */
export class ServedModel {
  readonly description: ModelDescription;
  readonly #classifier: Classifier;
  readonly #lanes;
  readonly #searcher: Searcher | undefined;

  constructor(
    readonly name: string,
    readonly flava: Flava,
    options: ServedModelOptions,
  ) {
    this.description = describe(name, flava, options.index !== undefined);
    const { max_tokens, patches } = this.description;
    const texts = new TextReader(name, flava.model.tokenizer, max_tokens);
    const given = { ...options, flava, texts, imageTokens: 1 + patches.width * patches.height };
    this.#classifier = new Classifier(flava.width);
    this.#lanes = {
      images: imageLane(given),
      texts: textLane(given),
      pairs: pairLane(given),
      fill: fillLane(given),
      fillImage: fillImageLane(given),
      ...(flava.model.task && { predict: predictLane(given) }),
    };
    const { index, onWarning } = options;
    this.#searcher = index && new Searcher(index, this.#lanes, onWarning);
  }

  /** The embeddings of images and texts, in order. */
  async embed(items: readonly (GivenImage | TextItem)[], call: LaneCall): Promise<EmbeddedItem[]> {
    const texts = items.filter(isText);
    const images = items.filter((item): item is GivenImage => !isText(item));
    const found = await Promise.all([
      this.#lanes.texts.submit(texts, call),
      this.#lanes.images.submit(images, call),
    ]);
    const [ofTexts, ofImages] = found.map((results) => results.values());
    return items.map((item) => (isText(item) ? ofTexts : ofImages)!.next().value!);
  }

  /** All labels for each image, best first. */
  async classify(
    images: readonly GivenImage[],
    labels: readonly string[],
    options: ClassifyOptions & LaneCall,
  ): Promise<Classification[][]> {
    const found = await this.#lanes.images.submit(images, options);
    const embed = async (prompts: readonly string[]): Promise<Float32Array> => {
      const embedded = await this.#lanes.texts.submit(prompts.map(itemOf("labels")), options);
      return concatenated(embedded.map(({ vector }) => vector));
    };
    return this.#classifier.classify(
      found.map(({ vector }) => vector),
      labels,
      await similarityScale(this.flava.model.state),
      embed,
      options,
    );
  }

  /** The entries of the index that are nearest to a query. */
  search(query: SearchItem, options: ServedSearchOptions, call: LaneCall): Promise<Found> {
    this.#require("search");
    if (options.rerank !== undefined) this.#require("match");
    return this.#searcher!.search(query, options, call);
  }

  /** @throws ApiError 422 if this model has no index */
  get index(): VectorIndex {
    this.#require("search");
    return this.#searcher!.index;
  }

  /** Closes the model and its index. */
  async close(): Promise<void> {
    await this.#searcher?.index.close();
    await this.flava.close();
  }

  /** The probability that each image and text belong together. */
  match(pairs: readonly PairItem[], call: LaneCall): Promise<number[]> {
    this.#require("match");
    return this.#lanes.pairs.submit(pairs, call);
  }

  /** Each text with its masks filled. */
  fill(items: readonly FillItem[], call: LaneCall): Promise<FilledText[]> {
    this.#require("fill");
    return this.#lanes.fill.submit(items, call);
  }

  /** What the model thinks is behind the hidden patches of an image. */
  async fillImage(item: FillImageItem, call: LaneCall): Promise<FilledImage> {
    this.#require("fill/image");
    const [filled] = await this.#lanes.fillImage.submit([item], call);
    return filled!;
  }

  /** The predictions of a fine-tuned model. */
  predict(items: readonly PredictItem[], call: LaneCall): Promise<Prediction[]> {
    this.#require("predict");
    return this.#lanes.predict!.submit(items, call);
  }

  #require(endpoint: string): void {
    const { endpoints } = this.description;
    if (endpoints.includes(endpoint)) return;
    throw new ApiError(
      422,
      endpoint === "search"
        ? `model: ${this.name} has no index to search. Start the server with --index, for its first model.`
        : `model: ${this.name} cannot do this, as its checkpoint lacks the head for it. It serves ${endpoints.join(", ")}.`,
      { param: "model", code: "model_lacks_head" },
    );
  }
}

const isText = (item: GivenImage | TextItem): item is TextItem => "text" in item;

function describe(name: string, { model, width }: Flava, hasIndex: boolean): ModelDescription {
  const { config, state, tokenizer, processor, task } = model;
  const { heads, codebook } = state.specs.parameters;
  const [, height, breadth] = fixedViewShape(processor, config);
  return {
    id: name,
    object: "model",
    created: Math.floor(Date.now() / 1000),
    owned_by: "flava",
    dimensions: width,
    max_tokens: tokenizer.longest(config.text.positions),
    patches: { width: breadth / config.image.patch, height: height / config.image.patch },
    endpoints: [
      ...["embeddings", "classify"],
      ...(heads ? ["match", "fill"] : []),
      ...(heads && codebook ? ["fill/image"] : []),
      ...(task ? ["predict"] : []),
      ...(hasIndex ? ["search"] : []),
    ],
  };
}
