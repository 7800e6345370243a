/** Several data sets read as one. */
import { dirname } from "node:path";
import type { LocatedSample } from "../sample.js";
import { absolutePlace } from "../remote/absolute-place.js";
import { distinctNames, nameOfFiles } from "./record-source.js";
import type { Source, SourceOptions } from "./source.js";
import { SourceError } from "./source-error.js";

/** A part of a joined source. */
export interface Part {
  /** Where the part was read from; keys begin with what distinguishes it from the other parts. */
  readonly path: string;
  readonly source: Source;
}

/** Reads `parts` one after another; `maxSamples` limits all of them together. */
export function joinedSource(
  parts: readonly Part[],
  { maxSamples = Infinity }: Pick<SourceOptions, "maxSamples"> = {},
): Source {
  const paths = parts.map(({ path }) => path);
  const prefixes = distinctNames(paths.map(absolutePlace));
  const joined = async function* <S extends LocatedSample>(
    read: (source: Source) => AsyncIterable<S>,
  ): AsyncGenerator<S> {
    let samples = 0;
    for (const [index, { source }] of parts.entries()) {
      for await (const sample of read(source)) {
        yield { ...sample, key: `${prefixes[index]}/${sample.key}` };
        if (++samples >= maxSamples) return;
      }
    }
  };
  return {
    name: nameOfFiles(paths, "data sets"),
    read: (skipped) => joined((source) => source.read(skipped)),
    locate: (skipped) => joined((source) => source.locate(skipped)),
    async count(options) {
      let total = 0;
      for (const { source } of parts) {
        const count = await source.count(options);
        if (count === undefined) return undefined;
        total += count;
      }
      return Math.min(total, maxSamples);
    },
    async identity() {
      const identities: string[] = [];
      for (const { source } of parts) identities.push(await source.identity());
      return identities.join();
    },
  };
}

/** @throws SourceError if a path is given twice, or contains another: samples would be read twice */
export function requireDisjoint(paths: readonly string[]): void {
  const places = new Set<string>();
  for (const path of paths) {
    const place = absolutePlace(path);
    if (places.has(place)) throw new SourceError(`${path} is given twice.`);
    places.add(place);
  }
  for (const path of paths) {
    for (let place = absolutePlace(path); place !== dirname(place);) {
      place = dirname(place);
      if (places.has(place))
        throw new SourceError(
          `${path} is inside ${place}, which is also given. Give only one of them.`,
        );
    }
  }
}
