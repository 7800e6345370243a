import type { State } from "../backend/state.js";

/** The prefix of the paths of a model's weights in a state. */
export const root = "parameters/";

/** The prefix, after the root, of the paths of the head of a task. */
export const headRoot = "head/";

/** Whether the weights at `path`, without the root, belong to the head of a task. */
export const isOfHead = (path: string): boolean => path.startsWith(headRoot);

/** The paths of all weights of a state, such as "flava/image/cls", without the root. */
export function weightPaths(state: State): string[] {
  return state.paths.filter((path) => path.startsWith(root)).map((path) => path.slice(root.length));
}
