/** Which pairs go into the sample that ships. */
import { TrainConcepts } from "../evaluation/train-concepts.js";
import type { PairSource } from "../item.js";
import { orderedBy, seededUnit } from "../seeded.js";

/** A pair, without its image. */
export interface Candidate {
  readonly key: string;
  readonly source: PairSource;
  readonly family: string;
  readonly concept: string;
}

/** Pairs of concepts that at least two families have: plain things, neither oddities nor persons. */
export function drawnByOthers(candidates: readonly Candidate[]): Candidate[] {
  const concepts = new TrainConcepts();
  for (const candidate of candidates) concepts.add(candidate);
  return candidates.filter(({ concept }) => concepts.families(concept) > 1);
}

/** In an order that depends only on the keys and is unrelated to their content. */
export function inOrder(candidates: readonly Candidate[]): Candidate[] {
  return orderedBy(candidates, ({ source, key }) => seededUnit("sample", `${source} ${key}`));
}

/** For each class at most `most` candidates of that concept, from as many families as possible. */
export function chooseOfClasses(
  candidates: readonly Candidate[],
  classes: readonly string[],
  most: number,
): Candidate[] {
  const found = new Map<string, Candidate[]>(classes.map((name) => [name, []]));
  for (const candidate of candidates) found.get(candidate.concept)?.push(candidate);
  return [...found.values()].flatMap((own) => {
    const isFirst = ({ family }: Candidate, index: number): boolean =>
      own.findIndex((other) => other.family === family) === index;
    const firsts = own.filter(isFirst);
    const others = own.filter((candidate) => !firsts.includes(candidate));
    return [...firsts, ...others].slice(0, most);
  });
}

/** The first remaining pairs of each source, as many as requested. */
export function chooseRest(
  candidates: readonly Candidate[],
  wanted: Readonly<Partial<Record<PairSource, number>>>,
  taken: ReadonlySet<Candidate>,
): Candidate[] {
  const left = new Map(Object.entries(wanted));
  return candidates.filter((candidate) => {
    const more = left.get(candidate.source) ?? 0;
    if (more <= 0 || taken.has(candidate)) return false;
    left.set(candidate.source, more - 1);
    return true;
  });
}
