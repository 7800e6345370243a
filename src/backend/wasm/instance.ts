/** An instance of the module of kernels. All instances of a backend, one for each thread, are on the same memory. */
import { Instance, Memory, type Module, type SharedMemory } from "./webassembly.js";

/** The functions of the module, documented in `native/wasm/module.cpp`. Pointers come as signed numbers. */
interface Exports {
  readonly __stack_pointer: { value: number };
  initialize(threads: number): void;
  signature(kernel: number): number;
  allocate(bytes: number): number;
  release(address: number): void;
  execute(word: number, arena: number): number;
  error(): number;
  isOutOfMemory(): number;
  join(thread: number): void;
}

/** As in native/build-wasm.mjs. */
const initialPages = 16;
/** All that 32-bit addresses reach. */
const maximumPages = 65536;
const stackBytes = 2 ** 18;

/** Words to execute, from address `word` up to `end`, with the arena at `arena`. */
export interface Section {
  readonly word: number;
  readonly end: number;
  readonly arena: number;
}

/** Where execution stopped: at the end of the section, or at an instruction that failed for the reason `error`. */
export interface Stop {
  readonly word: number;
  readonly error?: string;
}

export class WasmInstance {
  readonly #exports: Exports;

  /** @param stack a stack of its own, as `stack` makes it; the first instance on a memory has one already */
  constructor(
    module: Module,
    readonly memory: SharedMemory = new Memory({
      initial: initialPages,
      maximum: maximumPages,
      shared: true,
    }),
    stack?: number,
  ) {
    this.#exports = new Instance(module, { env: { memory } }).exports as Exports;
    if (stack === undefined) return;
    this.#exports.__stack_pointer.value = stack;
    memory.grow(0); // V8 may have missed growth while this instance was made
  }

  /** Makes the memory ready for so many threads; called once, by the first instance on it. Returns all signatures. */
  initialize(threads: number): string[] {
    this.#exports.initialize(threads);
    const signatures: string[] = [];
    for (;;) {
      const address = this.#exports.signature(signatures.length);
      if (address === 0) return signatures;
      signatures.push(this.#textAt(address));
    }
  }

  /** The address of zeroed memory, a multiple of 64; undefined if there is not enough. */
  allocate(bytes: number): number | undefined {
    return this.#exports.allocate(bytes) >>> 0 || undefined;
  }

  release(address: number): void {
    this.#exports.release(address);
  }

  /** The initial stack pointer of a new stack, which grows down; undefined if there is not enough memory. */
  stack(): number | undefined {
    const address = this.allocate(stackBytes);
    return address === undefined ? undefined : address + stackBytes;
  }

  /** A view of the memory. */
  bytes(address: number, length: number): Uint8Array<SharedArrayBuffer> {
    // The length of the buffer may be that before another thread let it grow.
    if (address + length > this.memory.buffer.byteLength) this.memory.grow(0);
    return new Uint8Array(this.memory.buffer, address, length);
  }

  /** Executes instructions one by one until the section ends, one fails, or `stops` says so between two of them. */
  execute({ word, end, arena }: Section, stops: () => boolean): Stop {
    const stack = this.#exports.__stack_pointer.value;
    let at = word;
    try {
      while (at < end && !stops()) {
        const next = this.#exports.execute(at, arena) >>> 0;
        if (next === 0) return { word: at, error: this.#textAt(this.#exports.error()) };
        at = next;
      }
      return { word: at };
    } catch (error) {
      this.#exports.__stack_pointer.value = stack;
      return { word: at, error: (error as Error).message };
    }
  }

  /** Whether a kernel ended because there was no scratch memory. */
  isOutOfMemory(): boolean {
    return this.#exports.isOutOfMemory() !== 0;
  }

  /** Takes part in what thread 0 executes, as one of its threads; never returns. */
  join(thread: number): void {
    this.#exports.join(thread);
  }

  #textAt(pointer: number): string {
    const address = pointer >>> 0;
    const bytes = new Uint8Array(this.memory.buffer, address);
    return new TextDecoder().decode(this.bytes(address, bytes.indexOf(0)).slice());
  }
}
