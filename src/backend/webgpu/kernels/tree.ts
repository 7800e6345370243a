/** Sums and maxima over the threads of a workgroup, as functions of WGSL. */

/** What the functions of a shader share: `main` sets `thread`, the place of a thread among so many. */
export const treeMemory = (
  threads: number,
): string => `var<workgroup> ofThreads: array<f32, ${threads}>;
var<private> thread: u32;`;

/**
 * A function that combines a value of each thread, as a tree, so that the order is fixed: `combine` is an expression of a and
 * b. Threads form rows of `columns` threads, and each gets the result of its column. All must call it together.
 */
export const tree = (name: string, combine: string, threads: number, columns = 1): string => `
fn ${name}(value: f32) -> f32 {
  ofThreads[thread] = value;
  workgroupBarrier();
  for (var half = ${threads / 2}u; half >= ${columns}u; half /= 2u) {
    if (thread < half) { let a = ofThreads[thread]; let b = ofThreads[thread + half]; ofThreads[thread] = ${combine}; }
    workgroupBarrier();
  }
  let result = ofThreads[thread % ${columns}u];
  workgroupBarrier();
  return result;
}`;
