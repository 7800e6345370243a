/**
 * The WebAssembly backend: the native kernels, compiled for vectors of 128 bits. It runs wherever JavaScript does, and is
 * the fallback where the native kernels are not built. Parameters, arena and programs are in its memory of 4 GiB at most.
 * This file also loads in browsers.
 */
import { OutOfMemoryError } from "../../base/errors.js";
import type { PersistentPlace, PlacedTensor } from "../../graph/layout.js";
import type { Plan } from "../../graph/plan.js";
import { type TensorSpec, bytesPerElement } from "../../graph/tensor.js";
import { type Backend, type Executable, KernelError, type Memory } from "../backend.js";
import { encodePlan } from "../encode.js";
import { copyInputs, inspectInSteps } from "../stepping.js";
import { setTransposed } from "../transposed.js";
import { type Values, fromBits, toBits } from "../values.js";
import type { Executor } from "./executor.js";
import { type Section, WasmInstance } from "./instance.js";
import type { Module } from "./webassembly.js";

export interface WasmOptions {
  /** The compiled `native/wasm/flava.wasm`. */
  readonly module: Module;
  readonly threads: number;
  /** Makes what executes programs, with so many threads. */
  readonly executor: (instance: WasmInstance) => Executor;
}

/** As in native/wasm/threads.h. */
export const maxThreads = 64;

/** Opens the WebAssembly backend. */
export function wasmBackend({ module, threads, executor: open }: WasmOptions): Backend {
  const instance = new WasmInstance(module);
  const kernels = new Map(
    instance.initialize(threads).map((signature, index) => [signature, index]),
  );
  const heap = new Heap(instance);
  const addresses = new WeakMap<Memory, number>();
  const executor = open(instance);
  return {
    name: "wasm",
    level: "simd128",
    threads,
    arenaBytes: () => heap.arenaBytes,
    packsWeights: true,
    allocate: (spec) => {
      const address = heap.allocate(spec.bytes);
      const memory = wasmMemory(heap, address, spec);
      addresses.set(memory, address);
      return memory;
    },
    load: (plan, memoryOf) => {
      heap.reserveArena(plan.arenaBytes);
      const addressOf = (place: PersistentPlace): number => {
        const address = addresses.get(memoryOf(place));
        if (address === undefined) throw new Error("This memory belongs to another backend.");
        return address;
      };
      return new WasmExecutable(heap, executor, plan, kernels, addressOf);
    },
    dispose: () => {
      executor.dispose();
    },
  };
}

/** The memory of a backend. */
class Heap {
  arenaBytes = 0;
  #arena = 0;

  constructor(readonly instance: WasmInstance) {}

  get arena(): number {
    return this.#arena;
  }

  allocate(bytes: number): number {
    const address = this.instance.allocate(bytes);
    if (address !== undefined) return address;
    const gibibytes = (size: number): string => `${(size / 2 ** 30).toFixed(2)} GiB`;
    throw new OutOfMemoryError(
      `The WebAssembly backend cannot allocate ${gibibytes(bytes)} more: it has taken ` +
        `${gibibytes(this.instance.memory.buffer.byteLength)} of memory, and 4 GiB are its limit. ` +
        "Use a smaller batch or model, or the native backend, which has no limit.",
    );
  }

