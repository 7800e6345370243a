/** The programs of one part of a batch. */
import { type Program, compileTrees } from "../../backend/program.js";
import type { State } from "../../backend/state.js";
import { leavesOf, mapTree } from "../../base/tree.js";
import { gradient } from "../../graph/gradient.js";
import { add, multiply } from "../../graph/ops/arithmetic.js";
import { sum } from "../../graph/ops/broadcast.js";
import { stopGradient } from "../../graph/ops/elementwise.js";
import { checkFinite } from "../../graph/ops/update.js";
import type { Tensor, TensorSpec } from "../../graph/tensor.js";
import type { World } from "../../graph/world.js";
import { accumulate } from "../../optim/accumulate.js";
import { trainable } from "../../optim/adamw.js";
import { type Compared, compare, comparedSpecs, shareSpecs } from "./comparison.js";
import { type Embedded, type LossOfParts, type TracedLoss, requireScalars } from "./loss.js";
import { reducedGradients } from "./reduced-gradients.js";
import { type PartialSums, type SumDtype, roundedTo } from "./tree-sum.js";
import {
  type OptimizerState,
  type UpdateOptions,
  type UpdateOutputs,
  currentStep,
  update,
} from "./update.js";

/** The state of any tree of parameters; traced functions cast to theirs. */
export type StateOf = State<OptimizerState<unknown, TensorSpec>>;
type Before<P> = OptimizerState<P, Tensor>;

export interface PartOptions<P> extends UpdateOptions<P> {
  /** Of the parts that this process computes in a step. */
  readonly sums: PartialSums;
  /** Default: "float32". */
  readonly sumDtype?: SumDtype | undefined;
  readonly world: World;
}

/** What a part's programs read besides the state. */
export interface PartInputs<I> {
  readonly batch: I;
  readonly shares: Readonly<Record<string, TensorSpec>>;
  /** The gradients of the part's embeddings, if they were computed before. */
  readonly slopes?: Embedded<TensorSpec>;
  /** What the comparison reads, if it is part of the program. */
  readonly compared?: Omit<Compared<TensorSpec>, "embedded" | "shares">;
}

/** The losses of a part, and of its comparison with others if that is part of the program. */
export interface PartLosses {
  readonly own: TracedLoss;
  readonly compared?: TracedLoss;
}

/** The losses and results of the last part, which ends with the update of the parameters. */
export interface LastOutputs extends PartLosses, UpdateOutputs {}

/** Traces and compiles the programs of parts of one shape. */
export class PartPrograms<P, I> {
  /** Paths of the parameters that have gradients, once a program was made. */
  readonly reached = new Set<string>();
  readonly #inputs: PartInputs<I>;

