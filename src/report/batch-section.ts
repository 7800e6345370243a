/** A batch as the model sees it: images with the hidden patches faded, texts with the masked words marked. */
import sharp from "sharp";
import type { Values } from "../backend/values.js";
import type { MaskedImages, MaskedTexts } from "../data/batch/batch.js";
import type { BatchImageSizes, BatchTextSizes } from "../data/batch/batch-specs.js";
import type { CollatedBatch } from "../data/batch/collate.js";
import type { Vocabulary } from "../data/text/vocabulary.js";
import { type Html, html } from "./html.js";
import type { Section } from "./page.js";

type Color = readonly [number, number, number];

/** How pixels are turned back into colors from 0 to 1: value · std + mean. */
export interface Denormalization {
  readonly mean: Color;
  readonly std: Color;
}

/** Side of the drawn images in pixels: twice the displayed size, for high-resolution screens. */
const drawnSide = 192;
/** Share of a hidden patch that is painted over. */
const fade = 0.85;
const fadedColor: Color = [0.55, 0.62, 0.7];

/** A section with every sample of `batch`. */
export async function batchSection(
  title: string,
  batch: CollatedBatch,
  vocabulary: Vocabulary,
  colors: Denormalization,
): Promise<Section> {
  const items: Html[] = [];
  for (let sample = 0; sample < batch.sizes.samples; sample++) {
    const { sizes } = batch;
    const image =
      "images" in sizes && batch.kind !== "text"
        ? await drawn(batch, sizes.images, sample, colors)
        : undefined;
    const text =
      "texts" in sizes && batch.kind !== "image"
        ? textOf(batch, sizes.texts, sample, vocabulary)
        : "";
    const isStrange = batch.kind === "pair" && batch.match[sample] === 0;
    items.push(
      html`<li>
        ${image === undefined ? "" : html`<img src="${image}" alt="sample ${sample + 1}" />`}
        ${text} ${isStrange ? html`<div class="quiet">text of another image</div>` : ""}
      </li>`,
    );
  }
  const list = html`<ul class="${batch.kind === "text" ? "texts" : "images"}">
    ${items}
  </ul>`;
  return { title, body: html`${explanation(batch)}${list}` };
}

function explanation(batch: CollatedBatch): Html {
  const images = batch.kind === "text" ? "" : "Faded patches are hidden from the model. ";
  const texts =
    batch.kind === "image"
      ? ""
      : "Marked words are to be predicted: the model reads what is marked; the answer stands above it.";
  return html`<p class="quiet">${images}${texts}</p>`;
}

/** The image of a sample as a data URI, its hidden patches painted over. */
async function drawn(
  { pixels, hidden }: MaskedImages<Values>,
  { pixels: shape, patches }: BatchImageSizes,
  sample: number,
  { mean, std }: Denormalization,
): Promise<string> {
  const [channels = 0, height = 0, width = 0] = shape;
  const across = Math.sqrt(patches);
  const bytes = new Uint8Array(height * width * channels);
  for (let place = 0; place < height * width; place++) {
    const row = Math.floor((Math.floor(place / width) * across) / height);
    const column = Math.floor(((place % width) * across) / width);
    const isHidden = hidden[(sample * across + row) * across + column] === 1;
    for (let c = 0; c < channels; c++) {
      const value = pixels[(sample * channels + c) * height * width + place]!;
      const color = value * std[c]! + mean[c]!;
      const shown = isHidden ? color * (1 - fade) + fadedColor[c]! * fade : color;
      bytes[place * channels + c] = Math.round(255 * Math.min(Math.max(shown, 0), 1));
    }
  }
  const png = await sharp(bytes, { raw: { width, height, channels: 3 } })
    .resize(Math.max(drawnSide, width), undefined, { kernel: "nearest" })
    .png()
    .toBuffer();
  return `data:image/png;base64,${png.toString("base64")}`;
}

/** The pieces of a sample's text, those to predict marked. */
function textOf(
  { maskedIds, lengths, targets }: MaskedTexts<Values>,
  { length }: BatchTextSizes,
  sample: number,
  { pieces }: Vocabulary,
): Html {
  const { positions, labels } = targets;
  const answers = new Map<number, number>();
  for (const [index, position] of positions.entries()) answers.set(position, labels[index]!);
  const words: Html[] = [];
  // Without [CLS] and [SEP], which every text has.
  for (let place = 1; place < lengths[sample]! - 1; place++) {
    const position = sample * length + place;
    const piece = pieces[maskedIds[position]!] ?? "";
    const answer = answers.get(position);
    words.push(
      answer === undefined
        ? html`${spaced(piece)}`
        : html` <ruby><mark>${piece}</mark><rt>${pieces[answer] ?? ""}</rt></ruby>`,
    );
  }
  return html`<div>${words}</div>`;
}

/** A piece that continues a word joins it. */
const spaced = (piece: string): string => (piece.startsWith("##") ? piece.slice(2) : ` ${piece}`);
