/** Evaluates a model during training, on validation data. */
import { type Program, compile } from "../../backend/program.js";
import type { State } from "../../backend/state.js";
import type { Values } from "../../backend/values.js";
import { keyOf } from "../../base/random.js";
import { mapTree } from "../../base/tree.js";
import type { Batch } from "../../data/batch/batch.js";
import { batchSpecs, shapeKey } from "../../data/batch/batch-specs.js";
import type { CollatedBatch } from "../../data/batch/collate.js";
import type { BatchReaderOptions } from "../../data/batch/batch-reader.js";
import { type BatchKind, batchKinds } from "../../data/batch/mixture.js";
import { decodeImage } from "../../data/image/decode.js";
import type { SampleSets } from "../../data/batch/sample-set.js";
import { Tokenizer } from "../../data/text/tokenizer.js";
import { classifyZeroShot } from "../../eval/zero-shot.js";
import type { Tensor, TensorSpec } from "../../graph/tensor.js";
import { dealt } from "../../parallel/agreement.js";
import { Embedder } from "../../inference/embedder.js";
import type { FlavaConfig } from "../../model/config.js";
import type { FlavaForPretraining } from "../../model/flava.js";
import { fittedProcessor } from "../../data/image/fitted-processor.js";
import type { Parameter } from "../../nn/parameter.js";
import type { Precision } from "../../nn/precision.js";
import {
  type LossName,
  type LossWeights,
  counting,
  lossesOfKind,
  objectivesOf,
} from "../../objective/objectives.js";
import {
  type FixedBatchesOptions,
  fixedBatchSize,
  fixedBatchSpecs,
  fixedBatches,
} from "./fixed-batches.js";
import { validationSeed } from "./held-out-samples.js";
import { type JudgedPair, type Judgments, judge, pairsToJudge } from "./judged-pairs.js";
import { type NamedImages, namedImages } from "./named-images.js";
import { type Log, type Scalars, type StageNeeds, memoryNeeds } from "./stage.js";

const batchesPerKind = 4;
const embeddedAtOnce = 64;

export interface ValidationOptions extends Omit<BatchReaderOptions, "indexes"> {
  readonly state: State<{ readonly parameters: FlavaForPretraining<TensorSpec> }>;
  readonly config: FlavaConfig;
  readonly precision: Precision;
  readonly sets: SampleSets;
  /** Most samples per batch. */
  readonly batchSize: number;
  /** Samples in a training batch of pairs. */
  readonly trainingPairs: number;
  /** Fraction of pairs that get the text of another record; as in training, since the matching head learns it. */
  readonly mismatched: number;
  /** Losses of weight 0 are not computed. */
  readonly losses: LossWeights;
  /** Called with one line if samples were left out. */
  readonly log: Log;
}

/** Losses, accuracies and zero-shot classification on validation data. */
export class Validation {
  readonly #programs = new Map<string, Program<unknown, unknown>>();
  readonly #embedder: Embedder;
  #batches: readonly CollatedBatch[] = [];
  #named: NamedImages | undefined;
  #pairs: readonly JudgedPair[] | undefined;

