import { encodePlan } from "../src/backend/encode.js";
import { type Values, toBfloat16 } from "../src/backend/values.js";
import { foldIn, keyOf, normal } from "../src/base/random.js";
import { leavesOf, mapTree } from "../src/base/tree.js";
import { aligned } from "../src/graph/arena.js";
import type { PlacedTensor } from "../src/graph/layout.js";
import { placeholder } from "../src/graph/placeholder.js";
import { type Plan, plan } from "../src/graph/plan.js";
import type { Tensor, TensorSpec } from "../src/graph/tensor.js";

/** A function to export, with its inputs. */
export interface Exported<S, I> {
  readonly state: S;
  readonly inputs: I;
  readonly body: (
    state: S,
    inputs: I,
  ) => { readonly outputs: Record<string, Tensor>; readonly state?: unknown };
  /** Values of inputs and state by path; others are small normal numbers, or zeros for integers. */
  readonly values?: Readonly<Record<string, Values>>;
  readonly fails?: boolean;
}

interface Piece {
  readonly buffer: number;
  readonly offset: number;
  readonly values: Values;
}

function bytesOf(values: Values): Buffer {
  return Buffer.from(values.buffer, values.byteOffset, values.byteLength);
}

function someValues({ dtype, size }: TensorSpec, seed: number): Values {
  if (dtype === "int32") return new Int32Array(size);
  if (dtype === "int8") return new Int8Array(size);
  return normal(foldIn(keyOf(7), seed), size, 0.1);
}

/** A traced program with its data, in the format that native/check/main.cpp reads. */
export function programFile<S, I>({
  state,
  inputs,
  body,
  values = {},
  fails = false,
}: Exported<S, I>): Buffer {
  const held = mapTree(state, (leaf: TensorSpec, path) => placeholder(leaf, path, "state"));
  const given = mapTree(inputs, (leaf: TensorSpec, path) => placeholder(leaf, path));
  const results = body(held as S, given as I);
  const targets = new Map(leavesOf<Tensor>(held));
  const updates = new Map(
    leavesOf<Tensor>(results.state).map(([path, value]) => [targets.get(path)!, value] as const),
  );
  const made = plan({ outputs: new Map(leavesOf<Tensor>(results.outputs)), updates }, true);
  let seed = 0;
  return planFile(made, (path, spec) => values[path] ?? someValues(spec, seed++), fails);
}

/** A plan with its data, `valuesAt` giving the state and the inputs, in the format that native/check/main.cpp reads. */
export function planFile(
  made: Plan,
  valuesAt: (path: string, spec: TensorSpec) => Values,
  fails: boolean,
): Buffer {
  const operands = made.instructions.flatMap(({ inputs, outputs }) => [...inputs, ...outputs]);
  const held = new Map(
    operands.flatMap(({ spec, place }) =>
      place.kind === "state" ? [[place.path, spec] as const] : [],
    ),
  );
  const prepared = 1;
  const persistent = new Map([...held, ...made.shared]);
  const buffers = new Map(
    [...persistent.keys()].map((name, index) => [name, prepared + 1 + index]),
  );
  const placeOf = ({ place }: PlacedTensor): [buffer: number, offset: number] => {
    if (place.kind === "state") return [buffers.get(place.path)!, 0];
    if (place.kind === "shared") return [buffers.get(place.origin)!, 0];
    return [place.kind === "arena" ? 0 : prepared, place.offset];
  };
  const piece = (tensor: PlacedTensor, values: Values): Piece => {
    const [buffer, offset] = placeOf(tensor);
    const narrow = tensor.spec.dtype === "bfloat16" && values instanceof Float32Array;
    return { buffer, offset, values: narrow ? toBfloat16(values) : values };
  };
  const pieces = [
    ...[...held].map(([path, spec]) =>
      piece({ spec, place: { kind: "state", path } }, valuesAt(path, spec)),
    ),
    ...[...made.inputs].map(([path, tensor]) => piece(tensor, valuesAt(path, tensor.spec))),
    ...made.constants.map(({ tensor, values }) => piece(tensor, values)),
  ];
  const sizes = [made.preparedBytes, ...[...persistent.values()].map(({ bytes }) => bytes)].map(
    (bytes) => aligned(Math.max(bytes, 1)),
  );
  return serialize(encodePlan(made, placeOf), made.arenaBytes, sizes, pieces, fails);
}

function serialize(
  { signatures, words }: ReturnType<typeof encodePlan>,
  arenaBytes: number,
  bufferBytes: readonly number[],
  pieces: readonly Piece[],
  fails: boolean,
): Buffer {
  const parts: Buffer[] = [];
  const uint32 = (value: number): void => {
    const part = Buffer.alloc(4);
    part.writeUInt32LE(value);
    parts.push(part);
  };
  const uint64 = (value: number): void => {
    const part = Buffer.alloc(8);
    part.writeBigUInt64LE(BigInt(value));
    parts.push(part);
  };
  parts.push(Buffer.from("FLAVAPRG"));
  uint32(1);
  uint32(fails ? 2 : 0);
  uint32(signatures.length);
  for (const signature of signatures) {
    uint32(Buffer.byteLength(signature));
    parts.push(Buffer.from(signature));
  }
  uint64(words.length);
  parts.push(Buffer.from(words.buffer));
  uint64(arenaBytes);
  uint32(bufferBytes.length);
  for (const bytes of bufferBytes) uint64(bytes);
  uint32(pieces.length);
  for (const { buffer, offset, values } of pieces) {
    uint32(buffer);
    uint64(offset);
    uint64(values.byteLength);
    parts.push(bytesOf(values));
  }
  return Buffer.concat(parts);
}
