/** Sentences drawn as lines of text. */

/** The sentence in lines of at most `length` characters, unless a word is longer. */
export function wrapped(sentence: string, length: number): string[] {
  const lines: string[] = [];
  for (const word of sentence.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= length)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** The lines as elements of an SVG image, the first one with its base line at `y`. */
export function textLines(
  lines: readonly string[],
  { x, y, lineHeight }: { readonly x: number; readonly y: number; readonly lineHeight: number },
): string {
  return lines
    .map((line, index) => `<text x="${x}" y="${y + index * lineHeight}">${escaped(line)}</text>`)
    .join("");
}

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
