/** Evaluates a model during training, on validation data. */
import type { State } from "../../backend/state.js";
import { keyOf } from "../../base/random.js";
import type { CollatedBatch } from "../../data/batch/collate.js";
import type { BatchReaderOptions } from "../../data/batch/batch-reader.js";
import { type BatchKind, batchKinds } from "../../data/batch/mixture.js";
import { decodeImage } from "../../data/image/decode.js";
import type { SampleSets } from "../../data/batch/sample-set.js";
import { Tokenizer } from "../../data/text/tokenizer.js";
import { classifyZeroShot } from "../../eval/zero-shot.js";
import { dealt } from "../../parallel/agreement.js";
import { Embedder } from "../../inference/embedder.js";
import type { FlavaForPretraining } from "../../model/flava.js";
import { fittedProcessor } from "../../data/image/fitted-processor.js";
import type { Parameter } from "../../nn/parameter.js";
import { lossesOfKind } from "../../objective/objectives.js";
import {
  type FixedBatchesOptions,
  fixedBatchSize,
  fixedBatchSpecs,
  fixedBatches,
} from "./fixed-batches.js";
import {
  HeldOutLosses,
  type HeldOutLossesOptions,
  contrastiveName,
  measuresOf,
  validationSeed,
} from "./held-out-losses.js";
import { zeroShotMeasures } from "./best-measure.js";
import { type JudgedPair, type Judgments, judge, pairsToJudge } from "./judged-pairs.js";
import { type NamedImages, namedImages } from "./named-images.js";
import { type Log, type Scalars, type StageNeeds, meansOf, memoryNeeds } from "./stage.js";

const batchesPerKind = 4;
const embeddedAtOnce = 64;

export interface ValidationOptions
  extends Omit<BatchReaderOptions, "indexes">, HeldOutLossesOptions {
  readonly sets: SampleSets;
  /** Most samples per batch. */
  readonly batchSize: number;
  /** Samples in a training batch of pairs. */
  readonly trainingPairs: number;
  /** Fraction of pairs that get the text of another record; as in training, since the matching head learns it. */
  readonly mismatched: number;
  /** Called with one line if samples were left out. */
  readonly log: Log;
}

/** Losses, accuracies and zero-shot classification on validation data. */
export class Validation {
  readonly #losses: HeldOutLosses;
  readonly #embedder: Embedder;
  #batches: readonly CollatedBatch[] = [];
  #named: NamedImages | undefined;
  #pairs: readonly JudgedPair[] | undefined;

  constructor(private readonly options: ValidationOptions) {
    const { vocabulary, config, precision } = options;
    this.#losses = new HeldOutLosses(options, this.contrastiveLoss.name);
    this.#embedder = new Embedder({
      config,
      state: options.state as State<{ parameters: FlavaForPretraining<Parameter> }>,
      tokenizer: new Tokenizer(vocabulary),
      processor: fittedProcessor(config),
      precision,
      batch: embeddedAtOnce,
    });
  }

  /** Memory that it needs, with the steps of training. */
  memoryWith(steps: Parameters<typeof memoryNeeds>[0]): StageNeeds["memory"] {
    const batches = batchKinds.flatMap((kind) => fixedBatchSpecs(this.#batchOptions(kind)) ?? []);
    const programs = batches.map((batch) => ({
      batch,
      memory: this.#losses.program(batch).memory,
    }));
    return memoryNeeds(steps, programs, batchesPerKind);
  }

  /** Multiplications and additions of its losses, with texts of maximum length. */
  get flops(): number {
    const ofKind = batchKinds.map((kind) => {
      const batch = fixedBatchSpecs(this.#batchOptions(kind));
      return batch ? this.#losses.program(batch).flops : 0;
    });
    return batchesPerKind * ofKind.reduce((sum, flops) => sum + flops, 0);
  }

  async load(signal?: AbortSignal): Promise<void> {
    const { sets, losses, log } = this.options;
    const batches: CollatedBatch[] = [];
    for (const kind of batchKinds) {
      batches.push(...(await fixedBatches({ ...this.#batchOptions(kind), signal })));
    }
    this.#batches = batches;
    const isZeroShot = (losses.contrastive ?? 1) > 0;
    this.#named = isZeroShot ? await namedImages(sets.pair, log, signal) : undefined;
  }

  /** The name of the contrastive loss, and the number of pairs that it is among. */
  get contrastiveLoss(): { readonly name: string; readonly pairs: number } {
    const pairs = fixedBatchSize(this.#batchOptions("pair"));
    return { name: contrastiveName(pairs, this.options.trainingPairs), pairs };
  }

  /** The batches that it evaluates on. */
  get batches(): readonly CollatedBatch[] {
    return this.#batches;
  }

  /** What `evaluate` measures, the measure that tells most about the model first; empty without data. */
  get measures(): readonly string[] {
    const kinds = new Set(this.#batches.map(({ kind }) => kind));
    const losses = batchKinds
      .filter((kind) => kinds.has(kind))
      .flatMap((kind) => [...lossesOfKind[kind]]);
    const { name: contrastive } = this.contrastiveLoss;
    const all = losses
      .filter((name) => this.options.losses[name] !== 0)
      .flatMap((name) => measuresOf(name, contrastive));
    return this.#named ? [...zeroShotMeasures, ...all] : all;
  }

  async evaluate(): Promise<Scalars> {
    const { dealtAmong } = this.options.state;
    const judged = await dealt(dealtAmong, this.#batches, (batch) => this.#losses.judge(batch));
    return { ...meansOf(judged), ...(await this.#zeroShot()) };
  }

  /** What the matching head says of held-out pairs, which are read the first time. */
  async judgePairs(): Promise<Judgments> {
    this.#pairs ??= await pairsToJudge(this.options.sets.pair, this.options.log);
    return judge(this.#embedder, this.#pairs);
  }

  async close(): Promise<void> {
    this.#losses.dispose();
    await this.#embedder.close();
  }

  #batchOptions<K extends BatchKind>(kind: K): FixedBatchesOptions<K> {
    const { sets, vocabulary, batch, batchSize: size, mismatched, log } = this.options;
    const common = { vocabulary, batch, size, mismatched, log };
    return { ...common, kind, sets: sets[kind], count: batchesPerKind, seed: validationSeed };
  }

  async #zeroShot(): Promise<Scalars> {
    if (!this.#named) return {};
    const { images, classes } = this.#named;
    const { width } = this.#embedder;
    const groups = Array.from({ length: Math.ceil(images.length / embeddedAtOnce) }, (_, index) =>
      images.slice(index * embeddedAtOnce, (index + 1) * embeddedAtOnce),
    );
    const { backend, dealtAmong } = this.options.state;
    const embedded = await dealt(dealtAmong, groups, async (files) => {
      const decoded = await Promise.all(files.map((file) => decodeImage(file)));
      return Array.from(await this.#embedder.images(decoded));
    });
    const vectors = Float32Array.from(embedded.flat());
    const texts = await this.#embedder.texts(classes);
    const labels = Int32Array.from(images.keys());
    const { top1, top5 } = await classifyZeroShot(
      backend,
      { images: vectors, labels, classes: texts, width },
      { key: keyOf(validationSeed) },
    );
    return { "zero-shot top-1": top1.mean, "zero-shot top-5": top5.mean };
  }
}
