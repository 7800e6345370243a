/** Builds one step of the mini-PMD into its folders. */
import type { Sample } from "flava/data";
import { ahead } from "./ahead.js";
import { type Drawn, draw } from "./draw.js";
import type { Split } from "./families.js";
import type { StepFolders } from "./folders.js";
import { type HeldOutImage, readHeldOut, writeHeldOut } from "./held-out.js";
import type { Item, LoneImage } from "./item.js";
import { HeldOutInks } from "./near-copies.js";
import type { Packages } from "./packages.js";
import { passagesOf } from "./passages.js";
import { count, drop, type StepReport } from "./report.js";
import { orderedBy, seededUnit } from "./seeded.js";
import type { PairStep, ImageStep, TextStep } from "./steps.js";

export interface StepContext {
  readonly packages: Packages;
  readonly folders: StepFolders;
  readonly report: StepReport;
  /** Pixels. */
  readonly size: number;
  /** Limit of items per source; for trials. */
  readonly limit: number;
}

interface Placed {
  readonly item: Item;
  readonly split: Split;
}

/** Images that are drawn ahead: enough to keep all threads busy. */
const drawnAhead = 16;

/** Pairs: held-out images first, then those of training that are not copies of them; each in a seeded random order. */
export async function buildPairs(step: PairStep, context: StepContext): Promise<void> {
  const placed = await placedItems(step, context);
  const heldOut: HeldOutImage[] = [];
  const isHeld = ({ split }: Placed): boolean => split !== "train";
  for await (const { item, split, drawn } of drawAll(placed.filter(isHeld), context)) {
    heldOut.push({ key: item.key, ink: drawn.ink });
    await add(item, split, drawn, context);
  }
  let inks = await readHeldOut(context.packages.cache);
  if (step.name === "iconify") {
    await writeHeldOut(context.packages.cache, heldOut);
    inks = new HeldOutInks(heldOut);
  } else if (!inks) {
    context.packages.onMessage(
      `${step.name}: copies of held-out icons are not detected; build iconify first.`,
    );
  }
  const trained = placed.filter((each) => !isHeld(each));
  for await (const { item, split, drawn } of drawAll(trained, context)) {
    const original = inks?.copyOf(drawn.ink);
    if (original === undefined) await add(item, split, drawn, context);
    else drop(context.report, item.source, "copy of a held-out image", `${item.key} (${original})`);
  }
}

/** All items of a step with their splits, in a seeded random order. */
async function placedItems(step: PairStep, { packages, limit }: StepContext): Promise<Placed[]> {
  const placed: Placed[] = [];
  for (const part of step.parts) {
    let left = limit;
    for await (const item of part.items(packages)) {
      const split = part.split(item);
      if (split === "excluded") continue;
      placed.push({ item, split });
      if (--left <= 0) break;
    }
  }
  packages.onMessage(`${step.name}: ${placed.length} items found`);
  return orderedBy(placed, ({ item }) => seededUnit("order", item.key));
}

/** Draws items in order, without those that cannot be drawn. */
async function* drawAll(
  placed: readonly Placed[],
  { packages, report, size }: StepContext,
): AsyncGenerator<Placed & { drawn: Drawn }> {
  let done = 0;
  const results = ahead(placed, drawnAhead, async (each) => {
    const drawn = await draw(each.item, { size, recolor: each.split === "train" });
    return { ...each, drawn };
  });
  for await (const { item, split, drawn } of results) {
    if (typeof drawn === "string") drop(report, item.source, drawn, item.key);
    else yield { item, split, drawn };
    if (++done % 20_000 === 0) packages.onMessage(`  ${done} of ${placed.length} drawn`);
  }
}

async function add(
  item: Item,
  split: Split,
  drawn: Drawn,
  { folders, report }: StepContext,
): Promise<void> {
  const { key, set, family, concept, license, author, category, style, tags } = item;
  const folder = `pairs/${item.source}/${split}`;
  const texts = drawn.color ? [...item.captions, drawn.color.caption] : item.captions;
  await folders.add(folder, {
    key,
    image: drawn.image,
    texts,
    fields: {
      set,
      family,
      concept,
      license,
      ...(author !== undefined && { author }),
      ...(category !== undefined && { category }),
      ...(style !== undefined && { style }),
      ...(drawn.color && { color: drawn.color.name }),
      tags,
    },
  });
  count(report.kept, folder);
}

/** Images without texts, with a label if there is one. */
export async function buildImages(step: ImageStep, context: StepContext): Promise<void> {
  const { packages, folders, report, size, limit } = context;
  const results = ahead(step.images(packages), drawnAhead, async (image) => {
    const item = imageItem(image);
    return { ...image, drawn: await draw(item, { size, recolor: false }) };
  });
  let left = limit;
  for await (const { key, source, license, label, group, drawn } of results) {
    if (left-- <= 0) break;
    if (typeof drawn === "string") {
      drop(report, source, drawn, key);
      continue;
    }
    const folder = `images/${source}/train`;
    await folders.add(folder, {
      key,
      image: drawn.image,
      texts: [],
      ...(label !== undefined && { label }),
      fields: { license, ...(group !== undefined && { group }) },
    });
    count(report.kept, folder);
  }
}

/** An image as an item without words, for drawing. */
function imageItem({ key, file, license }: LoneImage): Item {
  const drawing = { kind: "file", file } as const;
  const nothing = { set: "", family: "", concept: "", captions: [], tags: [] };
  return { key, source: "icons", ...nothing, drawing, license };
}

/** The part of the documents that is held out for evaluation. */
const validationDocuments = 0.01;

/** Texts: documents in passages; whole documents are held out. */
export async function buildTexts(
  step: TextStep,
  { packages, folders, report, limit }: StepContext,
): Promise<void> {
  let left = limit;
  for await (const { key, source, text, license, heldOut } of step.texts(packages)) {
    if (left-- <= 0) break;
    if (heldOut) {
      drop(report, source, "an evaluation set uses it", key);
      continue;
    }
    const split = seededUnit("document", key) < validationDocuments ? "validation" : "train";
    const folder = `text/${source}/${split}`;
    for (const [index, passage] of passagesOf(text).entries()) {
      const sample: Sample = { key: `${key}/${index}`, texts: [passage], fields: { license } };
      await folders.add(folder, sample);
      count(report.kept, folder);
      count(report.words, folder, passage.split(" ").length);
    }
  }
}
