/** The native backend: plans are encoded as numbers once and run by the C++ executor, with one call per run. */
import { OutOfMemoryError } from "../base/errors.js";
import { aligned } from "../graph/arena.js";
import type { PersistentPlace, PlacedTensor } from "../graph/layout.js";
import type { Plan } from "../graph/plan.js";
import { type TensorSpec, bytesPerElement } from "../graph/tensor.js";
import {
  type Addon,
  type Context,
  type Level,
  NativeKernelsError,
  type RunResult,
  loadAddon,
  outdated,
  realLevels,
} from "./addon.js";
import {
  type Backend,
  type Executable,
  KernelError,
  type Memory,
  type OpenFile,
  type TensorInFile,
} from "./backend.js";
import type { NativeCommunicator } from "./native-communicator.js";
import { encodePlan } from "./encode.js";
import { type LevelSpeeds, levelSpeeds } from "./level-speeds.js";
import { type ThreadOptions, threadsFrom } from "./threads.js";
import { type Values, fromBits, toBits } from "./values.js";

/** What of a processor is used, and with whom. */
export interface NativeOptions extends ThreadOptions {
  /** The highest processor level to use; default: `FLAVA_LEVEL`, else the fastest on this machine. */
  readonly level?: Level;
  /** The processes of this run, from `joinMpi`; default: there is only this one. */
  readonly processes?: NativeCommunicator | undefined;
}

/** Why the native kernels cannot be used, and what to do; undefined if they can. */
export function nativeFault(): NativeKernelsError | undefined {
  const addon = loadAddon();
  return addon instanceof Error ? addon : undefined;
}

/** The processor levels that this machine supports, lowest first; none if the native kernels were not built. */
export function nativeLevels(): Level[] {
  const addon = loadAddon();
  return addon instanceof Error ? [] : realLevels(addon);
}

/**
 * How fast each processor level multiplies here, measured at first use, and the level that `nativeBackend()` takes.
 * Throws if the kernels were not built.
 */
export function nativeSpeeds(): LevelSpeeds & { readonly level: Level } {
  const addon = loadAddon();
  if (addon instanceof Error) throw addon;
  return { level: levelFrom({}, addon), ...levelSpeeds(addon) };
}

/** Opens the native backend; throws if the kernels were not built or the level is not available. */
export function nativeBackend(options: NativeOptions = {}): Backend {
  const addon = loadAddon();
  if (addon instanceof Error) throw addon;
  const { processes } = options;
  const context = addon.open({
    threads: threadsFrom(options),
    level: levelFrom(options, addon),
    communicator: processes?.joined,
  });
  const { level, threads } = addon.describe(context);
  const locations = new WeakMap<Memory, Location>();
  const locate = (memory: Memory): Location => {
    const location = locations.get(memory);
    if (!location) throw new Error("This memory belongs to another backend.");
    return location;
  };
  const memoryAt = (location: Location, spec: TensorSpec, free: () => void): Memory => {
    const memory = nativeMemory(addon, context, location, spec, free);
    locations.set(memory, location);
    return memory;
  };
  /** Parts of a buffer, which is freed with the last of them. */
  const partsOf = (id: number, tensors: readonly TensorInFile[]): Memory[] => {
    let inUse = tensors.length;
    const free = (): void => {
      if (--inUse === 0 && !closed.has(context)) addon.free(context, id);
    };
    return tensors.map(({ spec, offset }) => memoryAt([id, offset], spec, free));
  };
  let arenaBytes = 0;
  return {
    name: "native",
    level,
    threads,
    communicator: processes,
    arenaBytes: () => arenaBytes,
    packsWeights: true,
    allocate: (spec) => partsOf(allocate(addon, context, spec.bytes), [{ spec, offset: 0 }])[0]!,
    allocateTogether: (specs) => {
      const { tensors, bytes } = sideBySide(specs);
      return specs.length === 0 ? [] : partsOf(allocate(addon, context, bytes), tensors);
    },
    map: (file, tensors) => {
      requireWithin(file, tensors);
      const id = tensors.length > 0 ? addon.map(context, file.descriptor, file.bytes) : 0;
      return id === 0 ? undefined : partsOf(id, tensors);
    },
    load: (plan, memoryOf) => {
      orOutOfMemory(context, () => addon.reserveArena(context, plan.arenaBytes));
      arenaBytes = Math.max(arenaBytes, plan.arenaBytes);
      return new NativeExecutable(addon, context, plan, (place) => locate(memoryOf(place)));
    },
    dispose: () => {
      addon.close(context);
      closed.add(context);
    },
  };
}

/** Contexts whose memory was freed: there is nothing left to free, and nothing to use. */
const closed = new WeakSet<Context>();

/** @throws Error if the context is closed */
function requireOpen(context: Context): void {
  if (!closed.has(context)) return;
  throw new Error(
    "This backend was disposed of, alone or with the model that it belongs to: open another.",
  );
}

/** The fastest level, looked up or measured once in this process. */
let fastest: Level | undefined;

function levelFrom({ level }: NativeOptions, addon: Addon): Level {
  const requested = level ?? process.env.FLAVA_LEVEL;
  if (requested === undefined || requested === "") return (fastest ??= levelSpeeds(addon).fastest);
  const available = addon.levels();
  const found = available.find((known) => known === requested);
  if (found) return found;
  throw new RangeError(
    `The processor level "${requested}" is not available. This machine supports ${available.join(", ")}.`,
  );
}

/** Location of memory: a native buffer and an offset in bytes. */
type Location = readonly [id: number, offset: number];

