/** Memory-mapped weights: the state uses the file's own bytes, which are read on first use. */
import type { OpenFile } from "../backend/backend.js";
import type { State } from "../backend/state.js";
import { bytesPerElement } from "../graph/tensor.js";
import type { Match } from "./compare.js";
import { root } from "./weight-paths.js";

/**
 * Maps tensors into `state` that are stored exactly as the state needs them, if its backend can and the state has no
 * memory for them yet. Returns the remaining matches, to be copied.
 */
export function mapWeights(state: State, matches: readonly Match[]): readonly Match[] {
  const mapped = new Set<Match>();
  for (const [file, candidates] of byFile(state, matches)) {
    const offsets = candidates.map(
      ({ path, stored }) => [root + path, stored.place!.offset] as const,
    );
    if (!state.map(file, new Map(offsets))) continue;
    for (const match of candidates) mapped.add(match);
  }
  return matches.filter((match) => !mapped.has(match));
}

/** The tensors that can be mapped, by file. */
function byFile(state: State, matches: readonly Match[]): Map<OpenFile, Match[]> {
  const files = new Map<OpenFile, Match[]>();
  for (const match of matches) {
    const { place } = match.stored;
    if (!place || !isMappable(match, place.offset) || state.hasMemory(root + match.path)) continue;
    const candidates = files.get(place.file) ?? [];
    candidates.push(match);
    files.set(place.file, candidates);
  }
  return files;
}

/** The elements must be stored as in the state, at an offset that kernels can read. */
function isMappable({ spec, stored, transposed }: Match, offset: number): boolean {
  return stored.dtype === spec.dtype && !transposed && offset % bytesPerElement[spec.dtype] === 0;
}
