import { SourceError } from "./source-error.js";

const mostBraced = 1_000_000;

/** Expands a pattern such as "train-{00000..00012}.tar" or "{train,val}.tar" to paths, in order. */
export function expandBraces(pattern: string): string[] {
  const brace = /\{(?:(\d+)\.\.(\d+)|([^{}]*,[^{}]*))\}/.exec(pattern);
  if (!brace) return [pattern];
  const [whole, from = "", to = "", list] = brace;
  const count = Number(to) - Number(from) + 1;
  if (list === undefined && !(count >= 1 && count <= mostBraced))
    throw new SourceError(
      `${whole} in ${pattern} expands to ${count} files; write the lower number first, such as {00000..00012}.`,
    );
  const middles =
    list?.split(",") ??
    Array.from({ length: count }, (_, index) =>
      String(Number(from) + index).padStart(from.length, "0"),
    );
  const head = pattern.slice(0, brace.index);
  const tails = expandBraces(pattern.slice(brace.index + whole.length));
  if (middles.length * tails.length > mostBraced)
    throw new SourceError(`${pattern} expands to more than ${mostBraced} files.`);
  return middles.flatMap((middle) => tails.map((tail) => head + middle + tail));
}
