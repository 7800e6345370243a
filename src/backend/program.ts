import type { Abortable } from "../base/call-options.js";
import { NonFiniteError } from "../base/errors.js";
import { exclusive } from "../base/call-queue.js";
import { type Mapped, type Partly, type TreeOf, leavesOf, mapTree } from "../base/tree.js";
import { divided, heldOf } from "../graph/divided.js";
import { flopsOf } from "../graph/flops.js";
import type { Range } from "../graph/ops/block-ranges.js";
import { reshape } from "../graph/ops/reshape.js";
import { slice } from "../graph/ops/slice.js";
import { placeholder } from "../graph/placeholder.js";
import { type Plan, plan } from "../graph/plan.js";
import { Tensor, TensorSpec, requireLeaves, sameShape } from "../graph/tensor.js";
import { formatBytes, requireMemory } from "./available-memory.js";
import { type Backend, type Executable, KernelError } from "./backend.js";
import { LostProcessError } from "./communicator.js";
import type { State } from "./state.js";
import { type Values, checkValues } from "./values.js";

/** Channels of divided state, one for each tensor; after those of gradients, before those of updated parameters. */
const firstChannel = 2 ** 12;

/** The results of a traced function: tensors to read after a run, and new values for parts of the state. */
export interface Results<S, O> {
  /** A tree of tensors, whose values `Program.run` gives. */
  readonly outputs: O;
  /** New values for parts of the state, a tree like the state; what is missing stays as it is. */
  readonly state?: Partly<Mapped<S, TensorSpec, Tensor>, Tensor>;
}

/** What a program reads: state, which stays between runs, and inputs, which each run is given. */
export interface ProgramOptions<S, I> {
  /** Parameters and whatever else persists; the program may give parts of it new values. */
  readonly state: State<S>;
  /** A tree of `spec(...)`: the shapes of what `Program.run` will be given. */
  readonly inputs: I;
}

/** What is traced: it makes outputs and new state of symbolic tensors for the state and the inputs. */
export type ProgramBody<S, I, O> = (
  state: Mapped<S, TensorSpec, Tensor>,
  inputs: Mapped<I, TensorSpec, Tensor>,
) => Results<S, O>;

/** Bytes that a program needs, known before anything is allocated. */
export interface ProgramMemory {
  /** By the first step of the path: "parameters", "moments", and so on. Shared by all programs on the state. */
  readonly state: Readonly<Record<string, number>>;
  /** Weights packed for the kernels, shared by all programs on the state that read them. */
  readonly prepared: number;
  /** Temporary tensors; all programs of a backend share one arena, as large as the largest needs. */
  readonly arena: number;
  /** The sum of all of these. */
  readonly total: number;
}

/**
 * Traces `body` once and makes it ready to run. `body` receives symbolic tensors for the state and the inputs.
 *
 * @throws ShapeError if shapes do not fit, with the operation and its place
 * @throws TypeError if an input is no `spec`, or an output no tensor
 *
 * @example
 * import { State, compile, openBackend, spec } from "flava/engine";
 * import { linear } from "flava/ops";
 *
 * const state = new State(openBackend(), { weight: spec([2, 4]) });
 * const program = compile({ state, inputs: { x: spec([8, 4]) } }, ({ weight }, { x }) => ({
 *   outputs: { y: linear(x, weight) },
 * }));
 * const { y } = await program.run({ x: new Float32Array(32) });
 */
export function compile<S, I extends TreeOf<I, TensorSpec>, O extends TreeOf<O, Tensor>>(
  options: ProgramOptions<S, I>,
  body: ProgramBody<S, I, O>,
): Program<I, O> {
  return compileTrees(options, body);
}

/** `compile` where the structure of the trees is a type parameter, so that the compiler cannot know their leaves. */
export function compileTrees<S, I, O>(
  options: ProgramOptions<S, I>,
  body: ProgramBody<S, I, O>,
): Program<I, O> {
  const { state } = options;
  requireLeaves("input", options.inputs, TensorSpec, "spec(shape)");
  const placeholders = tracedState(state);
  const inputs = mapTree(options.inputs, (leaf: TensorSpec, path) => placeholder(leaf, path));
  const results = body(placeholders, inputs);
  const byPath = new Map(leavesOf<Tensor>(placeholders));
  const updates = new Map<Tensor, Tensor>();
  for (const [path, value] of leavesOf<Tensor>(results.state)) {
    const target = byPath.get(path);
    if (!target)
      throw new Error(
        `The function returns new state at "${path}", where the state has no tensor.`,
      );
    const held = heldOf(target);
    const isHeld = sameShape(held.shape, value.shape); // as an update of a range in place is
    if ((!isHeld && !sameShape(target.shape, value.shape)) || target.dtype !== value.dtype) {
      throw new Error(
        `The state at "${path}" is ${String(target)}; its new value is ${String(value)}.`,
      );
    }
    if (value === target || value === held) continue;
    updates.set(held, isHeld ? value : rangeOfValue(value, state.ranges.get(path)!));
  }
  requireLeaves("output", results.outputs, Tensor, "a tensor of the traced function");
  const outputs = new Map(leavesOf<Tensor>(results.outputs));
  const made = plan({ outputs, updates }, state.backend.packsWeights, state.backend.memory);
  return new Program(options, results.outputs, made);
}

