/**
 * The engine: functions of symbolic tensors, traced, differentiated and compiled to programs that run on a backend.
 * `flava/ops` has the operations, `flava/model` the layers.
 *
 * @module flava/engine
 *
 * @example
 * import { State, adamW, adamWMoments, compile, gradient, openBackend, spec } from "flava/engine";
 * import { fill, linear, mean, multiply, subtract } from "flava/ops";
 *
 * const backend = openBackend();
 * const parameters = { weight: spec([1, 4]) };
 * const state = new State(backend, { parameters, moments: adamWMoments(parameters) });
 * const inputs = { x: spec([8, 4]), y: spec([8, 1]), step: spec([]) };
 * const program = compile({ state, inputs }, ({ parameters, moments }, { x, y, step }) => {
 *   const error = subtract(linear(x, parameters.weight), y);
 *   const loss = mean(multiply(error, error));
 *   const gradients = gradient(loss, parameters);
 *   const learningRate = fill([], 0.01);
 *   const updated = adamW({ parameters, gradients, moments, learningRate, step });
 *   return { outputs: { loss }, state: { parameters: updated.parameters, moments: updated.moments } };
 * });
 * const batch = { x: new Float32Array(32).fill(1), y: new Float32Array(8).fill(2) };
 * for (let step = 1; step <= 100; step++) {
 *   const { loss } = await program.run({ ...batch, step: Float32Array.of(step) });
 *   console.log(loss[0]);
 * }
 * backend.dispose();
 */
export type { Level } from "./backend/addon.js";
export type { Backend } from "./backend/backend.js";
export { type BackendOptions, openBackend, requestBackend } from "./backend/open.js";
export { type Communicator, LostProcessError } from "./backend/communicator.js";
export type { NativeOptions } from "./backend/native.js";
export { type NativeCommunicator, joinMpi } from "./backend/native-communicator.js";
export {
  type Program,
  type ProgramMemory,
  type ProgramBody,
  type ProgramOptions,
  type Results,
  compile,
} from "./backend/program.js";
export { State } from "./backend/state.js";
export type { ThreadOptions } from "./backend/threads.js";
export { type Values, fromBfloat16, toBfloat16 } from "./backend/values.js";
export type { Abortable } from "./base/call-options.js";
export { NonFiniteError, OutOfMemoryError, ShapeError } from "./base/errors.js";
export { type Key, below, foldIn, keyOf, normal, uniform, uniformAt } from "./base/random.js";
export {
  type BranchOf,
  type Mapped,
  type Partly,
  type TreeOf,
  leavesOf,
  mapTree,
} from "./base/tree.js";
export { gradient } from "./graph/gradient.js";
export type { Range } from "./graph/ops/block-ranges.js";
export { constant } from "./graph/placeholder.js";
export {
  type Launch,
  type MpiLibrary,
  type Environment,
  launchOf,
  mpiLibraryPath,
} from "./parallel/launcher.js";
export {
  type Dtype,
  type Node,
  type Shape,
  type Tensor,
  type TensorSpec,
  spec,
} from "./graph/tensor.js";
export { remat, scope } from "./graph/trace.js";
export type { World } from "./graph/world.js";
export {
  type AdamWInputs,
  type AdamWOptions,
  type AdamWStep,
  type Gradients,
  type Moments,
  adamW,
  adamWMoments,
  trainable,
} from "./optim/adamw.js";
export { type Clipping, clipByGlobalNorm } from "./optim/clip.js";
export { type ParameterRule, type ParameterRules, freezing } from "./optim/rules.js";
export {
  type PlateauOptions,
  type ScheduleOptions,
  warmupCosine,
  warmupLinear,
  warmupPlateau,
} from "./optim/schedule.js";
