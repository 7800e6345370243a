/** Memory-mapped weights: the state uses the file's own bytes, which are read on first use. */
import type { OpenFile } from "../backend/backend.js";
import type { State } from "../backend/state.js";
import { bytesPerElement } from "../graph/tensor.js";
import type { Match } from "./compare.js";
import { root } from "./weight-paths.js";

/**
 * Maps into `state` what its files hold just as the state does, where its backend can and the state has no memory for it
 * yet. Returns the matches that are left, to be copied.
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

/** What can be mapped, by file. */
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

/** The elements must be stored as the state holds them, at an offset that kernels can read. */
function isMappable({ spec, stored, transposed }: Match, offset: number): boolean {
  return stored.dtype === spec.dtype && !transposed && offset % bytesPerElement[spec.dtype] === 0;
}
