/**
 * Tasks of the shapes of the paper's on the evaluation sets of the mini-PMD, which `flava data build` writes: the same kinds of
 * measurement on files that everybody can have.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { parseJson } from "../../../data/json.js";
import { iconTemplates, photoTemplates } from "../../../inference/prompts.js";
import { SourceError } from "../../../data/formats/source-error.js";
import type { LabeledLayout } from "../layouts.js";
import type { MetricName } from "../metric-name.js";
import { type PaperRow, paperColumns } from "../paper.js";
import type { LabeledTask, RetrievalTask, Splits, Task } from "../task.js";
import {
  captionLayout,
  imageTextLayout,
  labeledImageLayout,
  questionLayout,
  textLayout,
  unusableLayout,
} from "./mini-layouts.js";

interface ImageSet {
  readonly title: string;
  /** Prompts for zero-shot classification; none where the names of classes say nothing about an image. */
  readonly templates: readonly string[];
}

const drawn = (title: string): ImageSet => ({ title, templates: iconTemplates });
const photographed = (title: string): ImageSet => ({ title, templates: photoTemplates });

const imageSets: Readonly<Record<string, ImageSet>> = {
  "probe-application-category": drawn("Application category"),
  "probe-battle-race": drawn("Race of a figure"),
  "probe-clipart-folder": drawn("Clip art folder"),
  "probe-counts": { title: "Counts", templates: ["{} objects", "a picture of {} objects"] },
  "probe-crossed-out": drawn("Crossed-out icons"),
  "probe-digits": drawn("Digits"),
  "probe-emoji-group": drawn("Emoji group"),
  "probe-emoji-subgroup": drawn("Emoji subgroup"),
  "probe-food-group": photographed("Food group"),
  "probe-furniture-room": drawn("Furniture room"),
  "probe-icon-category": drawn("Icon category"),
  "probe-icon-house": { title: "Design house", templates: [] },
  "probe-icon-style": drawn("Icon style"),
  "probe-orientation": drawn("Orientation"),
  "probe-rendered-sentences": {
    title: "Rendered sentences",
    templates: ["a {} review of a movie."],
  },
  "probe-road-signs": drawn("Road signs"),
  "probe-scene": photographed("Scene"),
  "probe-shapes": drawn("Shapes"),
  "probe-stamp-folder": drawn("Stamp folder"),
  "probe-terrain": drawn("Terrain"),
  "probe-textures": { title: "Textures", templates: ["a {} texture", "a {} pattern"] },
  "probe-units": drawn("Unit faction"),
};

/** Those on pairs of texts say so. */
const textSets: Readonly<Record<string, { readonly title: string; readonly isPair?: true }>> = {
  genre: { title: "Genre" },
  hedging: { title: "Hedging" },
  paraphrase: { title: "Paraphrase", isPair: true },
  "sentiment-sentences": { title: "Sentiment" },
  spam: { title: "Spam" },
  supersense: { title: "Supersense" },
  topic: { title: "Topic" },
  "word-in-context": { title: "Word in context", isPair: true },
};

const retrievalSets: Readonly<Record<string, string>> = {
  "retrieval-ph": "Phosphor",
  "retrieval-food": "Food photographs",
};

/** Common to all tasks; the sets are small. */
const common = { origin: "flava data build", gigabytes: 0.1 } as const;

const row = (title: string, ...metrics: readonly MetricName[]): PaperRow => ({
  title,
  metrics,
  values: paperColumns.map(() => null) as unknown as PaperRow["values"],
});

const withProtocol = (splits: Splits): Pick<Task, "protocols"> => ({
  protocols: { paper: splits },
});

/**
 * The tasks on the sets in a directory, such as evaluation/ in the cache of the mini-PMD: 8 on texts, 22 on images, 5 on images
 * with texts.
 * Sets that are not there have no classes; a task whose classes cannot be read cannot be opened.
 */
export async function miniTasks(directory: string): Promise<readonly Task[]> {
  const texts = Object.entries(textSets).map(async ([name, { title, isPair }]) =>
    textTask(name, title, isPair ?? false, await namesIn(directory, `text/${name}/README.json`)),
  );
  const images = Object.entries(imageSets).map(async ([name, set]) =>
    imageTask(name, set, await namesIn(directory, `${name}/classes.json`)),
  );
  const retrieval = Object.entries(retrievalSets).map(([name, title]) =>
    retrievalTask(name, title),
  );
  return [
    ...(await Promise.all([...texts, ...images])),
    ...[questions, entailment, memes],
    ...retrieval,
  ];
}

