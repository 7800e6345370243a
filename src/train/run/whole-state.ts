/** The state of a run whose moments are divided among processes, as checkpoints hold it: whole, whatever their number. */
import type { Communicator } from "../../backend/communicator.js";
import type { State } from "../../backend/state.js";
import type { Values } from "../../backend/values.js";
import { type TensorSpec, spec } from "../../graph/tensor.js";
import type { DividedMoments } from "../../optim/divided-moments.js";
import type { SavedState } from "./run-state.js";

/** The whole of a state whose moments are divided; undefined if they are not. */
export function wholeState(
  state: State,
  divided: DividedMoments | undefined,
): WholeState | undefined {
  return divided && new WholeState(state, divided, state.backend.communicator!);
}

/** All processes call `read` together, with the same paths in the same order. */
export class WholeState implements SavedState {
  readonly paths: readonly string[];
  /** The parameter of each moment. */
  readonly #moments: ReadonlyMap<string, TensorSpec>;

  constructor(
    private readonly state: State,
    private readonly divided: DividedMoments,
    private readonly processes: Communicator,
  ) {
    this.#moments = new Map(
      [...divided.parameters].flatMap(([path, parameter]) =>
        ["first", "second"].map((name) => [`moments/${path}/${name}`, parameter] as const),
      ),
    );
    // In the order of a state that has all moments, so that files do not tell how many processes wrote them.
    this.paths = state.paths.flatMap((path) => {
      if (path === "step") return [...this.#moments.keys(), path];
      return path.startsWith("moments/") ? [] : [path];
    });
  }

  spec(path: string): TensorSpec {
    const parameter = this.#moments.get(path);
    return parameter ? spec(parameter.shape) : this.state.spec(path);
  }

  async read(path: string): Promise<Values> {
    const parameter = this.#moments.get(path);
    if (!parameter) return this.state.read(path);
    const ranges = Array.from({ length: this.processes.size }, (_, rank) =>
      this.divided.rangeOf(parameter, rank),
    );
    const longest = Math.max(...ranges.map(({ begin, end }) => end - begin));
    const own = new Float32Array(2 * Math.ceil(longest / 2)); // as many bytes as doubles have
    const { begin, end } = ranges[this.processes.rank]!;
    if (begin < end) own.set(await this.state.read(path));
    const all = await this.processes.gather(0, new Float64Array(own.buffer));
    const whole = new Float32Array(parameter.size);
    for (const [rank, { buffer, byteOffset }] of all.entries()) {
      const range = ranges[rank]!;
      whole.set(new Float32Array(buffer, byteOffset, range.end - range.begin), range.begin);
    }
    return whole;
  }

  /** Of a moment, this process keeps its own part. */
  write(path: string, values: Values): void {
    const parameter = this.#moments.get(path);
    if (!parameter) {
      this.state.write(path, values);
      return;
    }
    const { begin, end } = this.divided.rangeOf(parameter);
    if (begin < end) this.state.write(path, values.slice(begin, end));
  }

  async takePart(): Promise<void> {
    for (const path of this.#moments.keys()) await this.read(path);
  }
}