/** The tensors of a state, whole: of divided ones the placeholder is what this process has. */
function tracedState<S>(state: State<S>): Mapped<S, TensorSpec, Tensor> {
  const channels = new Map([...state.ranges.keys()].map((path, index) => [path, index]));
  const { communicator } = state.backend;
  return mapTree(state.specs, (leaf: TensorSpec, path) => {
    const held = placeholder(state.held(path), path, "state");
    const index = channels.get(path);
    if (index === undefined) return held;
    return divided(held, leaf.shape, communicator!, firstChannel + index);
  });
}

function rangeOfValue(value: Tensor, { begin, end }: Range): Tensor {
  return slice(reshape(value, [-1]), 0, begin, end);
}

/** A compiled function. The programs of a backend run one at a time. */
export class Program<I, O> {
  /** Bytes that the program needs. */
  readonly memory: ProgramMemory;
  readonly #options: ProgramOptions<unknown, I>;
  readonly #outputs: O;
  readonly #plan: Plan;
  readonly #inputSpecs: ReadonlyMap<string, TensorSpec>;
  #executable: Executable | undefined;
  #preparedVersion = -1;
  #runs = 0;

  constructor(options: ProgramOptions<unknown, I>, outputs: O, made: Plan) {
    this.#options = options;
    this.#outputs = outputs;
    this.#plan = made;
    this.#inputSpecs = new Map(leavesOf<TensorSpec>(options.inputs));
    const state = options.state.bytes;
    const { shared, preparedBytes, arenaBytes: arena } = made;
    const prepared = [...shared.values()].reduce((sum, { bytes }) => sum + bytes, preparedBytes);
    const ofState = Object.values(state).reduce((sum, bytes) => sum + bytes, 0);
    this.memory = { state, prepared, arena, total: ofState + prepared + arena };
  }

  /** Number of instructions; the first of them run only after the state was written. */
  get instructions(): number {
    return this.#plan.instructions.length;
  }

  /** Multiplications and additions of a run in products, convolutions and attention. */
  get flops(): number {
    return this.#plan.instructions.reduce((sum, instruction) => sum + flopsOf(instruction), 0);
  }

  /**
   * Runs the program once, off the main thread on the native backend. Until the promise is settled, the state
   * cannot be written nor, if the program updates it, be read.
   *
   * @param inputs a tree of values with the structure of the declared inputs
   * @param options `signal` stops the run between instructions; the state may then be partly updated
   * @throws NonFiniteError if a checked value is not finite; the state is then unchanged if gradients are clipped
   */
  async run(
    inputs: Mapped<I, TensorSpec, Values>,
    { signal }: Abortable = {},
  ): Promise<Mapped<O, Tensor, Values>> {
    const values = this.#checkInputs(inputs);
    const { state } = this.#options;
    return state.during(this.#plan.updatesState, () =>
      exclusive(state.backend, () => this.#runNow(values, signal)),
    );
  }

  /** Frees the memory that only this program uses; the state stays. */
  dispose(): void {
    if (!this.#executable) return;
    this.#executable.dispose();
    this.#options.state.prepared.release(this.#plan.shared.keys());
    this.#executable = undefined;
    this.#preparedVersion = -1;
  }

  async #runNow(
    values: ReadonlyMap<string, Values>,
    signal: AbortSignal | undefined,
  ): Promise<Mapped<O, Tensor, Values>> {
    signal?.throwIfAborted();
    const executable = this.#load();
    this.#runs++;
    const { state } = this.#options;
    try {
      await this.#prepare(executable, signal);
      const { preparing, instructions } = this.#plan;
      await timed(state.backend, () =>
        executable.run(preparing, instructions.length, values, signal),
      );
    } catch (error) {
      throw await this.#explain(executable, values, error);
    } finally {
      if (this.#plan.updatesState) state.version++;
    }
    this.#preparedVersion = state.version;
    state.prepared.mark(state.version, this.#plan.shared.keys());
    const read = [...this.#plan.outputs].map(
      async ([path, placed]) => [path, await executable.read(placed)] as const,
    );
    const outputs = new Map(await Promise.all(read));
    return mapTree(this.#outputs, (_: Tensor, path) => {
      const values = outputs.get(path);
      if (!values) throw new Error(`No output "${path}".`);
      return values;
    });
  }

  /** Runs the instructions behind what neither this program nor another has computed from the state's present values. */
  async #prepare(executable: Executable, signal: AbortSignal | undefined): Promise<void> {
    const { backend, version, prepared } = this.#options.state;
    const stale = this.#plan.kept.filter(({ tensor: { place } }) =>
      place.kind === "shared"
        ? !prepared.isOf(version, place.origin)
        : this.#preparedVersion !== version,
    );
    const needed = new Set(stale.flatMap(({ instructions }) => instructions));
    for (let begin = 0; begin < this.#plan.preparing; begin++) {
      if (!needed.has(begin)) continue;
      let end = begin + 1;
      while (needed.has(end)) end++;
      await timed(backend, () => executable.run(begin, end, new Map(), signal));
      begin = end;
    }
  }

