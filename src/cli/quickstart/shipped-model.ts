/** The second half of the quickstart: the shipped model on held-out images and masked words. */
import sharp from "sharp";
import type { Flava } from "../../api/flava.js";
import { packagePath } from "../../base/package-root.js";
import { keyOf } from "../../base/random.js";
import type { Image } from "../../data/image/image.js";
import { decodeImage } from "../../data/image/decode.js";
import { openSource } from "../../data/formats/open.js";
import { type Evaluation, evaluate } from "../../eval/evaluate.js";
import { openEvaluationSet } from "../../eval/evaluation-set.js";
import { type Html, html } from "../../report/html.js";
import { measurements, meanOf, percent, rangeOf } from "../../report/measurements.js";
import type { Section } from "../../report/page.js";
import { toSection } from "../../report/evaluation-section.js";
import { table, textColumn } from "../../report/table.js";
import { alignedPercent } from "../percent.js";

const evaluationSet = (name: string): string =>
  packagePath("samples", "mini-pmd", "evaluation", name);
const sets = ["zero-shot-ph", "retrieval-ph"];
const maskedTexts = [
  "a red [MASK] icon",
  "an icon of a [MASK] with a pair of scissors",
  "the president of the united [MASK] of america",
  "and god said, let there be [MASK]",
];
const shownImages = 8;
const key = keyOf(0);

type Log = (line: string) => void;

/** What the quickstart's page shows of the shipped model. */
export interface ShownModel {
  readonly evaluations: readonly Evaluation[];
  readonly sections: readonly Section[];
}

/** Evaluates the model, prints the results line by line, and draws report sections about them. */
export async function showShippedModel(flava: Flava, log: Log): Promise<ShownModel> {
  const { backend } = flava.model;
  const evaluations: Evaluation[] = [];
  for (const name of sets) evaluations.push(await evaluateSet(flava, name, log));
  const sections: Section[] = [];
  for (const each of evaluations) sections.push(await toSection(each, { backend, key }));
  sections.push(await wordsSection(flava, log), await imagesSection(flava));
  return { evaluations, sections };
}

async function evaluateSet(flava: Flava, name: string, log: Log): Promise<Evaluation> {
  const set = await openEvaluationSet(evaluationSet(name));
  const evaluation = await evaluate(set, flava, { key });
  log(`${name}:`);
  for (const { name: measure, share, chance } of measurements(evaluation)) {
    const guessing = chance === undefined ? "" : `guessing ${percent(chance)}`;
    log(
      `  ${measure.padEnd(36)} ${alignedPercent(meanOf(share))}  ${rangeOf(share).padEnd(17)} ${guessing}`,
    );
  }
  return evaluation;
}

async function wordsSection(flava: Flava, log: Log): Promise<Section> {
  log("Masked words:");
  const rows: string[][] = [];
  for (const text of maskedTexts) {
    const { masks } = await flava.fill(text, { top: 3 });
    const candidates = (masks[0] ?? [])
      .map(({ piece, probability }) => `${piece} ${percent(probability)}`)
      .join(", ");
    log(`  ${text.padEnd(52)} ${candidates}`);
    rows.push([text, candidates]);
  }
  const columns = [textColumn("text"), textColumn("most probable word pieces")];
  return { title: "Masked words", body: table(columns, rows) };
}

/** Held-out images with masked patches, next to the model's reconstructions. */
async function imagesSection(flava: Flava): Promise<Section> {
  const source = await openSource(evaluationSet("retrieval-ph"));
  const figures: Html[] = [];
  for await (const sample of source.read()) {
    if (figures.length === shownImages) break;
    if (!sample.image) continue;
    const original = await decodeImage(sample.image);
    const filled = await flava.fillImage(original, { seed: figures.length });
    if (!filled.image) break;
    const images = [
      await pngOf(original),
      await pngOf(withMasked(original, filled.hidden, filled.grid.width)),
      await pngOf(filled.image),
    ];
    figures.push(
      html`<li>
        ${images.map((url) => html`<img src="${url}" alt="" style="height: 5rem" />`)}${sample.texts[0] ?? ""}
      </li>`,
    );
  }
  const body = html`<p class="quiet">
      Each image, the image with masked patches, and the image decoded from visual tokens, of which
      those of masked patches are predicted.
    </p>
    <ul class="images">
      ${figures}
    </ul>`;
  return { title: "Masked patches", body };
}

/** The image with masked patches in gray. */
function withMasked({ width, height, pixels }: Image, hidden: Uint8Array, patches: number): Image {
  const gray = Uint8Array.from(pixels);
  for (let place = 0; place < width * height; place++) {
    const column = Math.floor(((place % width) * patches) / width);
    const row = Math.floor((Math.floor(place / width) * patches) / height);
    if (hidden[row * patches + column] === 1) gray.fill(160, place * 3, place * 3 + 3);
  }
  return { width, height, pixels: gray };
}

async function pngOf({ width, height, pixels }: Image): Promise<string> {
  const png = await sharp(pixels, { raw: { width, height, channels: 3 } })
    .resize({ height: 80 })
    .png()
    .toBuffer();
  return `data:image/png;base64,${png.toString("base64")}`;
}
