/** Generated images with a line of text: do face and sentence agree? In the format of the Hateful Memes. */
import sharp from "sharp";
import { bestGuess } from "./balance.js";
import { type BuiltPair, builtPairs } from "./built-pairs.js";
import type { EvaluationContext } from "./context.js";
import { SetFolder, type SetReport } from "./set-folder.js";
import { sentimentSentences } from "./sentiment-sentences.js";
import { textLines, wrapped } from "./text-lines.js";

type Mood = "positive" | "negative";

/** Emoji with an unmistakable mood. */
const faces: Readonly<Record<Mood, readonly string[]>> = {
  positive: [
    "grinning face",
    "beaming face with smiling eyes",
    "smiling face with heart-eyes",
    "smiling face with smiling eyes",
    "star-struck",
    "thumbs up",
    "party popper",
    "grinning face with big eyes",
  ],
  negative: [
    "crying face",
    "loudly crying face",
    "angry face",
    "disappointed face",
    "nauseated face",
    "thumbs down",
    "broken heart",
    "weary face",
  ],
};

/** Sentences of each mood by part; each makes two memes. */
const amounts = { train: 400, dev: 120, test: 120 } as const;
type Part = keyof typeof amounts;
const width = 192;
const lineLength = 34;
const mostLines = 4;

interface Meme {
  readonly sentence: string;
  readonly mood: Mood;
  readonly face: BuiltPair;
  readonly faceMood: Mood;
}

/**
 * Writes the set "memes". Every sentence occurs once with a cheerful and once with a sad image, and every image equally
 * often with sentences of both moods, so neither alone reveals whether they agree. Label 1: they do not agree.
 */
export async function* buildMemes(context: EvaluationContext): AsyncGenerator<SetReport> {
  const folder = await SetFolder.begin(context.directory, "memes");
  const counts: Record<string, number> = {};
  const baselines: Record<string, number> = { chance: 0.5 };
  for (const part of ["train", "dev", "test"] as const) {
    const memes = await memesOf(part, context);
    if (memes.length === 0) break;
    await writePart(folder, part, memes);
    counts[part] = memes.length;
    if (part !== "test") continue;
    const agrees = ({ mood, faceMood }: Meme): string => String(mood === faceMood);
    baselines["sentence only, best possible"] = bestGuess(memes, (meme) => meme.sentence, agrees);
    baselines["image only, best possible"] = bestGuess(memes, (meme) => meme.face.key, agrees);
  }
  const report = await folder.finish({
    task: "Tell whether a face and the sentence below it disagree in mood",
    kind: "memes",
    source:
      "sentences on films of set sentiment-sentences (for evaluation only, not to be passed on); emoji",
    splitRule:
      "sentences as in their set; images of dev and test are OpenMoji's, which training never shows",
    synthetic: true,
    baselines,
    counts,
  });
  if (report) yield report;
  else context.onMessage("memes is left out: emoji or the set sentiment-sentences are not built.");
}

async function memesOf(part: Part, { cache, directory }: EvaluationContext): Promise<Meme[]> {
  const rows = await sentimentSentences(directory, part);
  const sentences = rows.filter(([, text = ""]) => text.length > 20);
  const images: Record<Mood, BuiltPair[]> = { positive: [], negative: [] };
  for await (const pair of builtPairs(cache, "emoji", part === "train" ? "train" : "test")) {
    for (const mood of ["positive", "negative"] as const)
      if (faces[mood].includes(pair.texts[0] ?? "")) images[mood].push(pair);
  }
  return pairUp(sentences, images, amounts[part]);
}

/** Alternating sentences of both moods, with one image of each mood: number n of either mood gets the same images. */
export function pairUp<Image>(
  rows: readonly (readonly string[])[],
  images: Readonly<Record<Mood, readonly Image[]>>,
  most: number,
): { sentence: string; mood: Mood; face: Image; faceMood: Mood }[] {
  const moods = ["positive", "negative"] as const;
  const sentences = moods.map((mood) =>
    rows
      .filter((row) => row.at(-1) === mood && wrapped(row[1]!, lineLength).length <= mostLines)
      .map((row) => row[1]!),
  );
  if (moods.some((mood) => images[mood].length === 0)) return [];
  const each = Math.min(most, ...sentences.map(({ length }) => length));
  return Array.from({ length: each }, (_, turn) =>
    moods.flatMap((mood, index) =>
      moods.map((faceMood) => ({
        sentence: sentences[index]![turn]!,
        mood,
        face: images[faceMood][turn % images[faceMood].length]!,
        faceMood,
      })),
    ),
  ).flat();
}

async function writePart(folder: SetFolder, part: Part, memes: readonly Meme[]): Promise<void> {
  const lines: string[] = [];
  for (const [index, { sentence, mood, face, faceMood }] of memes.entries()) {
    const id = `${part}-${String(index).padStart(5, "0")}`;
    const label = mood === faceMood ? 0 : 1;
    const { license, author, set } = face.fields;
    await folder.add(
      {
        key: `img/${id}`,
        image: await drawMeme(face.image, sentence),
        texts: [sentence],
        label: String(label),
        fields: { set, icon: face.key, license, ...(author !== undefined && { author }) },
      },
      part,
    );
    lines.push(JSON.stringify({ id, img: `img/${id}.webp`, label, text: sentence }));
  }
  await folder.write(`${part}.jsonl`, `${lines.join("\n")}\n`);
}

/** The image with the sentence below it. */
async function drawMeme(image: Uint8Array, sentence: string): Promise<Uint8Array> {
  const lines = wrapped(sentence, lineLength);
  const texts = textLines(lines, { x: width / 2, y: 138, lineHeight: 14 });
  const text =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${width}">` +
    `<g font-family="sans-serif" font-size="10.5" text-anchor="middle">${texts}</g></svg>`;
  const face = await sharp(image)
    .resize(112, 112, { fit: "contain", background: "#fff" })
    .toBuffer();
  return sharp({ create: { width, height: width, channels: 3, background: "#fff" } })
    .composite([
      { input: face, left: (width - 112) / 2, top: 8 },
      { input: Buffer.from(text), left: 0, top: 0 },
    ])
    .webp({ lossless: true })
    .toBuffer();
}