  #load(): Executable {
    if (this.#executable) return this.#executable;
    const { state } = this.#options;
    const { arenaBytes, preparedBytes, shared } = this.#plan;
    const size = `(${formatBytes(arenaBytes)} for activations, ${formatBytes(this.memory.prepared)} for prepared weights)`;
    state.allocate(); // before available memory is checked
    const lacking = preparedBytes + state.prepared.lackingBytes(shared);
    const growth = Math.max(0, arenaBytes - state.backend.arenaBytes());
    requireMemory(lacking + growth, `This program ${size}`);
    state.prepared.take(shared);
    const executable = this.#loadPlan();
    for (const { tensor, values } of this.#plan.constants) executable.write(tensor, values);
    return (this.#executable = executable);
  }

  #loadPlan(): Executable {
    const { state } = this.#options;
    try {
      return state.backend.load(this.#plan, (place) =>
        place.kind === "state" ? state.memory(place.path) : state.prepared.memory(place.origin),
      );
    } catch (error) {
      state.prepared.release(this.#plan.shared.keys());
      throw error;
    }
  }

  #checkInputs(inputs: Mapped<I, TensorSpec, Values>): Map<string, Values> {
    const given = new Map(leavesOf<Values>(inputs));
    const used = new Map<string, Values>();
    for (const [path, expected] of this.#inputSpecs) {
      const values = given.get(path);
      if (!values) throw new Error(`The input "${path}" (${String(expected)}) is missing.`);
      checkValues(`The input "${path}"`, expected, values);
      if (this.#plan.inputs.has(path)) used.set(path, values);
    }
    return used;
  }

  /**
   * Names the operation that failed. A run with non-finite values is repeated to find the first one that produced them,
   * but only up to the first collective operation, which takes all processes.
   */
  async #explain(
    executable: Executable,
    inputs: ReadonlyMap<string, Values>,
    error: unknown,
  ): Promise<unknown> {
    if (!(error instanceof KernelError)) return error;
    const label = (index: number): string =>
      this.#plan.instructions[index]?.label ?? "an operation";
    if (this.#plan.instructions[error.instruction]?.op.awaits) {
      return new LostProcessError(error.message, { cause: error });
    }
    if (error.message !== "non-finite") {
      return new Error(`${label(error.instruction)}: ${error.message}`, { cause: error });
    }
    const { instructions } = this.#plan;
    const exchange = instructions.findIndex(({ op }) => op.collective !== undefined);
    const last = exchange < 0 ? instructions.length : exchange;
    const found = await executable.inspect(last, inputs);
    if (found !== undefined || exchange < 0 || error.instruction < exchange) {
      return new NonFiniteError(this.#runs, label(found ?? error.instruction));
    }
    const between = `${label(error.instruction)}, or before it but after ${label(exchange)}`;
    return new NonFiniteError(this.#runs, between);
  }
}

const seconds = new WeakMap<Backend, number>();

/** For how many seconds programs of a backend have run so far: the rest of a task's time goes to all other code. */
export function secondsInPrograms(backend: Backend): number {
  return seconds.get(backend) ?? 0;
}

/** Counts the time of a run. */
async function timed(backend: Backend, run: () => Promise<void>): Promise<void> {
  const began = performance.now();
  try {
    await run();
  } finally {
    seconds.set(backend, secondsInPrograms(backend) + (performance.now() - began) / 1000);
  }
}
