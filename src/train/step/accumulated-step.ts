/**
 * A step in several parts, which may be shared by several processes: gradients are summed in the order of one binary tree,
 * whoever computes them, and applied together at the end.
 */
import type { Communicator } from "../../backend/communicator.js";
import { type Program, type ProgramMemory, compile } from "../../backend/program.js";
import type { Values } from "../../backend/values.js";
import { type Mapped, mapTree } from "../../base/tree.js";
import { add } from "../../graph/ops/arithmetic.js";
import type { Tensor, TensorSpec } from "../../graph/tensor.js";
import type { World } from "../../graph/world.js";
import type { CompiledStep, StepResults } from "./compiled-step.js";
import { type Compared, type ComparedPart, compare, comparedSpecs } from "./comparison.js";
import type { Comparison, Counts, Embedded, InputValues, LossOfParts, TracedLoss } from "./loss.js";
import {
  type LastOutputs,
  type PartInputs,
  type PartLosses,
  type PartOptions,
  PartPrograms,
  type StateOf,
} from "./part-programs.js";
import { type PartCounts, PartialSums, type SumDtype, roundedTo } from "./tree-sum.js";
import type { OptimizerState } from "./update.js";

export interface AccumulatedStepOptions<P>
  extends Omit<PartOptions<P>, "world" | "sums">, PartCounts {
  /** The processes that share the parts of a step; default: there is only this one. */
  readonly processes?: Communicator | undefined;
}

type LossValues = Mapped<TracedLoss, Tensor, Values>;
type EmbeddedValues = Embedded<Values>;

/** A part to compute: its inputs, and the step for parts of its shapes. */
export interface Part<P, I> {
  readonly step: AccumulatedStep<P, I>;
  readonly values: InputValues<I>;
}

/**
 * The programs of a step whose parts have one shape. Parameters change only at the very end, and the first part replaces
 * earlier sums: a failed step leaves nothing behind.
 */
export class AccumulatedStep<P, I> implements CompiledStep<I> {
  readonly memory: ProgramMemory;
  readonly flops: number;
  readonly sums: PartialSums;
  readonly programs: {
    readonly embed: Program<I, Embedded<Tensor>> | undefined;
    readonly compare: Program<readonly Compared<TensorSpec>[], readonly ComparedPart[]> | undefined;
    /** For parts other than the last: begins level 0, or adds to it. */
    readonly begin: Program<PartInputs<I>, PartLosses> | undefined;
    readonly add: Program<PartInputs<I>, PartLosses> | undefined;
    /** Carries the sums of levels below `level` to it. */
    readonly carry: ReadonlyMap<number, Program<Record<string, never>, unknown>>;
    readonly last: Program<PartInputs<I>, LastOutputs>;
  };

