/**
 * One step of pre-training in micro-batches that are computed one after another, with the result of a step on the whole batch.
 *
 * All but the contrastive loss are sums over samples, whose gradients add up. The contrastive loss compares every image
 * with every text, but it needs their embeddings only, which are small: all micro-batches are embedded, one loss over all gives
 * each embedding's gradient, and the micro-batches are run again to carry these into the parameters.
 */
import { type Program, type ProgramMemory, compile } from "../backend/program.js";
import type { State } from "../backend/state.js";
import type { Values } from "../backend/values.js";
import { type Mapped, leavesOf } from "../base/tree.js";
import type { Batch } from "../data/batch/batch.js";
import { gradient } from "../graph/gradient.js";
import { add, multiply } from "../graph/ops/arithmetic.js";
import { fill } from "../graph/ops/fill.js";
import { sum } from "../graph/ops/broadcast.js";
import { checkFinite } from "../graph/ops/update.js";
import { type Tensor, type TensorSpec, spec } from "../graph/tensor.js";
import { contrastive } from "../objective/contrastive.js";
import { matchedRows } from "../objective/masked.js";
import type { PretrainingModel } from "../objective/model.js";
import {
  type LossName,
  counting,
  lossNames,
  lossesOf,
  totalLoss,
} from "../objective/objectives.js";
import { embedImages, embedTexts } from "../objective/pair.js";
import { trainable } from "../optim/adamw.js";
import { accumulate } from "./accumulate.js";
import {
  type BatchParts,
  type BatchValues,
  type Shares,
  microBatchSpecs,
  microBatchesOf,
  part,
} from "./micro-batches.js";
import {
  type BatchSpec,
  type Inputs,
  type StepOptions,
  type StepOutputs,
  type TrainingState,
  rulesOf,
  update,
} from "./step.js";

/** A compiled step. */
export type PretrainingStep<I = unknown> = Pick<
  Program<I, StepOutputs>,
  "memory" | "flops" | "run" | "dispose"
>;

export interface AccumulatedStepOptions extends StepOptions {
  /** More than 1; the batch divides by it. */
  readonly microBatches: number;
}

type StepState = State<TrainingState<TensorSpec>>;

/** Embeddings of images and texts, or gradients of a loss in them: float32 [B, projection] each. */
interface Embeddings<T> {
  readonly images: T;
  readonly texts: T;
}

/**
 * Compiles a step for batches of the kind and shapes of `batch`, like `trainingStep`. The state is made for more than one
 * micro-batch. The parameters change at the very end only: a step that fails before leaves nothing behind, since the next one
 * begins with sums of zero.
 */
export function accumulatedStep<B extends BatchSpec>(
  state: StepState,
  batch: B,
  options: AccumulatedStepOptions,
): PretrainingStep<Inputs<B>> {
  return new AccumulatedStep(state, batch, options) as PretrainingStep<Inputs<B>>;
}

class AccumulatedStep {
  readonly memory: ProgramMemory;
  readonly #embedding: Program<PlainInputs<TensorSpec>, Embeddings<Tensor>> | undefined;
  readonly #contrast: ReturnType<typeof contrastProgram> | undefined;
  readonly #microBatch: MicroBatchProgram["program"];
  readonly #clear: Program<Nothing, unknown>;
  readonly #update: ReturnType<typeof updateProgram>;

