/** A step in micro-batches: their gradients are summed in the state and applied together at the end. */
import { type Program, type ProgramMemory, compile } from "../../backend/program.js";
import type { State } from "../../backend/state.js";
import { type Values, partOf } from "../../backend/values.js";
import { type Mapped, leavesOf, mapTree } from "../../base/tree.js";
import { gradient } from "../../graph/gradient.js";
import { add, multiply } from "../../graph/ops/arithmetic.js";
import { sum } from "../../graph/ops/broadcast.js";
import { fill } from "../../graph/ops/fill.js";
import { checkFinite } from "../../graph/ops/update.js";
import { type Tensor, type TensorSpec, spec } from "../../graph/tensor.js";
import { accumulate } from "../../optim/accumulate.js";
import { trainable } from "../../optim/adamw.js";
import type { CompiledStep, StepResults } from "./compiled-step.js";
import type { CachedLoss, Embeddings, InputValues, MicroBatches, TracedLoss } from "./loss.js";
import { type OptimizerState, type UpdateOptions, currentStep, update } from "./update.js";

interface AccumulatedStepOptions<P> extends UpdateOptions<P> {
  /** Number of micro-batches, at least 2. */
  readonly microBatches: number;
}

/**
 * Compiles a step that runs one micro-batch after another. Parameters change only at the very end, and it begins with
 * sums of zero: a failed step leaves nothing behind.
 *
 * @param inputs shapes of the whole batch
 */
export function accumulatedStep<S, I, M>(
  state: State<OptimizerState<S, TensorSpec>>,
  inputs: I,
  parts: MicroBatches<Mapped<S, TensorSpec, Tensor>, I, M>,
  options: AccumulatedStepOptions<Mapped<S, TensorSpec, Tensor>>,
): CompiledStep<I> {
  return new AccumulatedStep(state, inputs, parts, options);
}

/** The state of any tree of parameters; traced functions cast to theirs. */
type StateOf = State<OptimizerState<unknown, TensorSpec>>;
type Before<P> = OptimizerState<P, Tensor>;
type Nothing = Readonly<Record<string, never>>;

class AccumulatedStep<P, I, M> implements CompiledStep<I> {
  readonly memory: ProgramMemory;
  readonly flops: number;
  readonly #cached: CachedPrograms<I, M> | undefined;
  readonly #part: Program<PartInputs<M>, TracedLoss>;
  readonly #clear: Program<Nothing, unknown>;
  readonly #update: ReturnType<typeof updateProgram>;