  /** @param loss of parts of one shape */
  constructor(
    state: StateOf,
    readonly loss: LossOfParts<P, I>,
    readonly options: AccumulatedStepOptions<P>,
  ) {
    const { processes } = options;
    const sums = new PartialSums(options);
    const { parts } = sums;
    this.sums = sums;
    const world = processes ?? { size: 1, rank: 0 };
    const made = new PartPrograms(state, loss, { ...options, sums, world });
    const isAlone = parts === 1;
    const { comparison } = loss;
    const levels = new Set(Array.from({ length: parts - 1 }, (_, index) => sums.carriedTo(index)));
    const begin = isAlone ? undefined : made.gradients(false);
    this.programs = {
      embed: isAlone ? undefined : made.embed(),
      compare:
        comparison && !isAlone
          ? compareProgram(state, comparison, loss.shareNames, { parts, world })
          : undefined,
      begin,
      add: parts > 2 ? made.gradients(true) : undefined,
      carry: new Map(
        [...levels]
          .filter((level) => level > 0)
          .map((level) => [level, carryProgram(state, made.reached, level, options.sumDtype)]),
      ),
      last: made.last(),
    };
    this.memory = together(this.#all.map(({ memory }) => memory));
    const { embed, compare: among, last } = this.programs;
    const repeated = (embed?.flops ?? 0) + (begin ?? last).flops;
    this.flops = parts * repeated + (among?.flops ?? 0);
  }

  async run(values: InputValues<I>): Promise<StepResults> {
    return stepInParts(this.loss.cut(values).map((part) => ({ step: this, values: part })));
  }

  dispose(): void {
    for (const program of this.#all) program.dispose();
  }

  get #all(): readonly Pick<Program<unknown, unknown>, "memory" | "dispose" | "flops">[] {
    const { embed, compare: among, begin, add, carry, last } = this.programs;
    return [embed, among, begin, add, ...carry.values(), last].filter(
      (program) => program !== undefined,
    );
  }
}

/** Runs a step on this process's parts, each with the step for its shapes. Their number is that of the options. */
export async function stepInParts<P, I>(parts: readonly Part<P, I>[]): Promise<StepResults> {
  const { step } = parts.at(-1)!;
  const { sums } = step;
  const { processes } = step.options;
  const own = parts.map((part) => part.step.loss.counts(part.values));
  const all = (await ofAllParts(own, processes)).reduce(plus);
  const shares = own.map((counts) =>
    mapTree(step.loss.shares(counts, all), (share: number) => Float32Array.of(share)),
  );
  const compared = parts.map((part, index) => comparedInputs(part, index, parts.length));
  const before = await comparedBefore(parts, compared, shares);
  const losses: LossValues[] = before.map(({ loss }) => loss);
  const inputsOf = ({ values }: Part<P, I>, index: number): InputValues<PartInputs<I>> => {
    const slopes = before[index]?.slopes;
    const inputs = { batch: values, shares: shares[index]!, compared: compared[index], slopes };
    return inputs as unknown as InputValues<PartInputs<I>>;
  };
  for (const [index, part] of parts.slice(0, -1).entries()) {
    const { begin, add, carry } = part.step.programs;
    const program = sums.begins(index) ? begin! : add!;
    losses.push(...lossesIn(await program.run(inputsOf(part, index))));
    await carry.get(sums.carriedTo(index))?.run({});
  }
  const results = await step.programs.last.run(inputsOf(parts.at(-1)!, parts.length - 1));
  losses.push(...lossesIn(results));
  const { learningRate, updateNorm, gradientNorm } = results;
  return {
    ...(await summed(losses, processes)),
    learningRate: numberOf(learningRate),
    updateNorm: numberOf(updateNorm),
    ...(gradientNorm && { gradientNorm: numberOf(gradientNorm) }),
  };
}

const numberOf = ([value = NaN]: Values): number => value;

/** The values of all parts of all processes, in order. Those of all parts have the same names. */
async function ofAllParts(
  own: readonly Counts[],
  processes: Communicator | undefined,
): Promise<readonly Counts[]> {
  if (!processes) return own;
  const names = Object.keys(own[0] ?? {});
  const values = own.flatMap((counts) => names.map((name) => counts[name]!));
  const all = (await processes.gather(0, Float64Array.from(values))).flatMap((row) => [...row]);
  return Array.from({ length: all.length / names.length }, (_, part) =>
    Object.fromEntries(names.map((name, index) => [name, all[part * names.length + index]!])),
  );
}

function plus(a: Counts, b: Counts): Counts {
  return mapTree(a, (value: number, name) => value + b[name]!);
}

type LossesOf = Mapped<PartLosses, Tensor, Values>;

const lossesIn = ({ own, compared }: LossesOf): LossValues[] => [
  ...(compared ? [compared] : []),
  own,
];

/** The sums over all parts of all processes, the same whoever computes which parts. */
async function summed(
  losses: readonly LossValues[],
  processes: Communicator | undefined,
): Promise<Pick<StepResults, "total" | "scalars">> {
  const named = losses.map(({ total, scalars }) => ({
    total: numberOf(total),
    ...mapTree<Values, number, typeof scalars>(scalars, numberOf),
  }));
  const names = [...new Set(named.flatMap((each) => Object.keys(each)))];
  const complete = named.map((each: Counts) =>
    Object.fromEntries(names.map((name) => [name, each[name] ?? 0])),
  );
  const { total = NaN, ...scalars } = (await ofAllParts(complete, processes)).reduce(plus);
  return { total, scalars };
}

/** What the comparison reads of a part besides its embeddings. */
function comparedInputs<P, I>(
  { step, values }: Part<P, I>,
  index: number,
  count: number,
): Pick<Compared<Values>, "places" | "rows"> | undefined {
  const { comparison } = step.loss;
  if (!comparison) return undefined;
  const samples = comparison.rows.size;
  const first = ((step.options.processes?.rank ?? 0) * count + index) * samples;
  const places = Int32Array.from({ length: samples }, (_, place) => first + place);
  return { places, rows: comparison.rowsOf(values) };
}

/** The comparison of several parts, before their gradients are computed; empty if there is none, or only one part. */
async function comparedBefore<P, I>(
  parts: readonly Part<P, I>[],
  inputs: readonly (Pick<Compared<Values>, "places" | "rows"> | undefined)[],
  shares: readonly Readonly<Record<string, Values>>[],
): Promise<readonly { readonly loss: LossValues; readonly slopes: EmbeddedValues }[]> {
  const program = parts.at(-1)!.step.programs.compare;
  if (!program) return [];
  const compared: Compared<Values>[] = [];
  for (const [index, { step, values }] of parts.entries()) {
    const embedded = (await step.programs.embed!.run(values)) as EmbeddedValues;
    compared.push({ embedded, ...inputs[index]!, shares: shares[index]! });
  }
  return program.run(compared);
}

function compareProgram<P, I>(
  state: StateOf,
  comparison: Comparison<P, I>,
  shares: readonly string[],
  { parts, world }: { readonly parts: number; readonly world: World },
): Program<readonly Compared<TensorSpec>[], readonly ComparedPart[]> {
  const each = comparedSpecs(comparison, shares);
  const inputs: readonly Compared<TensorSpec>[] = Array.from({ length: parts }, () => each);
  return compile({ state, inputs }, (_, given) => ({
    outputs: compare(comparison, given, world),
  }));
}

/** Sets a level to the sum of all levels below it, for the parameters at `paths`. */
function carryProgram(
  state: StateOf,
  paths: ReadonlySet<string>,
  level: number,
  dtype: SumDtype = "float32",
): Program<Record<string, never>, unknown> {
  return compile({ state, inputs: {} }, (s) => {
    const { accumulated = {} } = s as OptimizerState<unknown, Tensor>;
    const sums = [...paths].map((path) => {
      const [lowest, ...higher] = Array.from({ length: level }, (_, k) => accumulated[k]![path]!);
      const shard = roundedTo(lowest!, dtype);
      return [path, higher.reduce((sum, each) => roundedTo(add(each, sum), dtype), shard)] as const;
    });
    return { outputs: {}, state: { accumulated: { [level]: Object.fromEntries(sums) } } };
  });
}

/** Programs of one step share the state and one arena; each has its own prepared memory. */
function together(programs: readonly ProgramMemory[]): ProgramMemory {
  const state = programs[0]?.state ?? {};
  const prepared = programs.reduce((bytes, program) => bytes + program.prepared, 0);
  const arena = Math.max(...programs.map((program) => program.arena));
  const ofState = Object.values(state).reduce((bytes, each) => bytes + each, 0);
  return { state, prepared, arena, total: ofState + prepared + arena };
}