  constructor(
    state: StepState,
    batch: BatchSpec,
    private readonly options: AccumulatedStepOptions,
  ) {
    const part = microBatchSpecs(batch, options.microBatches);
    const contrasted = batch.kind === "pair" && options.weights?.contrastive !== 0;
    if (contrasted && part.kind === "pair") {
      this.#embedding = embeddingProgram(state, part, options);
      this.#contrast = contrastProgram(state, batch.match.shape[0] ?? 0, options);
    }
    const { program, reached } = microBatchProgram(state, part, contrasted, options);
    this.#microBatch = program;
    const all = contrasted ? new Set([...reached, ...this.#trainedByContrast(state)]) : reached;
    this.#clear = clearProgram(state, all);
    this.#update = updateProgram(state, all, options);
    this.memory = together(this.#programs.map(({ memory }) => memory));
  }

  get flops(): number {
    const { microBatches } = this.options;
    const repeated = (this.#embedding?.flops ?? 0) + this.#microBatch.flops;
    return microBatches * repeated + (this.#contrast?.flops ?? 0) + this.#update.flops;
  }

  /** A step on a whole batch; the losses and the norm are those of the whole batch, too. */
  async run(inputs: BatchValues): Promise<Mapped<StepOutputs, Tensor, Values>> {
    const microBatches = microBatchesOf(inputs, this.options.microBatches);
    await this.#clear.run({});
    const contrast = await this.#contrastOf(inputs, microBatches);
    const losses = new Map<LossName, number>();
    if (contrast) losses.set("contrastive", contrast.loss);
    for (const [index, { batch, shares }] of microBatches.entries()) {
      const slopes = contrast && {
        images: part(contrast.slopes.images, index, microBatches.length),
        texts: part(contrast.slopes.texts, index, microBatches.length),
      };
      const found = await this.#microBatch.run({ batch, shares, ...(slopes && { slopes }) });
      for (const name of lossNames) {
        const loss = found[name]?.[0];
        if (loss !== undefined) losses.set(name, (losses.get(name) ?? 0) + loss);
      }
    }
    return { ...this.#outputs(losses), ...(await this.#update.run({})) };
  }

  dispose(): void {
    for (const program of this.#programs) program.dispose();
  }

  get #programs(): readonly Pick<Program<unknown, unknown>, "memory" | "dispose">[] {
    const plain = [this.#embedding, this.#contrast].filter((program) => program !== undefined);
    return [...plain, this.#microBatch, this.#clear, this.#update];
  }

  /** The contrastive loss of all micro-batches, and its gradient in their embeddings. */
  async #contrastOf(
    { match }: BatchValues,
    microBatches: ReturnType<typeof microBatchesOf>,
  ): Promise<{ loss: number; slopes: Embeddings<Values> } | undefined> {
    if (!this.#embedding || !this.#contrast || !match) return undefined;
    const found: Embeddings<Values>[] = [];
    for (const { batch } of microBatches) {
      const { pixels, ids, lengths } = batch as PlainInputs<Values>;
      found.push(await this.#embedding.run({ pixels, ids, lengths }));
    }
    const { loss, slopes } = await this.#contrast.run({
      images: joined(found.map(({ images }) => images)),
      texts: joined(found.map(({ texts }) => texts)),
      match,
    });
    return { loss: loss[0] ?? NaN, slopes };
  }

  #outputs(losses: ReadonlyMap<LossName, number>): Record<LossName | "total", Float32Array> {
    const { weights = {} } = this.options;
    const total = [...losses].reduce((sum, [name, loss]) => sum + loss * (weights[name] ?? 1), 0);
    const values = [...losses, ["total", total] as const].map(([name, value]) => [
      name,
      Float32Array.of(value),
    ]);
    return Object.fromEntries(values) as Record<LossName | "total", Float32Array>;
  }

  /** The similarity factor, unless it is frozen. */
  #trainedByContrast({ specs }: StepState): string[] {
    return specs.accumulated?.[logitScale] ? [logitScale] : [];
  }
}

const logitScale = "flava/logitScale";

type Nothing = Readonly<Record<string, never>>;

interface PlainInputs<T> {
  readonly pixels: T;
  readonly ids: T;
  readonly lengths: T;
}

/** The step's programs share the state and one arena; each keeps what it has prepared. */
function together(programs: readonly ProgramMemory[]): ProgramMemory {
  const state = programs[0]?.state ?? {};
  const prepared = programs.reduce((bytes, program) => bytes + program.prepared, 0);
  const arena = Math.max(...programs.map((program) => program.arena));
  const ofState = Object.values(state).reduce((bytes, each) => bytes + each, 0);
  return { state, prepared, arena, total: ofState + prepared + arena };
}

function joined(parts: readonly Values[]): Float32Array {
  const whole = new Float32Array(parts.reduce((length, values) => length + values.length, 0));
  let filled = 0;
  for (const values of parts) {
    whole.set(values, filled);
    filled += values.length;
  }
  return whole;
}

/** The model with the parameters of a state. */
function modelOf(options: StepOptions, { parameters }: TrainingState<Tensor>): PretrainingModel {
  return { ...options, parameters };
}

/** Sums of zero for the parameters at `paths`. */
function clearProgram(state: StepState, paths: ReadonlySet<string>): Program<Nothing, unknown> {
  return compile({ state, inputs: {} }, (s) => {
    const sums = (s as TrainingState<Tensor>).accumulated ?? {};
    const cleared = [...paths].map((path) => [path, fill(sums[path]?.shape ?? [], 0)]);
    const accumulated = Object.fromEntries(cleared) as Record<string, Tensor>;
    return { outputs: {}, state: { accumulated } };
  });
}

/** The embeddings of a micro-batch, without anything kept for gradients. */
function embeddingProgram(
  state: StepState,
  { pixels, ids, lengths }: PlainInputs<TensorSpec>,
  options: StepOptions,
): Program<PlainInputs<TensorSpec>, Embeddings<Tensor>> {
  return compile({ state, inputs: { pixels, ids, lengths } }, (s, given) => {
    const model = modelOf(options, s);
    return { outputs: { texts: embedTexts(model, given), images: embedImages(model, given) } };
  });
}

type ContrastInputs<T> = Embeddings<T> & { readonly match: T };

/** The contrastive loss of a whole batch of `samples` embeddings, and the gradient of its weighted value in them. */
function contrastProgram(
  state: StepState,
  samples: number,
  options: StepOptions,
): Program<
  ContrastInputs<TensorSpec>,
  { readonly loss: Tensor; readonly slopes: Embeddings<Tensor> }
> {
  const { config, weights, transport } = options;
  const embeddings = spec([samples, config.projection]);
  const inputs = { images: embeddings, texts: embeddings, match: spec([samples]) };
  const carried = transport ? { transport } : {};
  return compile({ state, inputs, ...carried }, (s, { images, texts, match }) => {
    const before = s as TrainingState<Tensor>;
    const loss = contrastive(modelOf(options, before), images, texts, matchedRows(match));
    const total = checkFinite(totalLoss({ contrastive: loss }, weights));
    const factor = before.parameters.flava.logitScale;
    const slopes = gradient(total, { images, texts, factor });
    const sum = before.accumulated?.[logitScale];
    const zero = fill(images.shape, 0);
    return {
      outputs: { loss, slopes: { images: slopes.images ?? zero, texts: slopes.texts ?? zero } },
      ...(sum &&
        slopes.factor && { state: { accumulated: { [logitScale]: add(sum, slopes.factor) } } }),
    };
  });
}

interface MicroBatchInputs<T> {
  readonly batch: BatchParts<T>;
  readonly shares: Shares<T>;
  /** Of the contrastive loss in the micro-batch's embeddings, where it counts. */
  readonly slopes?: Embeddings<T>;
}

interface MicroBatchProgram {
  /** Gives the micro-batch's part of each loss but the contrastive one. */
  readonly program: Program<MicroBatchInputs<TensorSpec>, Partial<Record<LossName, Tensor>>>;
  /** Paths of the parameters that have a gradient. */
  readonly reached: ReadonlySet<string>;
}

/** Adds the gradients of a micro-batch to the sums. */
function microBatchProgram(
  state: StepState,
  { kind, ...batch }: BatchSpec,
  contrasted: boolean,
  options: StepOptions,
): MicroBatchProgram {
  const share = spec([]);
  const shares = { mim: share, mlm: share, itm: share, mmmImage: share, mmmText: share };
  const samples = "match" in batch ? (batch.match.shape[0] ?? 0) : 0;
  const embeddings = spec([samples, options.config.projection]);
  const slopes = { images: embeddings, texts: embeddings };
  const inputs: MicroBatchInputs<TensorSpec> = { batch, shares, ...(contrasted && { slopes }) };
  const reached = new Set<string>();
  const program = compile({ state, inputs }, (s, traced) => {
    const given = traced as MicroBatchInputs<Tensor>;
    const before = s as TrainingState<Tensor>;
    const losses = microBatchLosses(
      modelOf(options, before),
      Object.assign({ kind }, given.batch) as Batch,
      given,
      options,
    );
    // The gradient of the contrastive loss has its weight already.
    const total = checkFinite(totalLoss(losses, { ...options.weights, contrastive: 1 }));
    const slopesOf = gradient(total, trainable(before.parameters, rulesOf(options.optimizer)));
    const gradients = new Map(leavesOf<Tensor>(slopesOf));
    for (const path of gradients.keys()) reached.add(path);
    const told = Object.entries({ ...losses, total }).filter(([name]) => name !== "contrastive");
    const results = told.map(([, loss]) => loss);
    const added = accumulate(results, gradients, before.accumulated ?? {});
    const outputs = told.map(([name], index) => [name, added.results[index]]);
    return {
      outputs: Object.fromEntries(outputs) as Partial<Record<LossName, Tensor>>,
      state: { accumulated: Object.fromEntries(added.sums) },
    };
  });
  return { program, reached };
}

/** A micro-batch's part of the losses of the whole batch; in place of the contrastive loss one that has its gradient. */
function microBatchLosses(
  model: PretrainingModel,
  batch: Batch,
  { shares, slopes }: MicroBatchInputs<Tensor>,
  { weights }: StepOptions,
): Partial<Record<LossName, Tensor>> {
  const inner = (a: Tensor, b: Tensor): Tensor => sum(multiply(a, b));
  const contrast =
    slopes &&
    ((images: Tensor, texts: Tensor): Tensor =>
      add(inner(images, slopes.images), inner(texts, slopes.texts)));
  const losses = counting(lossesOf(model, batch, contrast), weights);
  const parts = lossNames.flatMap((name) => {
    const loss = losses[name];
    if (!loss) return [];
    return [[name, name === "contrastive" ? loss : multiply(loss, shares[name])]];
  });
  return Object.fromEntries(parts) as Partial<Record<LossName, Tensor>>;
}

/** Clipping and AdamW with the sums at `paths` as gradients. */
function updateProgram(
  state: StepState,
  paths: ReadonlySet<string>,
  options: StepOptions,
): Program<Nothing, Pick<StepOutputs, "rate" | "updateNorm" | "norm">> {
  return compile({ state, inputs: {} }, (s) => {
    const before = s as TrainingState<Tensor>;
    const sums = Object.entries(before.accumulated ?? {}).filter(([path]) => paths.has(path));
    return update(before, Object.fromEntries(sums), options);
  });
}