/** Kernels read elements at any multiple of their size. */
function requireWithin(file: OpenFile, tensors: readonly TensorInFile[]): void {
  for (const { spec, offset } of tensors) {
    const fits = offset >= 0 && offset + spec.bytes <= file.bytes;
    if (fits && offset % bytesPerElement[spec.dtype] === 0) continue;
    throw new RangeError(
      `A tensor ${String(spec)} at byte ${offset} of a file with ${file.bytes} cannot be mapped: it must begin at a ` +
        `multiple of ${bytesPerElement[spec.dtype]} and end within the file.`,
    );
  }
}

/** Offsets of tensors one after another, and the bytes of all. */
function sideBySide(specs: readonly TensorSpec[]): {
  readonly tensors: readonly TensorInFile[];
  readonly bytes: number;
} {
  let bytes = 0;
  const tensors = specs.map((spec) => {
    const offset = bytes;
    bytes += aligned(spec.bytes);
    return { spec, offset };
  });
  return { tensors, bytes };
}

function allocate(addon: Addon, context: Context, bytes: number): number {
  return orOutOfMemory(context, () => addon.allocate(context, aligned(Math.max(bytes, 1))));
}

function orOutOfMemory<T>(context: Context, reserve: () => T): T {
  requireOpen(context);
  try {
    return reserve();
  } catch (error) {
    throw new OutOfMemoryError((error as Error).message, { cause: error });
  }
}

/** The abort flags of the current runs, which are stopped at exit because Node waits for them. */
const running = new Set<Int32Array>();
process.on("exit", () => {
  for (const flag of running) flag[0] = 1;
});

function nativeMemory(
  addon: Addon,
  context: Context,
  [id, offset]: Location,
  { dtype, bytes }: TensorSpec,
  free: () => void,
): Memory {
  return {
    write: (values, start) => {
      requireOpen(context);
      addon.write(context, id, offset + start * bytesPerElement[dtype], toBits(values, dtype));
    },
    writeTransposed: (values, start, { rows, columns }) => {
      requireOpen(context);
      addon.writeTransposed(context, id, offset + start * 4, values, rows, columns);
    },
    read: () => {
      requireOpen(context);
      return Promise.resolve(fromBits(addon.read(context, id, offset, bytes), dtype));
    },
    free,
  };
}

class NativeExecutable implements Executable {
  readonly #addon: Addon;
  readonly #context: Context;
  readonly #plan: Plan;
  readonly #program: number;
  readonly #prepared: number;
  readonly #locate: (place: PersistentPlace) => Location;

  constructor(
    addon: Addon,
    context: Context,
    plan: Plan,
    locate: (place: PersistentPlace) => Location,
  ) {
    this.#addon = addon;
    this.#context = context;
    this.#plan = plan;
    this.#locate = locate;
    this.#prepared = plan.preparedBytes > 0 ? allocate(addon, context, plan.preparedBytes) : 0;
    const { signatures, words } = encodePlan(plan, (tensor) => this.#buffer(tensor));
    try {
      this.#program = addon.load(context, signatures, words);
    } catch (cause) {
      throw outdated(cause as Error);
    }
  }

  async run(
    first: number,
    last: number,
    inputs: ReadonlyMap<string, Values>,
    signal?: AbortSignal,
  ): Promise<void> {
    const abort = new Int32Array(1);
    const stop = (): void => {
      abort[0] = 1;
    };
    signal?.addEventListener("abort", stop, { once: true });
    running.add(abort);
    try {
      const result = await this.#run(first, last, false, abort, inputs);
      if (result.status === 1) throw signal?.reason;
      if (result.status !== 0) throw new KernelError(result.instruction, result.message);
    } finally {
      running.delete(abort);
      signal?.removeEventListener("abort", stop);
    }
  }

  async inspect(last: number, inputs: ReadonlyMap<string, Values>): Promise<number | undefined> {
    const result = await this.#run(0, last, true, new Int32Array(1), inputs);
    return result.status === 0 ? undefined : result.instruction;
  }

  read(tensor: PlacedTensor): Promise<Values> {
    const [id, offset] = this.#buffer(tensor);
    const bits = this.#addon.read(this.#context, id, offset, tensor.spec.bytes);
    return Promise.resolve(fromBits(bits, tensor.spec.dtype));
  }

  write(tensor: PlacedTensor, values: Values): void {
    const [id, offset] = this.#buffer(tensor);
    this.#addon.write(this.#context, id, offset, toBits(values, tensor.spec.dtype));
  }

  dispose(): void {
    if (closed.has(this.#context)) return;
    this.#addon.unload(this.#context, this.#program);
    if (this.#prepared !== 0) this.#addon.free(this.#context, this.#prepared);
  }

  #run(
    first: number,
    last: number,
    inspect: boolean,
    abort: Int32Array,
    inputs: ReadonlyMap<string, Values>,
  ): Promise<RunResult> {
    requireOpen(this.#context);
    const copies = [...inputs].flatMap(([path, values]) => {
      const tensor = this.#plan.inputs.get(path);
      if (!tensor) return [];
      const [id, offset] = this.#buffer(tensor);
      return [{ id, offset, data: toBits(values, tensor.spec.dtype) }];
    });
    return this.#addon.run(this.#context, this.#program, first, last, inspect, abort, copies);
  }

  /** The native buffer that holds the tensor, and the offset in it. */
  #buffer({ place }: PlacedTensor): Location {
    switch (place.kind) {
      case "arena":
        return [0, place.offset];
      case "prepared":
        return [this.#prepared, place.offset];
      case "state":
      case "shared":
        return this.#locate(place);
    }
  }
}