  /** Makes the arena at least this large. Its contents are lost when it grows. */
  reserveArena(bytes: number): void {
    if (bytes <= this.arenaBytes) return;
    this.instance.release(this.#arena);
    [this.#arena, this.arenaBytes] = [0, 0];
    this.#arena = this.allocate(bytes);
    this.arenaBytes = bytes;
  }

  write(address: number, values: Values, spec: Pick<TensorSpec, "dtype">): void {
    const { buffer, byteOffset, byteLength } = toBits(values, spec.dtype);
    this.instance.bytes(address, byteLength).set(new Uint8Array(buffer, byteOffset, byteLength));
  }

  read(address: number, { dtype, bytes }: TensorSpec): Values {
    const copy = new Uint8Array(bytes);
    copy.set(this.instance.bytes(address, bytes));
    return fromBits(copy.buffer, dtype);
  }
}

function wasmMemory(heap: Heap, address: number, spec: TensorSpec): Memory {
  const elementBytes = bytesPerElement[spec.dtype];
  return {
    write: (values, start) => heap.write(address + start * elementBytes, values, spec),
    writeTransposed: (values, start, matrices) => {
      const transposed = new Float32Array(values.length);
      setTransposed(transposed, 0, values, matrices);
      heap.write(address + start * elementBytes, transposed, spec);
    },
    read: () => Promise.resolve(heap.read(address, spec)),
    free: () => heap.instance.release(address),
  };
}

const exhausted =
  "The WebAssembly backend has no memory left for its kernels; 4 GiB are its limit. Open it again for a smaller batch or " +
  "model, or use the native backend, which has no limit.";

/** Buffers as the module knows them: the arena, whose address may still change, and all memory. */
const [arenaBuffer, memoryBuffer] = [0, 1];

class WasmExecutable implements Executable {
  readonly #heap: Heap;
  readonly #executor: Executor;
  readonly #plan: Plan;
  readonly #addressOf: (place: PersistentPlace) => number;
  readonly #prepared: number;
  /** The address of the encoded program. */
  readonly #words: number;
  readonly #starts: readonly number[];

  constructor(
    heap: Heap,
    executor: Executor,
    plan: Plan,
    kernels: ReadonlyMap<string, number>,
    addressOf: (place: PersistentPlace) => number,
  ) {
    this.#heap = heap;
    this.#executor = executor;
    this.#plan = plan;
    this.#addressOf = addressOf;
    this.#prepared = plan.preparedBytes > 0 ? heap.allocate(plan.preparedBytes) : 0;
    const { signatures, words, starts } = encodePlan(plan, (tensor) => this.#locate(tensor));
    for (const start of starts.slice(0, -1)) {
      words[start] = kernelOf(signatures[words[start]!]!, kernels);
    }
    this.#starts = starts;
    this.#words = heap.allocate(words.byteLength);
    heap.instance.bytes(this.#words, words.byteLength).set(new Uint8Array(words.buffer));
  }

  async run(
    first: number,
    last: number,
    inputs: ReadonlyMap<string, Values>,
    signal?: AbortSignal,
  ): Promise<void> {
    copyInputs(this, this.#plan, inputs);
    const section = this.#section(first, last);
    const failed = (cause: unknown): never => {
      throw this.#heap.instance.isOutOfMemory() ? new OutOfMemoryError(exhausted) : cause;
    };
    const { word, error } = await this.#executor.run(section, signal).catch(failed);
    if (this.#heap.instance.isOutOfMemory()) return failed(undefined);
    if (error !== undefined) {
      throw new KernelError(this.#starts.indexOf((word - this.#words) / 8), error);
    }
    if (word !== section.end) throw signal?.reason;
  }

  inspect(last: number, inputs: ReadonlyMap<string, Values>): Promise<number | undefined> {
    return inspectInSteps(this, this.#plan, last, inputs);
  }

  read(tensor: PlacedTensor): Promise<Values> {
    return Promise.resolve(this.#heap.read(this.#addressNow(tensor), tensor.spec));
  }

  write(tensor: PlacedTensor, values: Values): void {
    this.#heap.write(this.#addressNow(tensor), values, tensor.spec);
  }

  dispose(): void {
    this.#heap.instance.release(this.#words);
    this.#heap.instance.release(this.#prepared);
  }

  #section(first: number, last: number): Section {
    const [word, end] = [first, last].map((index) => this.#words + 8 * this.#starts[index]!);
    return { word: word!, end: end!, arena: this.#heap.arena };
  }

  /** Buffer and offset, as the program states them. */
  #locate({ place }: PlacedTensor): readonly [buffer: number, offset: number] {
    switch (place.kind) {
      case "arena":
        return [arenaBuffer, place.offset];
      case "prepared":
        return [memoryBuffer, this.#prepared + place.offset];
      case "state":
      case "shared":
        return [memoryBuffer, this.#addressOf(place)];
    }
  }

  #addressNow(tensor: PlacedTensor): number {
    const [buffer, offset] = this.#locate(tensor);
    return buffer === arenaBuffer ? this.#heap.arena + offset : offset;
  }
}

function kernelOf(signature: string, kernels: ReadonlyMap<string, number>): number {
  const kernel = kernels.get(signature);
  if (kernel !== undefined) return kernel;
  throw new Error(
    `The kernels in native/wasm/flava.wasm do not fit this version of flava: there is no ${signature}. ` +
      'Rebuild them with "npm run build:wasm".',
  );
}
