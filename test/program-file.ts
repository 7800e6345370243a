import { encodePlan } from "../src/backend/encode.js";
import { type Values, toBfloat16 } from "../src/backend/values.js";
import { foldIn, keyOf, normal } from "../src/base/random.js";
import { leavesOf, mapTree } from "../src/base/tree.js";
import type { PlacedTensor } from "../src/graph/layout.js";
import { placeholder } from "../src/graph/placeholder.js";
import { plan } from "../src/graph/plan.js";
import type { Tensor, TensorSpec } from "../src/graph/tensor.js";

/** A function to export: what it is given and what it makes of it. */
export interface Exported<S, I> {
  readonly state: S;
  readonly inputs: I;
  readonly body: (
    state: S,
    inputs: I,
  ) => { readonly outputs: Record<string, Tensor>; readonly state?: unknown };
  /** Values of inputs and state by path; others are small normal numbers, or zeros for whole numbers. */
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
  const numbers = normal(foldIn(keyOf(7), seed), size, 0.1);
  return dtype === "bfloat16" ? toBfloat16(numbers) : numbers;
}

/** A planned program with its data, in the format that native/check/main.cpp reads. */
export function programFile<S, I>({
  state,
  inputs,
  body,
  values = {},
  fails,
}: Exported<S, I>): Buffer {
  const held = mapTree(state, (leaf: TensorSpec, path) => placeholder(leaf, path, "state"));
  const given = mapTree(inputs, (leaf: TensorSpec, path) => placeholder(leaf, path));
  const results = body(held as S, given as I);
  const targets = new Map(leavesOf<Tensor>(held));
  const updates = new Map(
    leavesOf<Tensor>(results.state).map(([path, value]) => [targets.get(path)!, value] as const),
  );
  const made = plan({ outputs: new Map(leavesOf<Tensor>(results.outputs)), updates }, true);
  const buffers = new Map([...targets.keys()].map((path, index) => [path, index + 1]));
  const prepared = buffers.size + 1;
  const place = ({ place: at }: PlacedTensor): [number, number] => {
    if (at.kind === "state") return [buffers.get(at.path)!, 0];
    return [at.kind === "arena" ? 0 : prepared, at.offset];
  };
  const pieces: Piece[] = [
    ...[...targets].map(([path, spec], seed) => ({
      buffer: buffers.get(path)!,
      offset: 0,
      values: values[path] ?? someValues(spec, seed),
    })),
    ...[...made.inputs].map(([path, placed], seed) => {
      const [buffer, offset] = place(placed);
      return { buffer, offset, values: values[path] ?? someValues(placed.spec, 1000 + seed) };
    }),
    ...made.constants.map(({ tensor, values: fixed }) => {
      const [buffer, offset] = place(tensor);
      return { buffer, offset, values: fixed };
    }),
  ];
  const sizes = [...[...targets.values()].map(({ bytes }) => bytes), made.preparedBytes].map(
    (bytes) => Math.ceil(Math.max(bytes, 1) / 64) * 64,
  );
  return serialise(encodePlan(made, place), made.arenaBytes, sizes, pieces, fails === true);
}

function serialise(
  { names, words }: ReturnType<typeof encodePlan>,
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
  uint32(names.length);
  for (const name of names) {
    uint32(Buffer.byteLength(name));
    parts.push(Buffer.from(name));
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
