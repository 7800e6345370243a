/** Reading whole tensors of which each process has a range: one process reads them, in any order, and the others give it theirs. */
import { type Range, rangeOf } from "../graph/ops/block-ranges.js";
import type { Communicator } from "./communicator.js";

/** Small facts are exchanged on this channel. */
const channel = 0;

/** What a process says instead of the number of the tensor that it reads next. */
const nothingMore = -1;
const listening = -2;

/** All processes make one, of the same tensors in the same order, and then call `give`, but for one, which calls `read` and `end`. */
export class LentRanges {
  readonly #paths: readonly string[];

  /**
   * @param sizes of the whole tensors, by path
   * @param readOwn the numbers that this process has
   */
  constructor(
    private readonly processes: Communicator,
    private readonly sizes: ReadonlyMap<string, number>,
    private readonly readOwn: (path: string) => Promise<Float32Array>,
  ) {
    this.#paths = [...sizes.keys()];
  }

  /** Gives what this process has of each tensor that is read, until there is nothing more to read. */
  async give(): Promise<void> {
    for (;;) {
      const said = await this.#say(listening);
      const next = said.find((each) => each !== listening) ?? nothingMore;
      if (next === nothingMore) return;
      await this.#gather(this.#paths[next]!);
    }
  }

  async read(path: string): Promise<Float32Array> {
    await this.#say(this.#paths.indexOf(path));
    return this.#gather(path);
  }

  async end(): Promise<void> {
    await this.#say(nothingMore);
  }

  async #say(number: number): Promise<number[]> {
    const all = await this.processes.gather(channel, Float64Array.of(number));
    return all.map(([said = nothingMore]) => said);
  }

  async #gather(path: string): Promise<Float32Array> {
    const { size, rank } = this.processes;
    const whole = new Float32Array(this.sizes.get(path)!);
    const ranges = Array.from({ length: size }, (_, each) =>
      rangeOf(whole.length, { size, rank: each }),
    );
    const longest = Math.max(...ranges.map(lengthOf));
    const own = new Float32Array(2 * Math.ceil(longest / 2)); // as many bytes as doubles have
    if (lengthOf(ranges[rank]!) > 0) own.set(await this.readOwn(path));
    const all = await this.processes.gather(channel, new Float64Array(own.buffer));
    for (const [each, { buffer, byteOffset }] of all.entries()) {
      const range = ranges[each]!;
      whole.set(new Float32Array(buffer, byteOffset, lengthOf(range)), range.begin);
    }
    return whole;
  }
}

const lengthOf = ({ begin, end }: Range): number => end - begin;
