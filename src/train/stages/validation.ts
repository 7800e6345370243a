/** Evaluates a model during training, on validation data. */
import { type Program, compile } from "../../backend/program.js";
import type { State } from "../../backend/state.js";
import type { Values } from "../../backend/values.js";
import { foldIn, keyOf } from "../../base/random.js";
import { mapTree } from "../../base/tree.js";
import type { Batch } from "../../data/batch/batch.js";
import { batchSpecs, shapeKey } from "../../data/batch/batch-specs.js";
import type { CollatedBatch } from "../../data/batch/collate.js";
import type { BatchReaderOptions } from "../../data/batch/batch-reader.js";
import { type BatchKind, batchKinds } from "../../data/batch/mixture.js";
import { decodeImage } from "../../data/image/decode.js";
import type { Image } from "../../data/image/image.js";
import type { SampleSet, SampleSets } from "../../data/batch/sample-set.js";
import { SampleIndex } from "../../data/index/index-file.js";
import { SkippedSamples } from "../../data/batch/skipped.js";
import { ImageError } from "../../data/image/image-error.js";
import { SampleError } from "../../data/formats/source-error.js";
import { shuffled } from "../../data/batch/shuffle.js";
import { Tokenizer } from "../../data/text/tokenizer.js";
import { classifyZeroShot } from "../../eval/zero-shot.js";
import type { Tensor, TensorSpec } from "../../graph/tensor.js";
import { Embedder } from "../../inference/embedder.js";
import type { FlavaConfig } from "../../model/config.js";
import type { FlavaForPretraining } from "../../model/flava.js";
import { fittedProcessor } from "../../data/image/fitted-processor.js";
import type { Parameter } from "../../nn/parameter.js";
import type { Precision } from "../../nn/precision.js";
import {
  type LossWeights,
  counting,
  lossesOfKind,
  objectivesOf,
} from "../../objective/objectives.js";
import { fixedBatches } from "./fixed-batches.js";
import type { Log, Scalars } from "./stage.js";

/** The same validation batches and images in every run. */
const validationSeed = 20211208;
const batchesPerKind = 4;
const mostImages = 1000;

export interface ValidationOptions extends Omit<BatchReaderOptions, "indexes"> {
  readonly state: State<{ readonly parameters: FlavaForPretraining<TensorSpec> }>;
  readonly config: FlavaConfig;
  readonly precision: Precision;
  readonly sets: SampleSets;
  readonly batchSize: Readonly<Record<BatchKind, number>>;
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

  private constructor(
    private readonly options: ValidationOptions,
    private readonly batches: readonly CollatedBatch[],
    private readonly named: NamedImages | undefined,
    private readonly embedder: Embedder,
  ) {}

  static async open(options: ValidationOptions): Promise<Validation> {
    const { sets, vocabulary, config, losses, precision } = options;
    const batches = await validationBatches(options);
    const zeroShot = (losses.contrastive ?? 1) > 0 && sets.pair.length > 0;
    const named = zeroShot ? await namedImages(sets.pair, options.log) : undefined;
    const embedder = new Embedder({
      config,
      state: options.state as State<{ parameters: FlavaForPretraining<Parameter> }>,
      tokenizer: new Tokenizer(vocabulary),
      processor: fittedProcessor(config),
      precision,
      batch: 64,
    });
    return new Validation(options, batches, named, embedder);
  }

  /** What `evaluate` measures, the measure that tells most about the model first; empty without data. */
  get measures(): readonly string[] {
    const kinds = new Set(this.batches.map(({ kind }) => kind));
    const losses = batchKinds
      .filter((kind) => kinds.has(kind))
      .flatMap((kind) => [...lossesOfKind[kind]]);
    const all = losses
      .filter((name) => this.options.losses[name] !== 0)
      .flatMap((name) => (name === "contrastive" ? [name] : [`${name} accuracy`, name]));
    return this.named ? ["zero-shot top-1", "zero-shot top-5", ...all] : all;
  }

