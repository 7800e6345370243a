/** The data of a recipe: its sets, and how their samples become batches. */
import { z } from "zod";
import { dataSet } from "./data-set.js";

const share = z.number().min(0).max(1);
const positive = z.number().positive();

/** [CLS], a word piece and [SEP]. */
const shortestText = 3;

/** Lengths that texts are padded to. */
export const textLengths = z
  .array(z.int().positive())
  .nonempty()
  .superRefine((lengths, context) => {
    const fault = (message: string): void => context.addIssue({ code: "custom", message });
    if (lengths.some((length, index) => length <= (lengths[index - 1] ?? 0)))
      fault(`expected ascending lengths, but got ${lengths.join(", ")}`);
    else if (lengths[0]! < shortestText)
      fault(
        `expected lengths from ${shortestText} on, for [CLS], a word piece and [SEP], but got ${lengths[0]}`,
      );
  });

/** The least and the greatest of some numbers, up to `most`. */
const range = (most = Infinity) =>
  z.tuple([positive, positive]).superRefine(([least, greatest], context) => {
    if (least <= greatest && greatest <= most) return;
    const limit = most < Infinity ? `, which is at most ${most},` : "";
    const message = `expected the least number before the greatest one${limit} but got ${least} and ${greatest}`;
    context.addIssue({ code: "custom", message });
  });

/** How images are cropped and changed at random. */
export const views = z.strictObject({
  scale: range(1)
    .default([0.9, 1])
    .meta({ description: "Least and largest share of an image's area to crop." }),
  ratio: range()
    .default([3 / 4, 4 / 3])
    .meta({ description: "Least and largest width of a crop, as a multiple of its height." }),
  flip: share.default(0).meta({ description: "Probability of a horizontal flip." }),
  jitter: share.default(0).meta({
    description: "Largest change of brightness, contrast and saturation, as a fraction.",
  }),
});

export const textOptions = z.strictObject({
  lengths: textLengths.meta({
    description:
      "Lengths in word pieces that texts are filled up to, ascending; longer texts are cut to the last one.",
    paper: "captions 77, passages 512",
  }),
  masked: positive
    .max(1)
    .default(0.15)
    .meta({ description: "Fraction of word pieces to predict.", paper: "0.15" }),
  unit: z.enum(["piece", "word"]).meta({
    description: "What is masked at a time: single word pieces, or whole words.",
    paper: "captions word, passages piece",
  }),
});

const sets = z.array(dataSet).default([]);

export const data = z.strictObject({
  root: z.string().meta({
    description: "Directory that data sets are relative to; itself relative to the recipe's file.",
  }),
  vocabulary: z.string().optional().meta({
    description: "A vocab.txt of word pieces for all texts; default: BERT's uncased one.",
    paper: "BERT's uncased",
  }),
  pairs: sets.meta({ description: "Data sets with images and captions.", paper: "PMD" }),
  images: sets.meta({
    description: "Data sets with images; their texts are ignored.",
    paper: "ImageNet-1k",
  }),
  texts: sets.meta({ description: "Data sets with texts.", paper: "CCNews and BookCorpus" }),
  validation: z
    .strictObject({
      pairs: sets.meta({ description: "Images with captions." }),
      texts: sets.meta({ description: "Texts." }),
      batch: z.int().positive().default(64).meta({
        description: "Most samples in a validation batch; a set with fewer is one batch.",
      }),
    })
    .prefault({})
    .meta({ description: "Data sets held out from training, to evaluate on." }),
  captions: textOptions
    .prefault({ lengths: [16, 32, 77], unit: "word" })
    .meta({ description: "How the texts of pairs are read." }),
  firstCaptionProbability: share.default(0).meta({
    description:
      "Probability of using a pair's first caption, the simplest; otherwise one is drawn from all its captions.",
    paper: "0",
  }),
  passages: textOptions
    .prefault({ lengths: [512], unit: "piece" })
    .meta({ description: "How texts alone are read." }),
  views: views
    .prefault({})
    .meta({ description: "How images are cropped and changed.", paper: "not stated" }),
  temperature: z.number().min(1).default(1).meta({
    description:
      "Data sets of a kind are drawn in proportion to samples^(1 / temperature): larger values favor small sets.",
    paper: "not stated",
  }),
});