const namesFile = z.union([
  z.object({ classes: z.array(z.string()) }).transform(({ classes }) => classes),
  z.object({ labels: z.array(z.string()) }).transform(({ labels }) => labels),
]);

/** What a set says about its classes. */
interface FoundClasses {
  readonly classes: readonly string[];
  /** Why they are not known, if the file is damaged. */
  readonly damage?: SourceError;
}

/** The class names in a JSON file; none if it is not there. */
async function namesIn(directory: string, file: string): Promise<FoundClasses> {
  const path = join(directory, file);
  const text = await readFile(path, "utf8").catch(() => undefined);
  if (text === undefined) return { classes: [] };
  try {
    return { classes: namesFile.parse(parseJson(text)) };
  } catch {
    const sentence = `${path} does not list classes.`;
    return { classes: [], damage: new SourceError(sentence) };
  }
}

const usable = (layout: LabeledLayout, damage: SourceError | undefined): LabeledLayout =>
  damage ? unusableLayout(layout, damage) : layout;

function textTask(
  name: string,
  title: string,
  isPair: boolean,
  { classes, damage }: FoundClasses,
): LabeledTask {
  const columns = { text: "sentence", ...(isPair && { textPair: "sentence2" }), label: "label" };
  return {
    ...common,
    ...{ name, title, classes },
    folders: [`text/${name}`],
    family: "language",
    kind: "fine-tuning",
    inputs: isPair ? "text pair" : "text",
    recipe: "mini-text",
    layouts: [usable(textLayout({ ...columns, classes }), damage)],
    ...withProtocol({ train: [["train"]], validation: ["dev"], test: ["test"] }),
    otherMetrics: ["Matthews"],
    paper: [row(title, "accuracy")],
  };
}

const imageTask = (
  name: string,
  { title, templates }: ImageSet,
  { classes, damage }: FoundClasses,
): LabeledTask => ({
  ...common,
  ...{ name, title, classes, templates },
  family: "vision",
  kind: "linear probe",
  inputs: "image",
  layouts: [usable(labeledImageLayout(classes), damage)],
  ...withProtocol({ train: [["train"]], test: ["test"] }),
  otherMetrics: ["mean per class"],
  paper: [row(title, "accuracy")],
});

const questions: LabeledTask = {
  ...common,
  name: "picture-questions",
  title: "Questions",
  family: "multimodal",
  kind: "fine-tuning",
  inputs: "image and text",
  recipe: "mini-multimodal",
  classes: [],
  layouts: [questionLayout()],
  ...withProtocol({ train: [["train"]], test: ["test"] }),
  paper: [row("Questions", "VQA accuracy")],
};

const entailmentClasses = ["entailment", "neutral", "contradiction"];
const entailment: LabeledTask = {
  ...common,
  name: "visual-entailment",
  title: "Entailment",
  family: "multimodal",
  kind: "fine-tuning",
  inputs: "image and text",
  recipe: "mini-multimodal",
  classes: entailmentClasses,
  layouts: [
    imageTextLayout(
      ["train", "test"],
      ({ Flickr30K_ID, sentence2, gold_label }) => ({
        image: Flickr30K_ID,
        text: sentence2,
        label: gold_label,
      }),
      entailmentClasses,
    ),
  ],
  ...withProtocol({ train: [["train"]], test: ["test"] }),
  paper: [row("Entailment", "accuracy")],
};

const memeClasses = ["agree", "disagree"];
const memes: LabeledTask = {
  ...common,
  name: "memes",
  title: "Memes",
  family: "multimodal",
  kind: "fine-tuning",
  inputs: "image and text",
  recipe: "mini-multimodal",
  classes: memeClasses,
  layouts: [
    imageTextLayout(
      ["train", "dev", "test"],
      ({ img, text, label }) => ({ image: img, text, label }),
      memeClasses,
    ),
  ],
  ...withProtocol({ train: [["train"]], validation: ["dev"], test: ["test"] }),
  otherMetrics: ["accuracy"],
  paper: [row("Memes", "AUROC")],
};

const retrievalTask = (name: string, title: string): RetrievalTask => ({
  ...common,
  ...{ name, title },
  family: "multimodal",
  kind: "zero-shot retrieval",
  layouts: [captionLayout],
  ...withProtocol({ train: [], test: ["test"] }),
  otherMetrics: ["text R@10", "image R@10"],
  paper: [
    row(`${title} TR R@1`, "text R@1"),
    row(`${title} TR R@5`, "text R@5"),
    row(`${title} IR R@1`, "image R@1"),
    row(`${title} IR R@5`, "image R@5"),
  ],
});
