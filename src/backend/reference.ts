/**
 * The reference backend: every operation as plain TypeScript loops. It is the oracle of the tests and the fallback
 * where the native kernels are not built. It is slow, but runs the same plan, with the same arena, as the native
 * backend.
 */
import { type Dtype, type ReferenceTensor, TensorSpec } from "../graph/tensor.js";
import type { PlacedTensor } from "../graph/layout.js";
import type { Plan } from "../graph/plan.js";
import { type Backend, type Executable, KernelError, type Memory } from "./backend.js";
import type { Communicator } from "./communicator.js";
import { copyInputs, inspectInSteps } from "./stepping.js";
import { setTransposed } from "./transposed.js";
import { type Values, fromBfloat16, toBfloat16 } from "./values.js";

interface ReferenceOptions {
  /** float64 (default) rounds nothing, bfloat16 tensors included; float32 rounds every result to its dtype. */
  readonly precision?: "float64" | "float32";
  /** The processes of this run; default: there is only this one. */
  readonly processes?: Communicator | undefined;
}

type Numbers = ReferenceTensor["data"];

/** Factor on offsets in the arena, which are planned for at least 2 bytes per floating-point number. */
const scale = { float64: 4, float32: 2 } as const;

export function referenceBackend({
  precision = "float64",
  processes,
}: ReferenceOptions = {}): Backend {
  const view = (buffer: ArrayBuffer, offset: number, { dtype, size }: TensorSpec): Numbers => {
    if (dtype === "int32") return new Int32Array(buffer, offset, size);
    if (dtype === "int8") return new Int8Array(buffer, offset, size);
    return precision === "float64"
      ? new Float64Array(buffer, offset, size)
      : new Float32Array(buffer, offset, size);
  };
  const bytes = (count: number): number => count * scale[precision] + 8;
  const numbers = new WeakMap<Memory, Numbers>();
  return {
    name: "reference",
    level: precision,
    threads: 1,
    communicator: processes,
    arenaBytes: () => 0, // each program has its own
    packsWeights: false,
    allocate: (spec) => {
      const data = view(new ArrayBuffer(bytes(spec.bytes)), 0, spec);
      const memory = referenceMemory(data, spec.dtype);
      numbers.set(memory, data);
      return memory;
    },
    load: (plan, memoryOf) => {
      const arena = new ArrayBuffer(bytes(plan.arenaBytes));
      const prepared = new ArrayBuffer(bytes(plan.preparedBytes));
      const locate = ({ spec, place }: PlacedTensor): ReferenceTensor => {
        const { shape, dtype } = spec;
        if (place.kind === "state" || place.kind === "shared") {
          return { shape, dtype, data: numbers.get(memoryOf(place)) ?? new Float64Array() };
        }
        const buffer = place.kind === "arena" ? arena : prepared;
        return { shape, dtype, data: view(buffer, place.offset * scale[precision], spec) };
      };
      return new ReferenceExecutable(plan, locate, precision === "float32", processes);
    },
    dispose() {
      // Left to the garbage collector.
    },
  };
}

function referenceMemory(data: Numbers, dtype: Dtype): Memory {
  return {
    write: (values, start) => {
      fillFrom(data.subarray(start, start + values.length), dtype, values);
    },
    writeTransposed: (values, start, matrices) => setTransposed(data, start, values, matrices),
    read: () => Promise.resolve(valuesOf(data, dtype)),
    free() {
      // Left to the garbage collector.
    },
  };
}

function fillFrom(data: Numbers, dtype: Dtype, values: Values): void {
  const numbers = values instanceof Uint16Array ? fromBfloat16(values) : values;
  data.set(numbers);
  if (dtype === "bfloat16" && !(data instanceof Float64Array)) roundToBfloat16(data);
}

function valuesOf(data: Numbers, dtype: Dtype): Values {
  if (dtype === "int32") return Int32Array.from(data);
  if (dtype === "int8") return Int8Array.from(data);
  return Float32Array.from(data);
}

function roundToBfloat16(data: Numbers): void {
  if (data instanceof Float32Array) data.set(fromBfloat16(toBfloat16(data)));
}

class ReferenceExecutable implements Executable {
  readonly #calls: readonly { inputs: ReferenceTensor[]; outputs: ReferenceTensor[] }[];

  constructor(
    readonly plan: Plan,
    readonly locate: (tensor: PlacedTensor) => ReferenceTensor,
    readonly rounds: boolean,
    readonly processes: Communicator | undefined,
  ) {
    this.#calls = plan.instructions.map(({ inputs, outputs }) => ({
      inputs: inputs.map(locate),
      outputs: outputs.map(locate),
    }));
  }

  async run(
    first: number,
    last: number,
    inputs: ReadonlyMap<string, Values>,
    signal?: AbortSignal,
  ): Promise<void> {
    copyInputs(this, this.plan, inputs);
    let paused = performance.now();
    for (let index = first; index < last; index++) {
      await this.#perform(index);
      if (performance.now() - paused < 10) continue;
      await new Promise(setImmediate); // Lets timers and signals run between instructions.
      signal?.throwIfAborted();
      paused = performance.now();
    }
  }

  inspect(last: number, inputs: ReadonlyMap<string, Values>): Promise<number | undefined> {
    return inspectInSteps(this, this.plan, last, inputs);
  }

  read(tensor: PlacedTensor): Promise<Values> {
    return Promise.resolve(valuesOf(this.locate(tensor).data, tensor.spec.dtype));
  }

  write(tensor: PlacedTensor, values: Values): void {
    fillFrom(this.locate(tensor).data, tensor.spec.dtype, values);
  }

  dispose(): void {
    // Left to the garbage collector.
  }

  /** Executes an instruction, with the other processes if it is a collective operation. */
  async #perform(index: number): Promise<void> {
    const { op, attributes } = this.plan.instructions[index]!;
    if (!op.collective || !this.processes) {
      this.#execute(index);
      return;
    }
    const { gather } = this.processes;
    try {
      await op.collective({ ...this.#calls[index]!, attributes }, gather);
    } catch (error) {
      throw new KernelError(index, error instanceof Error ? error.message : String(error));
    }
  }

  #execute(index: number): void {
    const instruction = this.plan.instructions[index];
    const call = this.#calls[index];
    if (!instruction || !call) return;
    try {
      instruction.op.reference({ ...call, attributes: instruction.attributes });
    } catch (error) {
      throw new KernelError(index, error instanceof Error ? error.message : String(error));
    }
    if (!this.rounds) return;
    for (const { data, dtype } of call.outputs) if (dtype === "bfloat16") roundToBfloat16(data);
  }
}
