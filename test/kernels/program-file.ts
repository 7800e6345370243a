/** Files of programs and their inputs, which native/check/main.cpp describes and runs under sanitizers. */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Backend } from "../../src/backend/backend.js";
import { encodePlan } from "../../src/backend/encode.js";
import { type Values, toBfloat16 } from "../../src/backend/values.js";
import { aligned } from "../../src/graph/arena.js";
import type { PlacedTensor } from "../../src/graph/layout.js";
import type { Plan } from "../../src/graph/plan.js";

/** How a run is to end. */
export type Ending = "done" | "failed";

const statusOf: Readonly<Record<Ending, number>> = { done: 0, failed: 2 };

/** Gathers numbers as bytes, little endian. */
class Bytes {
  readonly #parts: Buffer[] = [];

  uint32(value: number): void {
    const part = Buffer.alloc(4);
    part.writeUInt32LE(value);
    this.#parts.push(part);
  }

  uint64(value: number): void {
    const part = Buffer.alloc(8);
    part.writeBigUInt64LE(BigInt(value));
    this.#parts.push(part);
  }

  values(values: Values | Float64Array): void {
    this.#parts.push(
      Buffer.from(values.buffer as ArrayBuffer, values.byteOffset, values.byteLength),
    );
  }

  text(text: string): void {
    this.#parts.push(Buffer.from(text));
  }

  all(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

/** The tensors of the state that the plan reads, by path. */
function stateOf(plan: Plan): Map<string, PlacedTensor> {
  const operands = plan.instructions.flatMap(({ inputs, outputs }) => [...inputs, ...outputs]);
  return new Map(
    operands.flatMap((tensor) =>
      tensor.place.kind === "state" ? [[tensor.place.path, tensor] as const] : [],
    ),
  );
}

function programFile(
  plan: Plan,
  inputs: ReadonlyMap<string, Values>,
  stateAt: (path: string) => Values,
  ending: Ending,
): Buffer {
  const state = stateOf(plan);
  const sizes = [...state.values()].map(({ spec }) => spec.bytes);
  if (plan.preparedBytes > 0) sizes.unshift(plan.preparedBytes);
  const firstOfState = plan.preparedBytes > 0 ? 2 : 1;
  const idOf = new Map([...state.keys()].map((path, i) => [path, firstOfState + i]));
  const placeOf = ({ place }: PlacedTensor): readonly [id: number, offset: number] =>
    place.kind === "state"
      ? [idOf.get(place.path)!, place.offset]
      : [place.kind === "arena" ? 0 : 1, place.offset];
  const { names, words } = encodePlan(plan, placeOf);
  const given = [
    ...[...inputs].map(([path, values]) => ({ tensor: plan.inputs.get(path)!, values })),
    ...[...state].map(([path, tensor]) => ({ tensor, values: stateAt(path) })),
  ];
  const bytes = new Bytes();
  bytes.text("FLAVAPRG");
  bytes.uint32(1);
  bytes.uint32(statusOf[ending]);
  bytes.uint32(names.length);
  for (const name of names) {
    bytes.uint32(Buffer.byteLength(name));
    bytes.text(name);
  }
  bytes.uint64(words.length);
  bytes.values(words);
  bytes.uint64(plan.arenaBytes);
  bytes.uint32(sizes.length);
  for (const size of sizes) bytes.uint64(aligned(Math.max(size, 1)));
  bytes.uint32(given.length);
  for (const { tensor, values } of given) {
    const stored =
      tensor.spec.dtype === "bfloat16" && values instanceof Float32Array
        ? toBfloat16(values)
        : values;
    const [id, offset] = placeOf(tensor);
    bytes.uint32(id);
    bytes.uint64(offset);
    bytes.uint64(stored.byteLength);
    bytes.values(stored);
  }
  return bytes.all();
}

/** The backend; it leaves the program that it runs, and what it is given, in the file `path`. */
export function recording(backend: Backend, path: string, ending: Ending): Backend {
  return {
    ...backend,
    load(plan, memoryOf) {
      const executable = backend.load(plan, memoryOf);
      return {
        run(first, last, inputs, signal) {
          mkdirSync(dirname(path), { recursive: true });
          writeFileSync(
            path,
            programFile(plan, inputs, (name) => memoryOf(name).read(), ending),
          );
          return executable.run(first, last, inputs, signal);
        },
        inspect: (inputs) => executable.inspect(inputs),
        read: (tensor) => executable.read(tensor),
        write: (tensor, values) => executable.write(tensor, values),
        dispose: () => executable.dispose(),
      };
    },
  };
}
