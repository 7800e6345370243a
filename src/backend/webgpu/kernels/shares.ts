/**
 * Passes over the numbers of one or several tensors, of which each workgroup takes a share. A dispatch takes a few microseconds
 * however little it does, and most parameters are small: where several tensors can be bound, they are one pass.
 */
import { type Operand, type Pass, groupIndex, mainParameters, mostOperands } from "../pass.js";
import { failed } from "./map.js";
import { tree, treeMemory } from "./tree.js";

/** Threads of a workgroup: as many as WebGPU promises, so that few sums are left. */
export const groupThreads = 256;

interface Part {
  /** How many numbers it has. */
  readonly count: number;
  /** What is done with number `i`. */
  readonly element: string;
}

interface Shares {
  readonly parts: readonly Part[];
  readonly operands: Readonly<Record<string, Operand>>;
  readonly sizes?: Readonly<Record<string, number>>;
  /** Numbers that a thread takes. */
  readonly perThread: number;
  readonly functions?: string;
  /** What each thread does at first, and at last: all can call `sumOf(value)` then, together. */
  readonly before?: string;
  readonly after?: string;
  /** Nothing is done with any number once an instruction has failed. */
  readonly unlessFailed?: boolean;
}

/** What a pass has besides the parts. */
export type Rest = Omit<Shares, "parts" | "perThread">;

/** The workgroups of so many numbers. */
export const sharesOf = (count: number, perThread: number): number =>
  Math.ceil(count / (groupThreads * perThread));

export function sharesPass({ parts, perThread, unlessFailed = false, ...given }: Shares): Pass {
  const sizes: Record<string, number> = { ...given.sizes };
  let end = 0;
  const loops = parts.map(({ count, element }, index) => {
    const first = index === 0 ? "0u" : `size.end${index - 1}`;
    end += sharesOf(count, perThread);
    sizes[`count${index}`] = count;
    sizes[`end${index}`] = end;
    // Threads skip numbers rather than return, for all have to reach the barriers of a sum.
    return `if (group < size.end${index}) {
  let count = ${unlessFailed ? `select(size.count${index}, 0u, hasFailed())` : `size.count${index}`};
  for (var k = 0u; k < ${perThread}u; k++) {
    let i = ((group - ${first}) * ${perThread}u + k) * ${groupThreads}u + lane;
    if (i < count) { ${element} }
  }
}`;
  });
  return {
    operands: { ...given.operands, ...(unlessFailed && { failed }) },
    sizes,
    workgroups: end,
    code: `${treeMemory(groupThreads)}
${tree("sumOf", "a + b", groupThreads)}
${given.functions ?? ""}
@compute @workgroup_size(${groupThreads}) fn main(${mainParameters}) {
  ${groupIndex}
  if (group >= size.end${parts.length - 1}) { return; }
  thread = lane;
  ${given.before ?? ""}
  ${loops.join(" else ")}
  ${given.after ?? ""}
}`,
  };
}

/** For passes that add up a number `total` in each thread: the sum of workgroup g is element first + g of `sums`. */
export const sumsByShare = (sums: Operand, first: number): Rest => ({
  operands: { sums },
  sizes: { first },
  before: "var total = 0.0;",
  after: "let sum = sumOf(total);\n  if (lane == 0u) { set_sums(size.first + group, sum); }",
});

/** Numbers that a thread takes where it only reads: it need not wait for one before it reads the next. */
export const readsPerThread = 16;

/**
 * Passes that read all numbers of several tensors, as many in a pass as can be bound: `element` is what is done with each of
 * them, `x`. The rest may follow from the number of workgroups in the passes before.
 */
export function passesOver(
  tensors: readonly Operand[],
  element: string,
  rest: (first: number) => Rest,
): Pass[] {
  const present = tensors.filter(({ spec }) => spec.size > 0);
  let first = 0;
  return boundTogether(present, Object.keys(rest(0).operands).length).map((bound) => {
    const given = rest(first);
    const pass = sharesPass({
      ...given,
      parts: bound.map(({ spec: { size } }, n) => ({
        count: size,
        element: `let x = x${n}(i); ${element}`,
      })),
      operands: { ...given.operands, ...Object.fromEntries(bound.map((x, n) => [`x${n}`, x])) },
      perThread: readsPerThread,
    });
    first += pass.workgroups;
    return pass;
  });
}

/** Inputs in groups that a pass can bind besides so many other operands. */
export function boundTogether<T>(inputs: readonly T[], others: number): T[][] {
  const most = mostOperands - others;
  return Array.from({ length: Math.ceil(inputs.length / most) }, (_, index) =>
    inputs.slice(index * most, (index + 1) * most),
  );
}
