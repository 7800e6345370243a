/** The state of a run whose moments are divided among processes, as checkpoints hold it: whole, whatever their number. */
import type { Communicator } from "../../backend/communicator.js";
import type { State } from "../../backend/state.js";
import type { Values } from "../../backend/values.js";
import { type TensorSpec, spec } from "../../graph/tensor.js";
import type { Bucket, DividedMoments, Member } from "../../optim/divided-moments.js";
import type { SavedState } from "./run-state.js";

const moments = ["first", "second"] as const;
type Moment = (typeof moments)[number];

interface Place {
  readonly bucket: Bucket;
  readonly member: Member;
  readonly moment: Moment;
}

/** The whole of a state whose moments are divided; undefined if they are not. */
export function wholeState(
  state: State,
  divided: DividedMoments | undefined,
): WholeState | undefined {
  return divided && new WholeState(state, divided, state.backend.communicator!);
}

/** As it is at one moment. All processes call `read` together, with the same paths in the same order. */
export class WholeState implements SavedState {
  readonly paths: readonly string[];
  readonly #places = new Map<string, Place>();
  /** The paths of which this process has a part, or all. */
  readonly #own: ReadonlySet<string>;
  /** The moments of one bucket, of which the next paths are probably other members. */
  #gathered:
    { readonly bucket: Bucket; readonly rows: Readonly<Record<Moment, Float32Array>> } | undefined;

  constructor(
    private readonly state: State,
    private readonly divided: DividedMoments,
    private readonly processes: Communicator,
  ) {
    this.#own = new Set(state.paths);
    for (const bucket of divided.buckets) {
      for (const member of bucket.members) {
        for (const moment of moments) {
          this.#places.set(`moments/${member.path}/${moment}`, { bucket, member, moment });
        }
      }
    }
    // In the order of a state that has all moments, so that files do not tell how many processes wrote them.
    this.paths = state.paths.flatMap((path) => {
      if (path === "step") return [...this.#places.keys(), path];
      return path.startsWith("moments/") ? [] : [path];
    });
  }

  spec(path: string): TensorSpec {
    const place = this.#places.get(path);
    return place ? spec(place.member.spec.shape) : this.state.spec(path);
  }

  async read(path: string): Promise<Values> {
    const place = this.#places.get(path);
    if (!place) return this.state.read(path);
    const { bucket, member, moment } = place;
    if (this.#gathered?.bucket !== bucket) {
      const [first, second] = [
        await this.#gather(bucket, "first"),
        await this.#gather(bucket, "second"),
      ];
      this.#gathered = { bucket, rows: { first, second } };
    }
    return this.#gathered.rows[moment].slice(member.offset, member.offset + member.spec.size);
  }

  /** Of a moment, this process keeps its own part. */
  write(path: string, values: Values): void {
    const place = this.#places.get(path);
    const range = place && this.divided.rangeOf(place.bucket, place.member);
    if (place && !range) return;
    this.state.write(path, range ? values.slice(range.begin, range.end) : values);
  }

  async takePart(): Promise<void> {
    for (const path of this.#places.keys()) await this.read(path);
  }

  /** A moment of all members, in a row. */
  async #gather({ members, length }: Bucket, moment: Moment): Promise<Float32Array> {
    const own = new Float32Array(2 * Math.ceil(length / 2)); // as many bytes as doubles have
    let filled = 0;
    for (const { path } of members) {
      const name = `moments/${path}/${moment}`;
      if (!this.#own.has(name)) continue;
      const values = await this.state.read(name);
      own.set(values, filled);
      filled += values.length;
    }
    const all = await this.processes.gather(0, new Float64Array(own.buffer));
    const row = new Float32Array(length * all.length);
    for (const [rank, { buffer, byteOffset }] of all.entries()) {
      row.set(new Float32Array(buffer, byteOffset, length), rank * length);
    }
    return row;
  }
}
