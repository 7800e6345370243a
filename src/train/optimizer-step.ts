/** One optimizer step: loss, gradients, clipping and AdamW, as native programs. */
import { compileTrees } from "../backend/program.js";
import type { State } from "../backend/state.js";
import type { Values } from "../backend/values.js";
import { type Mapped, type TreeOf, mapTree } from "../base/tree.js";
import { gradient } from "../graph/gradient.js";
import { checkFinite } from "../graph/ops/update.js";
import type { Tensor, TensorSpec } from "../graph/tensor.js";
import { trainable } from "../optim/adamw.js";
import { requireRules } from "../optim/rules.js";
import { AccumulatedStep } from "./step/accumulated-step.js";
import type { CompiledStep, StepResults } from "./step/compiled-step.js";
import { type Loss, requireScalars } from "./step/loss.js";
import { type OptimizerState, type UpdateOptions, currentStep, update } from "./step/update.js";

/** How a step updates the state, and in how many parts it is computed. */
export interface OptimizerStepOptions<P> extends UpdateOptions<P> {
  /**
   * Number of equal parts that each batch is split into and that run in turn, to save memory; default 1. The state
   * must have been created for as many.
   */
  readonly microBatches?: number;
}

/**
 * Compiles an optimizer step for batches of the shapes `loss.inputs`. With micro-batches the result equals a step on
 * the whole batch, up to rounding.
 *
 * @param state as `optimizerState` declares it
 * @param loss shapes of the inputs, and a function that traces the loss from parameters and inputs
 * @param options learning rate, clipping, rules by path
 * @throws ShapeError if shapes do not fit, with the operation and its place, or if what the loss reports is no scalar
 * @throws Error if the loss depends on no parameter that is trained, or a rule matches none
 *
 * @example
 * import { State, keyOf, openBackend, spec, warmupCosine } from "flava/engine";
 * import { exactLinear, initialize, linearParameters } from "flava/model";
 * import { mean, multiply, subtract } from "flava/ops";
 * import { optimizerState, optimizerStep } from "flava/train";
 *
 * const backend = openBackend();
 * const state = new State(backend, optimizerState({ layer: linearParameters(4, 1) }));
 * await initialize(state, keyOf(0));
 * const step = optimizerStep(
 *   state,
 *   {
 *     inputs: { x: spec([8, 4]), y: spec([8, 1]) },
 *     trace: ({ layer }, { x, y }) => {
 *       const error = subtract(exactLinear(layer, x, "float32"), y);
 *       return { total: mean(multiply(error, error)), scalars: {} };
 *     },
 *   },
 *   { learningRate: (step) => warmupCosine(step, { peak: 0.01, warmup: 10, total: 100 }), clip: 1 },
 * );
 * const { total } = await step.run({ x: new Float32Array(32), y: new Float32Array(8) });
 * console.log(total);
 * backend.dispose();
 */
export function optimizerStep<S, I extends TreeOf<I, TensorSpec>>(
  state: State<OptimizerState<S, TensorSpec>>,
  loss: Loss<Mapped<S, TensorSpec, Tensor>, I>,
  options: OptimizerStepOptions<Mapped<S, TensorSpec, Tensor>>,
): CompiledStep<I> {
  const { microBatches = 1, optimizer } = options;
  requireRules(state.specs.parameters, optimizer?.rules ?? []);
  if (microBatches === 1) return wholeStep(state, loss, options);
  if (!loss.split)
    throw new Error("This loss cannot be computed in micro-batches: it has no `split`.");
  return new AccumulatedStep(state, loss.split(microBatches), options);
}

/** A step on a whole batch, in one program. */
function wholeStep<S, I>(
  state: State<OptimizerState<S, TensorSpec>>,
  loss: Pick<Loss<Mapped<S, TensorSpec, Tensor>, I>, "inputs" | "trace">,
  options: UpdateOptions<Mapped<S, TensorSpec, Tensor>>,
): CompiledStep<I> {
  type Before = OptimizerState<Mapped<S, TensorSpec, Tensor>, Tensor>;
  const program = compileTrees({ state, inputs: loss.inputs }, (s, inputs) => {
    const before = s as unknown as Before;
    const { parameters } = before;
    const traced = loss.trace(parameters, inputs, currentStep(before));
    requireScalars(traced);
    const { total, scalars } = traced;
    const finite = checkFinite(total);
    const gradients = gradient(finite, trainable(parameters, options.optimizer?.rules ?? []));
    const next = update(before, gradients, options);
    return { outputs: { total: finite, scalars, ...next.outputs }, state: next.state };
  });
  return {
    memory: program.memory,
    flops: program.flops,
    run: async (inputs) => {
      const outputs: unknown = await program.run(inputs);
      return mapTree<Values, number, unknown>(outputs, ([value = NaN]) => value) as StepResults;
    },
    dispose: () => program.dispose(),
  };
}
