/** An evaluation as a section of a page: its metrics, and examples with their images. */
import type { Backend } from "../backend/backend.js";
import type { Key } from "../base/random.js";
import type { ClassificationEvaluation, Evaluation } from "../eval/evaluate.js";
import type { RetrievalEvaluation } from "../eval/evaluators/retrieval.js";
import {
  type ClassifiedImage,
  exampleClassifications,
  exampleImages,
  exampleSearches,
} from "./examples.js";
import { type Html, html } from "./html.js";
import { meanOf, measurements, percent, rangeOf, summary } from "./measurements.js";
import type { Section } from "./page.js";
import { numberColumn, table, textColumn } from "./table.js";
import { thumbnails } from "./thumbnail.js";

export interface SectionOptions {
  readonly backend: Backend;
  /** For drawing examples. */
  readonly key: Key;
  /** Ends the search for examples. */
  readonly signal?: AbortSignal;
}

/** Draws an evaluation; the images of the examples are read from the set again. */
export async function toSection(evaluation: Evaluation, options: SectionOptions): Promise<Section> {
  const examples = await examplesOf(evaluation, options);
  const body = html`<p>${summary(evaluation)}</p>
    ${measurementTable(evaluation)}${examples}`;
  return { title: evaluation.set.name, body };
}

async function examplesOf(evaluation: Evaluation, options: SectionOptions): Promise<Html> {
  if ("measures" in evaluation) return html``;
  if (evaluation.kind === "retrieval") return searchExamples(evaluation, options);
  return classificationExamples(evaluation, options.key);
}

function measurementTable(evaluation: Evaluation): Html {
  const rows = measurements(evaluation).map(({ name, share, chance }) => {
    const [low, high] = typeof share === "number" ? [share, share] : [share.low, share.high];
    const [left, width] = [(100 * low).toFixed(2), (100 * (high - low)).toFixed(2)];
    const range = html`<span class="range" aria-hidden="true"
      ><i style="left:${left}%;width:${width}%"></i
    ></span>`;
    const guessing = chance === undefined ? "" : percent(chance);
    return [name, percent(meanOf(share)), rangeOf(share), range, guessing];
  });
  const columns = [
    textColumn("measure"),
    numberColumn("value"),
    numberColumn("95 % interval"),
    textColumn("0 to 100 %"),
    numberColumn("guessing"),
  ];
  return table(columns, rows);
}

/** A list of images with captions. */
function gallery(
  images: readonly { readonly key: string; readonly caption: Html }[],
  small: ReadonlyMap<string, string>,
): Html {
  const items = images.map(({ key, caption }) => {
    const source = small.get(key);
    const image =
      source === undefined ? "" : html`<img src="${source}" alt="${key}" loading="lazy" />`;
    return html`<li>${image}${caption}</li>`;
  });
  return html`<ul class="images">
    ${items}
  </ul>`;
}

const judged = (text: string, isRight: boolean): Html =>
  html`<span class="${isRight ? "good" : "bad"}">${text}</span>`;

async function classificationExamples(
  evaluation: ClassificationEvaluation,
  key: Key,
): Promise<Html> {
  const { right, wrong } = exampleClassifications(evaluation, key);
  const small = await thumbnails(
    evaluation.set.source,
    [...right, ...wrong].map((example) => example.key),
  );
  const { classes } = evaluation.set;
  const confusions = evaluation.result.confusions.map(({ label, predicted, count }) => [
    classes[label]!,
    classes[predicted]!,
    count,
  ]);
  const chapter = (title: string, body: Html, count: number): Html =>
    count > 0
      ? html`<h3>${title}</h3>
          ${body}`
      : html``;
  const columns = [textColumn("is"), textColumn("was taken for"), numberColumn("times")];
  const confused = table(columns, confusions);
  return html`${chapter("Right", classifiedImages(right, small), right.length)}
  ${chapter("Wrong", classifiedImages(wrong, small), wrong.length)}
  ${chapter("Most frequent mistakes", confused, confusions.length)}`;
}

/** Images drawn at random, each with the class that was predicted, and with its own where that is another. */
export async function drawnImages(evaluation: ClassificationEvaluation, key: Key): Promise<Html> {
  const drawn = exampleImages(evaluation, key);
  const small = await thumbnails(
    evaluation.set.source,
    drawn.map((image) => image.key),
  );
  return classifiedImages(drawn, small);
}

function classifiedImages(
  images: readonly ClassifiedImage[],
  small: ReadonlyMap<string, string>,
): Html {
  const captioned = images.map(({ key, label, predicted }) => ({
    key,
    caption:
      label === predicted
        ? judged(label, true)
        : html`${judged(predicted, false)}<br /><span class="quiet">is ${label}</span>`,
  }));
  return gallery(captioned, small);
}

async function searchExamples(
  evaluation: RetrievalEvaluation,
  { backend, key, signal }: SectionOptions,
): Promise<Html> {
  const width = evaluation.images.length / evaluation.keys.length;
  const { texts, images } = await exampleSearches(backend, evaluation, width, key, signal);
  const keys = [...texts.flatMap(({ found }) => found), ...images].map((example) => example.key);
  const small = await thumbnails(evaluation.set.source, keys);
  const found = texts.map(({ text, found }) => {
    const captioned = found.map(({ key, name, isRight }) => ({
      key,
      caption: judged(name, isRight),
    }));
    return html`<h3>“${text}”</h3>
      ${gallery(captioned, small)}`;
  });
  const read = images.map(({ key, found }) => ({
    key,
    caption: html`${found.map(({ text, isRight }) => html`<div>${judged(text, isRight)}</div>`)}`,
  }));
  return html`${found}
    <h3>Images with the texts that are nearest</h3>
    ${gallery(read, small)}`;
}
