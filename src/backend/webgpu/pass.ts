/**
 * A pass: a shader of WGSL on some operands. Kernels turn an instruction into passes; this file writes the declarations
 * through which their code accesses operands of every dtype, and decides which of them are one binding.
 */
import type { PlacedTensor } from "../../graph/layout.js";
import type { Attributes, Dtype, TensorSpec } from "../../graph/tensor.js";
import { mathematics } from "./mathematics.js";

/** Where an operand is: at a place of the plan, in scratch memory, or in the flags of failures. */
export interface Operand {
  readonly spec: TensorSpec;
  readonly place:
    | PlacedTensor["place"]
    | { readonly kind: "scratch"; readonly offset: number }
    /** The flag that some instruction failed. */
    | { readonly kind: "failed" }
    /** The flag that this one failed, and why. */
    | { readonly kind: "failure" };
}

/** Whether two operands begin at one place. */
export function isSamePlace({ place: a }: Operand, { place: b }: Operand): boolean {
  return keyOfPlace(a) === keyOfPlace(b);
}

function keyOfPlace(place: Operand["place"]): string {
  switch (place.kind) {
    case "state":
      return `state ${place.path}`;
    case "shared":
      return `shared ${place.origin}`;
    case "failed":
    case "failure":
      return place.kind;
    case "arena":
    case "prepared":
    case "scratch":
      return `${place.kind} ${place.offset}`;
  }
}

export interface Pass {
  /** By their names in the code. */
  readonly operands: Readonly<Record<string, Operand>>;
  /**
   * WGSL with a function `main`. It reads element i of an operand as `name(i)` (i32 of int32, else f32), sets one of 32
   * bits by `set_name(i, value)`, and several narrow ones, which share a word, by `setWord_name(i, ...values)`.
   */
  readonly code: string;
  /** Numbers that it reads as `size.name`: passes that differ in nothing else share one compiled shader. */
  readonly sizes: Readonly<Record<string, number>>;
  readonly workgroups: number;
}

/** An instruction as passes. */
export interface Kernel {
  readonly passes: readonly Pass[];
  /** What went wrong, from what a pass gave to `fail`: a value, and the element or row that has it. */
  readonly failure?: (value: number, at: number) => string;
}

/** What a kernel is made for. */
export interface KernelCall {
  readonly inputs: readonly PlacedTensor[];
  readonly outputs: readonly PlacedTensor[];
  readonly attributes: Attributes;
  /** Memory of the instruction for its own use. */
  scratch(spec: TensorSpec): Operand;
}

/** Workgroups are counted in two dimensions, of at most this many. */
export const workgroupsInRow = 65535;

/** Threads in a workgroup, unless a kernel says otherwise. */
export const lanes = 64;

/** Buffers that a pass can bind besides that of its sizes: WebGPU promises 8. */
export const mostOperands = 8;

/** A number as WGSL writes it: float32, also if it is infinite. */
export function literal(value: number): string {
  if (Number.isNaN(value)) return "notANumber()";
  const rounded = Math.fround(value);
  if (!Number.isFinite(rounded)) return value > 0 ? "infinity()" : "-infinity()";
  const digits = String(rounded);
  return /[.e]/.test(digits) ? `${digits}f` : `${digits}.0f`;
}

/** The type of elements in WGSL. */
export const typeOf = (dtype: Dtype): "i32" | "f32" => (dtype === "int32" ? "i32" : "f32");

/** Elements in a word of 32 bits. */
export const elementsPerWord: Readonly<Record<Dtype, 1 | 2 | 4>> = {
  float32: 1,
  int32: 1,
  bfloat16: 2,
  int8: 4,
};

/** The parameters of `main` from which `prologue` computes where a thread is. */
export const mainParameters =
  "@builtin(workgroup_id) groupId: vec3u, @builtin(local_invocation_index) lane: u32";
/** The index of the workgroup. */
export const groupIndex = `let group = groupId.x + groupId.y * ${workgroupsInRow}u;`;

/** The complete shader of a pass; `bindings` numbers those of its operands, after which comes that of the sizes. */
export function shaderOf(
  { operands, code, sizes }: Pass,
  bindings: ReadonlyMap<string, number>,
): string {
  const bindingOf = (name: string): number => bindings.get(name)!;
  const isFlag = ({ place }: Operand): boolean =>
    place.kind === "failed" || place.kind === "failure";
  const declared = new Map<number, string>();
  for (const [name, operand] of Object.entries(operands)) {
    const binding = bindingOf(name);
    const element = isFlag(operand) ? "atomic<u32>" : "u32";
    declared.set(
      binding,
      `@group(0) @binding(${binding}) var<storage, read_write> memory${binding}: array<${element}>;`,
    );
  }
  const fields = Object.keys(sizes).map((name) => `${name}: u32`);
  const sizesBinding = declared.size;
  declared.set(
    sizesBinding,
    `struct Sizes { ${fields.join(", ")} }\n@group(0) @binding(${sizesBinding}) var<uniform> size: Sizes;`,
  );
  const accessors = Object.entries(operands).map(([name, operand]) => {
    const memory = `memory${bindingOf(name)}`;
    return isFlag(operand) ? flagAccess(operand, memory) : access(name, operand, memory);
  });
  return [...declared.values(), mathematics, ...accessors, code].join("\n");
}

function flagAccess({ place }: Operand, memory: string): string {
  if (place.kind === "failed") {
    return (
      `fn hasFailed() -> bool { return atomicLoad(&${memory}[0]) != 0u; }\n` +
      `fn markFailed() { atomicStore(&${memory}[0], 1u); }`
    );
  }
  return `fn fail(value: i32, at: u32) { atomicStore(&${memory}[1], bitcast<u32>(value)); atomicStore(&${memory}[2], at); atomicStore(&${memory}[0], 1u); markFailed(); }`;
}

function access(name: string, { spec: { dtype } }: Operand, memory: string): string {
  switch (dtype) {
    case "float32":
      return (
        `fn ${name}(i: u32) -> f32 { return bitcast<f32>(${memory}[i]); }\n` +
        `fn set_${name}(i: u32, value: f32) { ${memory}[i] = bitcast<u32>(value); }`
      );
    case "int32":
      return (
        `fn ${name}(i: u32) -> i32 { return bitcast<i32>(${memory}[i]); }\n` +
        `fn set_${name}(i: u32, value: i32) { ${memory}[i] = bitcast<u32>(value); }`
      );
    case "bfloat16":
      return (
        `fn ${name}(i: u32) -> f32 { return fromBfloat16(${memory}[i >> 1u] >> (16u * (i & 1u))); }\n` +
        `fn setWord_${name}(i: u32, a: f32, b: f32) { ${memory}[i] = toBfloat16(a) | (toBfloat16(b) << 16u); }`
      );
    case "int8":
      return (
        `fn ${name}(i: u32) -> f32 { return f32(extractBits(bitcast<i32>(${memory}[i >> 2u]), 8u * (i & 3u), 8u)); }\n` +
        `fn setWord_${name}(i: u32, a: f32, b: f32, c: f32, d: f32) { ${memory}[i] = toInt8(a) | (toInt8(b) << 8u) | (toInt8(c) << 16u) | (toInt8(d) << 24u); }`
      );
  }
}
