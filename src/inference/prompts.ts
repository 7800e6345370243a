/** Prompts: templates that turn class names into captions. "{}" stands for the name. */
import { countOf, rowOf } from "./similarity.js";

const articles = ["a", "the"] as const;

/** A template for each article and word, replacing "D" and "X" in the pattern. */
const expand = (pattern: string, words: readonly string[]): string[] =>
  words.flatMap((word) =>
    articles.map((article) =>
      pattern.replace("D", article).replace("X", word).replace(/ +/g, " ").trim(),
    ),
  );

/** The 80 templates for photographs used to evaluate CLIP and FLAVA on ImageNet (flava.md 8.1). */
export const photoTemplates: readonly string[] = [
  ...expand("a X photo of D {}.", [
    ...["bad", "bright", "cropped", "dark", "blurry", "pixelated", "good", "close-up"],
    ...["low resolution", "jpeg corrupted", "black and white"],
  ]),
  ...expand("a photo of D X {}.", [
    ...["", "hard to see", "clean", "dirty", "cool", "large", "nice", "weird", "small"],
  ]),
  ...expand("a X of D {}.", [
    ...["sculpture", "rendering", "tattoo", "drawing", "painting", "doodle", "sketch", "rendition"],
  ]),
  ...expand("X of D {}.", ["graffiti", "art", "itap"]),
  ...expand("D X {}.", ["embroidered", "plastic", "origami", "toy", "cartoon", "plushie"]),
  ...expand("D {} in a video game.", [""]),
  "a photo of many {}.",
  "a photo of one {}.",
  "a photo of my {}.",
  "itap of my {}.",
];

/** Templates for drawings, icons and emoji, with "{}" for the name. */
export const iconTemplates: readonly string[] = [
  "{}",
  "{} icon",
  "a {} icon",
  "an icon of a {}",
  "a symbol of a {}",
  "a picture of a {}",
  "a drawing of a {}",
];

/** Inserts a name into a template.
 * @throws RangeError if the template has no "{}"
 */
export function prompt(template: string, name: string): string {
  if (template.includes("{}")) return template.replaceAll("{}", () => name);
  throw new RangeError(
    `The template "${template}" has no {} for the class name. Use one such as "a photo of a {}".`,
  );
}

/** Largest number of prompts embedded in one call. */
const textsPerCall = 4096;

/**
 * An embedding for each class: the mean over its prompts, normalized to length 1 (flava.md 8.1).
 *
 * @param embed returns unit-length embeddings of N texts: [N, width]
 * @returns float32 [C, width]
 */
export async function embedClasses(
  classes: readonly string[],
  templates: readonly string[],
  width: number,
  embed: (texts: readonly string[]) => Promise<Float32Array>,
): Promise<Float32Array> {
  if (templates.length === 0) throw new RangeError('Expected at least one template, such as "{}".');
  const vectors = new Float32Array(classes.length * width);
  const classesPerCall = Math.max(1, Math.floor(textsPerCall / templates.length));
  for (let first = 0; first < classes.length; first += classesPerCall) {
    const some = classes.slice(first, first + classesPerCall);
    const prompts = some.flatMap((name) => templates.map((template) => prompt(template, name)));
    const embedded = await embed(prompts);
    for (const index of some.keys()) {
      const own = rowOf(embedded, index, templates.length * width);
      vectors.set(normalizedMean(own, width), (first + index) * width);
    }
  }
  return vectors;
}

/** The mean of vectors [N, width], normalized to length 1. */
function normalizedMean(vectors: Float32Array, width: number): Float64Array {
  const sum = new Float64Array(width);
  const count = countOf(vectors, width);
  for (let row = 0; row < count; row++) {
    for (let i = 0; i < width; i++) sum[i]! += vectors[row * width + i]!;
  }
  const length = Math.hypot(...sum);
  return sum.map((value) => value / length);
}