  constructor(
    state: StateOf,
    inputs: I,
    private readonly parts: MicroBatches<P, I, M>,
    options: AccumulatedStepOptions<P>,
  ) {
    const reached = new Set<string>();
    const { cached } = parts;
    this.#cached = cached && {
      embed: embeddingProgram(state, parts.inputs, cached),
      loss: cachedProgram(state, inputs, cached, options, reached),
    };
    this.#part = partProgram(state, parts, options, reached);
    this.#clear = clearProgram(state, reached);
    this.#update = updateProgram(state, reached, options);
    this.memory = together(this.#programs.map(({ memory }) => memory));
    const repeated = (this.#cached?.embed.flops ?? 0) + this.#part.flops;
    const once = (this.#cached?.loss.flops ?? 0) + this.#update.flops;
    this.flops = options.microBatches * repeated + once;
  }

  async run(values: InputValues<I>): Promise<StepResults> {
    const microBatches = this.parts.cut(values);
    await this.#clear.run({});
    const cached = this.#cached && (await runCached(this.#cached, values, microBatches));
    const losses = cached ? [cached.loss] : [];
    for (const [index, batch] of microBatches.entries()) {
      const gradients =
        cached &&
        mapTree(cached.gradients, (whole: Values) => partOf(whole, index, microBatches.length));
      const inputs = { batch, ...(gradients && { gradients }) } as InputValues<PartInputs<M>>;
      losses.push(await this.#part.run(inputs));
    }
    const { learningRate, updateNorm, gradientNorm } = await this.#update.run({});
    return {
      ...summed(losses),
      learningRate: numberOf(learningRate),
      updateNorm: numberOf(updateNorm),
      ...(gradientNorm && { gradientNorm: numberOf(gradientNorm) }),
    };
  }

  dispose(): void {
    for (const program of this.#programs) program.dispose();
  }

  get #programs(): readonly Pick<Program<unknown, unknown>, "memory" | "dispose">[] {
    const cached = this.#cached ? [this.#cached.embed, this.#cached.loss] : [];
    return [...cached, this.#part, this.#clear, this.#update];
  }
}

type LossValues = Mapped<TracedLoss, Tensor, Values>;

const numberOf = ([value = NaN]: Values): number => value;

function summed(losses: readonly LossValues[]): Pick<StepResults, "total" | "scalars"> {
  const scalars: Record<string, number> = {};
  for (const loss of losses) {
    for (const [name, value] of Object.entries(loss.scalars)) {
      scalars[name] = (scalars[name] ?? 0) + numberOf(value);
    }
  }
  return { total: losses.reduce((total, loss) => total + numberOf(loss.total), 0), scalars };
}

/** Programs of one step share the state and one arena; each has its own prepared memory. */
function together(programs: readonly ProgramMemory[]): ProgramMemory {
  const state = programs[0]?.state ?? {};
  const prepared = programs.reduce((bytes, program) => bytes + program.prepared, 0);
  const arena = Math.max(...programs.map((program) => program.arena));
  const ofState = Object.values(state).reduce((bytes, each) => bytes + each, 0);
  return { state, prepared, arena, total: ofState + prepared + arena };
}

interface CachedInputs<I> {
  readonly batch: I;
  /** Of the whole batch. */
  readonly embeddings: Embeddings<TensorSpec>;
}

interface CachedPrograms<I, M> {
  readonly embed: Program<M, Embeddings<Tensor>>;
  readonly loss: Program<
    CachedInputs<I>,
    { readonly loss: TracedLoss; readonly gradients: Embeddings<Tensor> }
  >;
}

/** The cached loss and its gradient for each embedding of the whole batch. */
async function runCached<I, M>(
  { embed, loss }: CachedPrograms<I, M>,
  batch: InputValues<I>,
  microBatches: readonly InputValues<M>[],
): Promise<{ readonly loss: LossValues; readonly gradients: Embeddings<Values> }> {
  const found: Embeddings<Values>[] = [];
  for (const microBatch of microBatches) found.push(await embed.run(microBatch));
  const embeddings = mapTree(found[0]!, (_: Values, name) =>
    joined(found.map((each) => each[name]!)),
  );
  return loss.run({ batch, embeddings });
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

/** The embeddings of a micro-batch; keeps nothing for gradients. */
function embeddingProgram<P, I, M>(
  state: StateOf,
  inputs: M,
  { embed }: CachedLoss<P, I, M>,
): Program<M, Embeddings<Tensor>> {
  return compile({ state, inputs }, (s, given) => ({
    outputs: embed((s as Before<P>).parameters, given),
  }));
}

/** Adds the direct gradients of the cached loss to the sums, and returns its gradients for the embeddings. */
function cachedProgram<P, I, M>(
  state: StateOf,
  batch: I,
  { embeddings, trace }: CachedLoss<P, I, M>,
  { microBatches, optimizer }: AccumulatedStepOptions<P>,
  reached: Set<string>,
): CachedPrograms<I, M>["loss"] {
  const whole = mapTree(embeddings, ({ shape: [samples = 0, ...rest] }: TensorSpec) =>
    spec([microBatches * samples, ...rest]),
  );
  const inputs: CachedInputs<I> = { batch, embeddings: whole };
  return compile({ state, inputs }, (s, traced) => {
    const given = traced as unknown as CachedInputs<never> & { embeddings: Embeddings<Tensor> };
    const before = s as Before<P>;
    const loss = trace(before.parameters, given.embeddings, given.batch);
    const total = checkFinite(loss.total);
    const parameters = trainable(before.parameters, optimizer?.rules ?? []);
    const slopes = gradient(total, { embeddings: given.embeddings, parameters });
    const sums = leavesOf<Tensor>(slopes.parameters).map(([path, slope]) => {
      reached.add(path);
      return [path, add(before.accumulated![path]!, slope)];
    });
    const gradients = mapTree(given.embeddings, (embedding: Tensor, name) => {
      const found = slopes.embeddings[name];
      return found ?? fill(embedding.shape, 0);
    });
    return {
      outputs: { loss: { ...loss, total }, gradients },
      state: { accumulated: Object.fromEntries(sums) as Record<string, Tensor> },
    };
  });
}

interface PartInputs<M> {
  readonly batch: M;
  /** Of the cached loss, for each embedding of the micro-batch. */
  readonly gradients?: Embeddings<TensorSpec>;
}

/** Adds the gradients of a micro-batch to the sums. */
function partProgram<P, I, M>(
  state: StateOf,
  { inputs: batch, trace, cached }: MicroBatches<P, I, M>,
  { optimizer }: UpdateOptions<P>,
  reached: Set<string>,
): Program<PartInputs<M>, TracedLoss> {
  const inputs: PartInputs<M> = { batch, ...(cached && { gradients: cached.embeddings }) };
  return compile({ state, inputs }, (s, traced) => {
    const given = traced as unknown as { batch: never; gradients?: Embeddings<Tensor> };
    const before = s as Before<P>;
    const { parameters } = before;
    const part = trace(parameters, given.batch, currentStep(before));
    const { embeddings = {} } = part;
    // The inner products have the cached loss's gradients for the embeddings.
    const total = checkFinite(part.total);
    const minimized = Object.entries(given.gradients ?? {}).reduce(
      (all, [name, slope]) => add(all, sum(multiply(embeddings[name]!, slope))),
      total,
    );
    const slopes = gradient(minimized, trainable(parameters, optimizer?.rules ?? []));
    const gradients = new Map(leavesOf<Tensor>(slopes));
    for (const path of gradients.keys()) reached.add(path);
    const names = Object.keys(part.scalars);
    const results = [total, ...Object.values(part.scalars)];
    const added = accumulate(results, gradients, before.accumulated ?? {});
    const [partTotal, ...scalars] = added.results;
    return {
      outputs: {
        total: partTotal!,
        scalars: Object.fromEntries(names.map((name, index) => [name, scalars[index]!])),
      },
      state: { accumulated: Object.fromEntries(added.sums) },
    };
  });
}

/** Sets the sums of the parameters at `paths` to zero. */
function clearProgram(state: StateOf, paths: ReadonlySet<string>): Program<Nothing, unknown> {
  return compile({ state, inputs: {} }, (s) => {
    const sums = (s as Before<unknown>).accumulated ?? {};
    const cleared = [...paths].map((path) => [path, fill(sums[path]!.shape, 0)]);
    const accumulated = Object.fromEntries(cleared) as Record<string, Tensor>;
    return { outputs: {}, state: { accumulated } };
  });
}

/** The update with the sums at `paths` as gradients. */
function updateProgram<P>(
  state: StateOf,
  paths: ReadonlySet<string>,
  options: UpdateOptions<P>,
): Program<Nothing, ReturnType<typeof update<P>>["outputs"]> {
  return compile({ state, inputs: {} }, (s) => {
    const before = s as Before<P>;
    const sums = Object.entries(before.accumulated ?? {}).filter(([path]) => paths.has(path));
    const next = update(before, Object.fromEntries(sums), options);
    return { outputs: next.outputs, state: next.state };
  });
}
