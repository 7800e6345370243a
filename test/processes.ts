import type { Communicator } from "../src/backend/communicator.js";

/** Waits until all processes have brought their values. */
class Meeting {
  readonly #brought = new Map<number, Float64Array>();
  readonly #waiting: ((all: readonly Float64Array[]) => void)[] = [];

  constructor(private readonly size: number) {}

  join(rank: number, values: Float64Array): Promise<readonly Float64Array[]> {
    return new Promise((resolve) => {
      this.#brought.set(rank, values);
      this.#waiting.push(resolve);
      if (this.#waiting.length < this.size) return;
      const all = Array.from({ length: this.size }, (_, each) => this.#brought.get(each)!);
      for (const settle of this.#waiting) settle(all);
    });
  }
}

/** Communicators of "processes" that are asynchronous functions of one thread, for the reference backend. */
export function communicators(size: number): Communicator[] {
  const meetings = new Map<string, Meeting>();
  const meeting = (name: string): Meeting => {
    const found = meetings.get(name) ?? new Meeting(size);
    meetings.set(name, found);
    return found;
  };
  return Array.from({ length: size }, (_, rank) => {
    const calls = new Map<number, number>();
    return {
      size,
      rank,
      hosts: Array.from({ length: size }, () => "here"),
      gather: (channel, values) => {
        const call = calls.get(channel) ?? 0;
        calls.set(channel, call + 1);
        return meeting(`${channel}, ${call}`).join(rank, values);
      },
    };
  });
}