  constructor(
    private readonly state: StateOf,
    private readonly loss: LossOfParts<P, I>,
    private readonly options: PartOptions<P>,
  ) {
    const { comparison, inputs, shareNames: shares } = loss;
    const compared = comparison && comparedSpecs(comparison, shares);
    const isAlone = options.sums.parts === 1;
    this.#inputs = {
      batch: inputs,
      shares: shareSpecs(shares),
      ...(comparison && !isAlone && { slopes: comparison.embedded }),
      ...(compared && isAlone && { compared: { places: compared.places, rows: compared.rows } }),
    };
  }

  /** The embeddings of a part; keeps nothing for gradients. */
  embed(): Program<I, Embedded<Tensor>> | undefined {
    const { state, loss } = this;
    const { comparison, inputs } = loss;
    if (!comparison) return undefined;
    return compileTrees({ state, inputs }, (s, given) => ({
      outputs: comparison.embed((s as Before<P>).parameters, given),
    }));
  }

  /** Computes the gradients of a part other than the last; level 0 becomes them, or is added to them. */
  gradients(adds: boolean): Program<PartInputs<I>, PartLosses> {
    return compileTrees({ state: this.state, inputs: this.#inputs }, (s, given) => {
      const before = s as Before<P>;
      const { losses, gradients } = this.#trace(before, given as never);
      const [level = {}] = Object.values(before.accumulated ?? {});
      const { outputs, sums } = this.#added(losses, gradients, adds ? level : undefined);
      return { outputs, state: { accumulated: { 0: Object.fromEntries(sums) } } };
    });
  }

  /** Computes the gradients of the last part, adds those of all others, and updates the parameters. */
  last(): Program<PartInputs<I>, LastOutputs> {
    const { sums: order, sumDtype = "float32", world } = this.options;
    return compileTrees({ state: this.state, inputs: this.#inputs }, (s, given) => {
      const before = s as Before<P>;
      const { losses, gradients } = this.#trace(before, given as never);
      const levels = before.accumulated ?? {};
      const { filled } = order;
      const first = filled.includes(0) ? levels[0] : undefined;
      const { outputs, sums } = this.#added(losses, gradients, first);
      for (const [path, own] of sums) sums.set(path, roundedTo(own, sumDtype));
      for (const level of filled.filter((each) => each > 0)) {
        for (const [path, own] of sums) {
          sums.set(path, roundedTo(add(levels[level]![path]!, own), sumDtype));
        }
      }
      const { divided } = this.options;
      const all = Object.fromEntries(reducedGradients(sums, world, sumDtype, divided));
      const next = update(before, all, this.options);
      return { outputs: { ...outputs, ...next.outputs }, state: next.state };
    });
  }

  /**
   * Adds a part's gradients to level 0. Those of micro-batches are added as soon as they are computed; shards, and sums of them,
   * may have to be rounded.
   */
  #added(
    losses: PartLosses,
    gradients: Map<string, Tensor>,
    level: Readonly<Record<string, Tensor>> | undefined,
  ): { readonly outputs: PartLosses; readonly sums: Map<string, Tensor> } {
    const { sums: order, sumDtype = "float32" } = this.options;
    if (sumDtype === "float32" || order.accumulates) return added(losses, gradients, level);
    const sums = [...gradients].map(([path, gradient]) => {
      const own = roundedTo(gradient, sumDtype);
      return [path, level ? roundedTo(add(level[path]!, own), sumDtype) : own] as const;
    });
    return { outputs: losses, sums: new Map(sums) };
  }

  #trace(
    before: Before<P>,
    given: {
      readonly batch: never;
      readonly shares: Readonly<Record<string, Tensor>>;
      readonly slopes?: Embedded<Tensor>;
      readonly compared?: { readonly places: Tensor; readonly rows: Tensor };
    },
  ): { readonly losses: PartLosses; readonly gradients: Map<string, Tensor> } {
    const { loss, options } = this;
    const { parameters } = before;
    const part = loss.trace(parameters, given.batch, given.shares, currentStep(before));
    requireScalars(part);
    const { embedded, scalars } = part;
    const own = { total: checkFinite(part.total), scalars };
    const compared =
      given.compared && embedded && loss.comparison
        ? compare(
            loss.comparison,
            [{ ...given.compared, embedded, shares: given.shares }],
            options.world,
          )[0]
        : undefined;
    const slopes = given.slopes ?? compared?.slopes;
    const minimized = slopes && embedded ? add(own.total, along(embedded, slopes)) : own.total;
    const rules = options.optimizer?.rules ?? [];
    const found = gradient(minimized, trainable(parameters, rules));
    const gradients = new Map(leavesOf<Tensor>(found));
    for (const path of gradients.keys()) this.reached.add(path);
    return { losses: { own, ...(compared && { compared: compared.loss }) }, gradients };
  }
}

/** A sum whose gradients with respect to the embeddings are the given ones. */
function along(embedded: Embedded<Tensor>, slopes: Embedded<Tensor>): Tensor {
  const given = new Map(leavesOf<Tensor>(slopes));
  const products = leavesOf<Tensor>(embedded).map(([path, tensor]) =>
    sum(multiply(tensor, stopGradient(given.get(path)!))),
  );
  return products.reduce(add);
}

/** Adds gradients to sums as soon as they are computed; without sums they are the sums. */
function added(
  losses: PartLosses,
  gradients: Map<string, Tensor>,
  sums: Readonly<Record<string, Tensor>> | undefined,
): { readonly outputs: PartLosses; readonly sums: Map<string, Tensor> } {
  if (!sums) return { outputs: losses, sums: gradients };
  const results = leavesOf<Tensor>(losses);
  const made = accumulate(
    results.map(([, tensor]) => tensor),
    gradients,
    sums,
  );
  const byPath = new Map(results.map(([path], index) => [path, made.results[index]!]));
  const outputs = mapTree<Tensor, Tensor, PartLosses>(losses, (_, path) => byPath.get(path)!);
  return { outputs, sums: new Map(made.sums) };
}