  constructor(private readonly options: ValidationOptions) {
    const { vocabulary, config, precision } = options;
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
    const programs = batches.map((batch) => ({ batch, memory: this.#program(batch).memory }));
    return memoryNeeds(steps, programs, batchesPerKind);
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

  /**
   * The name of the contrastive loss: that of smaller batches than in training is another measure, as there are fewer texts to
   * choose from.
   */
  get contrastiveLoss(): { readonly name: string; readonly pairs: number } {
    const pairs = fixedBatchSize(this.#batchOptions("pair"));
    const isComparable = pairs === 0 || pairs === this.options.trainingPairs;
    return { name: isComparable ? "contrastive" : `contrastive among ${pairs}`, pairs };
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
    const all = losses
      .filter((name) => this.options.losses[name] !== 0)
      .flatMap((name) => this.#measuresOf(name));
    return this.#named ? ["zero-shot top-1", "zero-shot top-5", ...all] : all;
  }

  async evaluate(): Promise<Scalars> {
    const sums = new Map<string, { sum: number; count: number }>();
    const { communicator: processes } = this.options.state.backend;
    for (const judged of await dealt(processes, this.#batches, (batch) => this.#judge(batch))) {
      for (const [name, value] of Object.entries(judged)) {
        const { sum, count } = sums.get(name) ?? { sum: 0, count: 0 };
        // What is not finite is null in JSON.
        sums.set(name, { sum: sum + (value ?? NaN), count: count + 1 });
      }
    }
    const means = [...sums].map(([name, { sum, count }]) => [name, sum / count] as const);
    return { ...Object.fromEntries(means), ...(await this.#zeroShot()) };
  }

  /** What the matching head says of held-out pairs, which are read the first time. */
  async judgePairs(): Promise<Judgments> {
    this.#pairs ??= await pairsToJudge(this.options.sets.pair, this.options.log);
    return judge(this.#embedder, this.#pairs);
  }

  async close(): Promise<void> {
    for (const program of this.#programs.values()) program.dispose();
    await this.#embedder.close();
  }

  /** The measures of a loss, the one that tells most first. */
  #measuresOf(name: LossName): string[] {
    if (name === "contrastive") return [this.contrastiveLoss.name];
    const isOfImages = name === "mim" || name === "mmmImage";
    return [`${name} accuracy`, ...(isOfImages ? [`${name} ink accuracy`] : []), name];
  }

  async #judge({
    kind: _,
    sizes,
    ...inputs
  }: CollatedBatch): Promise<Readonly<Record<string, number | null>>> {
    const program = this.#program(batchSpecs(sizes));
    const outputs = (await program.run(inputs)) as Readonly<Record<string, Values>>;
    return mapTree(outputs, (values: Values) => values[0] ?? NaN);
  }

  #batchOptions<K extends BatchKind>(kind: K): FixedBatchesOptions<K> {
    const { sets, vocabulary, batch, batchSize: size, mismatched, log } = this.options;
    const common = { vocabulary, batch, size, mismatched, log };
    return { ...common, kind, sets: sets[kind], count: batchesPerKind, seed: validationSeed };
  }

  #program(batch: Batch<TensorSpec>): Program<unknown, unknown> {
    const name = shapeKey(batch);
    const program = this.#programs.get(name) ?? this.#compile(batch);
    this.#programs.set(name, program);
    return program;
  }

  #compile({ kind, ...inputs }: Batch<TensorSpec>): Program<unknown, unknown> {
    const { state, config, precision, losses } = this.options;
    return compile({ state, inputs }, ({ parameters }, given) => {
      const model = { config, precision, parameters: parameters as FlavaForPretraining<Tensor> };
      const all = Object.assign({ kind }, given) as unknown as Batch;
      const objectives = objectivesOf(model, all, losses);
      const outputs: Record<string, Tensor> = {};
      for (const [name, objective] of Object.entries(counting(objectives, losses))) {
        outputs[name === "contrastive" ? this.contrastiveLoss.name : name] = objective.loss;
        if ("accuracy" in objective) outputs[`${name} accuracy`] = objective.accuracy;
        if ("inkAccuracy" in objective) outputs[`${name} ink accuracy`] = objective.inkAccuracy;
      }
      return { outputs };
    });
  }

  async #zeroShot(): Promise<Scalars> {
    if (!this.#named) return {};
    const { images, classes } = this.#named;
    const { width } = this.#embedder;
    const groups = Array.from({ length: Math.ceil(images.length / embeddedAtOnce) }, (_, index) =>
      images.slice(index * embeddedAtOnce, (index + 1) * embeddedAtOnce),
    );
    const { backend } = this.options.state;
    const embedded = await dealt(backend.communicator, groups, async (files) => {
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
