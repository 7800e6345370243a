/** A small data set of colored shapes with captions, for tests of training: real images in real shards. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { ShardWriter } from "../src/data/formats/tar/shard-writer.js";
import { specialPieces } from "../src/data/text/vocabulary.js";
import { matchingAlone } from "../src/configs/pairs-alone.js";
import { type Recipe, type RecipeInput, checkRecipe } from "../src/configs/recipe.js";
import { type PretrainOptions, pretrain } from "../src/train/pretrain.js";

const colors = ["red", "green", "blue", "black", "orange", "purple"];
const shapes: Readonly<Record<string, string>> = {
  circle: '<circle cx="16" cy="16" r="12"/>',
  square: '<rect x="5" y="5" width="22" height="22"/>',
  triangle: '<path d="M16 4 29 28H3z"/>',
  cross: '<path d="M13 3h6v10h10v6H19v10h-6V19H3v-6h10z"/>',
  bar: '<rect x="2" y="12" width="28" height="8"/>',
};

/** The words of the texts: models with BERT's vocabulary would spend most of their time on its embeddings. */
export const words = [
  ...Object.values(specialPieces),
  ...[...colors, ...Object.keys(shapes)],
  ...["the", "is", "and", "nothing", "else", "here", "a", "."],
];

/** Writes `pairs/shapes/train`, with a validation twin, `text/words/{train,validation}` and `words.txt` below `root`. */
export async function writeShapes(root: string): Promise<void> {
  for (const split of ["train", "validation"]) {
    const pairs = new ShardWriter(join(root, "pairs", "shapes", split), { name: "shapes" });
    const texts = new ShardWriter(join(root, "text", "words", split), { name: "words" });
    for (const color of colors) {
      for (const [shape, drawing] of Object.entries(shapes)) {
        const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="32" height="32" fill="${color}">${drawing}</svg>`;
        const image = await sharp(Buffer.from(svg))
          .flatten({ background: "white" })
          .png()
          .toBuffer();
        const concept = `${color} ${shape}`;
        const fields = { concept };
        await pairs.add({
          key: `${color}-${shape}`,
          image,
          texts: [concept, `a ${concept}`],
          fields,
        });
        const text = `The ${shape} is ${color} and nothing else is ${color} here.`;
        await texts.add({ key: `${color}-${shape}`, texts: [text], fields: {} });
      }
    }
    await pairs.close();
    await texts.close();
  }
  await writeFile(join(root, "words.txt"), `${words.join("\n")}\n`);
}

/** Trains on the shapes of `root` in this process, in its folder `name`; returns the log. */
export async function pretrainShapes(
  root: string,
  name: string,
  options: Pick<PretrainOptions, "backend"> & Partial<PretrainOptions>,
): Promise<string[]> {
  const lines: string[] = [];
  await pretrain({
    recipe: shapesRecipe(root),
    directory: join(root, name),
    workers: 0,
    log: (line) => lines.push(line),
    ...options,
  });
  return lines;
}

/** Small beyond "tiny", whose codebook would take most of the time; images are as large as the shapes are drawn. */
const model = {
  from: "tiny",
  image: { size: 32 },
  codebook: { hidden: 4, vocabulary: 64 },
} as const;

/** A recipe of a few steps of every stage on the shapes. */
export function shapesRecipe(
  root: string,
  changes: {
    readonly steps?: number;
    readonly vocabulary?: string;
    /** Word embeddings of the model. */
    readonly embeddings?: number;
    readonly microBatches?: number;
    /** The stage after the others, which learns matching alone. */
    readonly frozen?: readonly string[];
  } = {},
): Recipe {
  const { steps = 4, vocabulary = "words.txt", embeddings = 32 } = changes;
  const { microBatches = 1, frozen } = changes;
  const batch = { pair: 8, image: 8, text: 8 };
  const every = { log: 1, evaluate: steps, save: Math.ceil(steps / 4) };
  return checkRecipe(
    {
      name: "shapes",
      model: { ...model, text: { vocabulary: embeddings } },
      precision: "float32",
      data: {
        root,
        vocabulary,
        pairs: ["pairs/*/train"],
        images: ["pairs/*/train"],
        texts: ["text/*/train"],
        validation: { pairs: ["pairs/*/validation"], texts: ["text/*/validation"] },
        captions: { lengths: [8], unit: "word" },
        passages: { lengths: [16], unit: "piece" },
      },
      stages: [
        {
          kind: "codebook",
          steps,
          batch: 8,
          rate: { peak: 1e-3 },
          temperature: { from: 1, to: 0.1, over: steps },
          divergence: { from: 0, to: 1, over: steps },
          usage: 1,
          every,
        },
        {
          kind: "pretraining",
          name: "joint",
          steps,
          batch,
          microBatches,
          shares: { pair: 0.4, image: 0.3, text: 0.3 },
          rate: { peak: 1e-3 },
          from: [{ stage: "codebook", parts: ["codebook"] }],
          every,
        },
        ...(frozen ? [matchingStage(frozen)] : []),
      ],
    },
    "the shapes recipe",
  );
}

function matchingStage(frozen: readonly string[]): RecipeInput["stages"][number] {
  return {
    kind: "pretraining",
    name: "matching",
    steps: 2,
    batch: { pair: 8, image: 8, text: 8 },
    ...matchingAlone,
    frozen: [...frozen],
    rate: { peak: 1e-3 },
    from: [{ stage: "joint", parts: ["flava", "heads", "codebook"] }],
  };
}