  async evaluate(): Promise<Scalars> {
    const sums = new Map<string, { sum: number; count: number }>();
    for (const batch of this.batches) {
      for (const [name, value] of Object.entries(await this.#judge(batch))) {
        const { sum, count } = sums.get(name) ?? { sum: 0, count: 0 };
        sums.set(name, { sum: sum + value, count: count + 1 });
      }
    }
    const means = [...sums].map(([name, { sum, count }]) => [name, sum / count] as const);
    return { ...Object.fromEntries(means), ...(await this.#zeroShot()) };
  }

  async close(): Promise<void> {
    for (const program of this.#programs.values()) program.dispose();
    await this.embedder.close();
  }

  async #judge({ kind: _, sizes, ...inputs }: CollatedBatch): Promise<Scalars> {
    const specs = batchSpecs(sizes);
    const name = shapeKey(specs);
    const program = this.#programs.get(name) ?? this.#compile(specs);
    this.#programs.set(name, program);
    const outputs = (await program.run(inputs)) as Readonly<Record<string, Values>>;
    return mapTree(outputs, (values: Values) => values[0] ?? NaN);
  }

  #compile({ kind, ...inputs }: Batch<TensorSpec>): Program<unknown, unknown> {
    const { state, config, precision, losses } = this.options;
    return compile({ state, inputs }, ({ parameters }, given) => {
      const model = { config, precision, parameters: parameters as FlavaForPretraining<Tensor> };
      const objectives = objectivesOf(model, Object.assign({ kind }, given) as unknown as Batch);
      const outputs: Record<string, Tensor> = {};
      for (const [name, objective] of Object.entries(counting(objectives, losses))) {
        outputs[name] = objective.loss;
        if ("accuracy" in objective) outputs[`${name} accuracy`] = objective.accuracy;
      }
      return { outputs };
    });
  }

  async #zeroShot(): Promise<Scalars> {
    if (!this.named) return {};
    const { images, labels, classes } = this.named;
    const vectors = await this.embedder.images(images);
    const texts = await this.embedder.texts(classes);
    const { top1, top5 } = await classifyZeroShot(
      this.options.state.backend,
      { images: vectors, labels, classes: texts, width: this.embedder.width },
      keyOf(validationSeed),
    );
    return { "zero-shot top-1": top1.mean, "zero-shot top-5": top5.mean };
  }
}

async function validationBatches(options: ValidationOptions): Promise<CollatedBatch[]> {
  const { sets, vocabulary, batch, batchSize, mismatched, log } = options;
  const batches: CollatedBatch[] = [];
  for (const kind of batchKinds) {
    if (sets[kind].length === 0) continue;
    const found = await fixedBatches({
      kind,
      sets: sets[kind],
      vocabulary,
      batch,
      size: batchSize[kind],
      count: batchesPerKind,
      mismatched,
      seed: validationSeed,
      log,
    });
    batches.push(...found);
  }
  return batches;
}

/** Images and the concepts that they show. */
interface NamedImages {
  readonly images: readonly Image[];
  readonly labels: Int32Array;
  readonly classes: readonly string[];
}

/** Some images of the sets, no two of the same concept; undefined if the sets name no concepts. */
async function namedImages(sets: readonly SampleSet[], log: Log): Promise<NamedImages | undefined> {
  const found = new Map<string, Image>();
  const skipped = new SkippedSamples();
  for (const { name, directory, samples } of sets) {
    const index = await SampleIndex.open(directory);
    const order = foldIn(keyOf(validationSeed), "images");
    for (let i = 0; i < samples.pair && found.size < mostImages; i++) {
      const number = shuffled(i, samples.pair, order);
      try {
        const { image, fields } = await index.read("pair", number);
        const { concept } = fields;
        if (typeof concept !== "string" || !image || found.has(concept)) continue;
        found.set(concept, await decodeImage(image));
      } catch (error) {
        if (!(error instanceof ImageError || error instanceof SampleError)) throw error;
        skipped.add(`pair ${number} of ${name}`, error.reason, error.message);
      }
    }
    await index.close();
  }
  if (skipped.total > 0) log(`Zero-shot validation: ${skipped.summary(found.size)}`);
  if (found.size < 2) return undefined;
  const labels = Int32Array.from({ length: found.size }, (_, index) => index);
  return { images: [...found.values()], labels, classes: [...found.keys()] };
}
