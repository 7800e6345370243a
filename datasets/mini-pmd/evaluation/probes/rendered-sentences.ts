/** Sentences as images: is the one that can be read here for or against a film? */
import sharp from "sharp";
import type { EvaluationContext } from "../context.js";
import { sentimentSentences } from "../sentiment-sentences.js";
import { textLines, wrapped } from "../text-lines.js";
import { type Labeled, parts } from "./probe-recipe.js";

const width = 160;
const lineHeight = 17;
const lineLength = 24;

/** The sentences of the set sentiment-sentences, black on white; its parts train and test. */
export async function* renderedSentences({
  directory,
}: EvaluationContext): AsyncGenerator<Labeled> {
  for (const part of parts) {
    for (const [index, sentence = "", label] of await sentimentSentences(directory, part)) {
      const lines = wrapped(sentence, lineLength);
      if (label === undefined || lines.length * lineHeight > width) continue;
      const sample = {
        key: `rendered-sentences/${part}-${index}`,
        image: await rendered(lines),
        fields: { license: "see package" },
      };
      yield { sample, label, part };
    }
  }
}

function rendered(lines: readonly string[]): Promise<Uint8Array> {
  const texts = textLines(lines, { x: 4, y: 14, lineHeight });
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${width}"><rect width="100%" height="100%" fill="#fff"/>` +
    `<g font-family="sans-serif" font-size="12">${texts}</g></svg>`;
  return sharp(Buffer.from(svg)).removeAlpha().webp({ lossless: true, effort: 2 }).toBuffer();
}
