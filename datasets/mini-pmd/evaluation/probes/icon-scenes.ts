/** Drawings made of icons: how many there are, and which side of one is up. */
import sharp from "sharp";
import { type BuiltPair, builtPairs } from "../built-pairs.js";
import type { EvaluationContext } from "../context.js";
import { drawings, side } from "./drawn-image.js";
import { type Labeled, type Part, parts } from "./probe-recipe.js";
import type { Random } from "./random.js";

const countClasses = ["3", "4", "5", "6", "7", "8", "9", "10"];
const turns: Readonly<Record<string, number>> = {
  upright: 0,
  "to the right": 90,
  "upside down": 180,
  "to the left": 270,
};

/** Houses that draw a thing, at least: it looks as one expects. */
const leastFamilies = 10;

/** Icons of things that several houses draw, by part: those of test images are of held-out families. */
async function iconsOf({
  cache,
  nouns,
  concepts,
}: EvaluationContext): Promise<Record<Part, BuiltPair[]>> {
  const icons: Record<Part, BuiltPair[]> = { train: [], test: [] };
  for (const part of parts) {
    for await (const pair of builtPairs(cache, "icons", part)) {
      const { concept } = pair.fields;
      if (nouns.has(concept) && concepts.families(concept) >= leastFamilies) icons[part].push(pair);
    }
  }
  return icons;
}

/** Icons of several sizes scattered on white, of which none covers another. */
export async function* counts(context: EvaluationContext): AsyncGenerator<Labeled> {
  const icons = await iconsOf(context);
  if (icons.train.length > 0 && icons.test.length > 0)
    yield* drawings("counts", countClasses, (label, random, part) =>
      scattered(Number(label), icons[part], random),
    );
}

/** Icons turned by quarters; some look the same from two sides. */
export async function* orientations(context: EvaluationContext): AsyncGenerator<Labeled> {
  const icons = await iconsOf(context);
  if (icons.train.length > 0 && icons.test.length > 0)
    yield* drawings("orientation", Object.keys(turns), (label, random, part) =>
      sharp(random.pick(icons[part]).image)
        .resize(side, side, { fit: "contain", background: "#fff" })
        .rotate(turns[label])
        .webp({ lossless: true, effort: 2 })
        .toBuffer(),
    );
}

const cellsAcross = 4;

async function scattered(
  count: number,
  icons: readonly BuiltPair[],
  random: Random,
): Promise<Uint8Array> {
  const cells = Array.from({ length: cellsAcross ** 2 }, (_, cell) => cell);
  const cellSide = side / cellsAcross;
  const drawn = [];
  for (let turn = 0; turn < count; turn++) {
    const [cell = 0] = cells.splice(random.below(cells.length), 1);
    const size = Math.round(random.between(0.55, 0.95) * cellSide);
    const free = cellSide - size;
    drawn.push({
      input: await sharp(random.pick(icons).image)
        .resize(size, size, { fit: "contain", background: "#fff" })
        .toBuffer(),
      left: Math.floor((cell % cellsAcross) * cellSide + random.between(0, free)),
      top: Math.floor(Math.floor(cell / cellsAcross) * cellSide + random.between(0, free)),
    });
  }
  return sharp({ create: { width: side, height: side, channels: 3, background: "#fff" } })
    .composite(drawn)
    .webp({ lossless: true, effort: 2 })
    .toBuffer();
}
