/** `flava data report`: writes a page about the built mini-PMD. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Sample } from "../../data/sample.js";
import { defaultCache } from "../../../datasets/mini-pmd/packages.js";
import {
  type FolderSurvey,
  surveyEvaluation,
  surveyFolders,
} from "../../../datasets/mini-pmd/survey.js";
import { Html, html } from "../../report/html.js";
import { page } from "../../report/page.js";
import { numberColumn, table, textColumn } from "../../report/table.js";

export interface DataReportOptions {
  readonly cache?: string;
  readonly out: string;
}

/** Summary of a written page. */
interface DataReport extends Required<DataReportOptions> {
  readonly samples: number;
  readonly folders: Readonly<Record<string, number>>;
}

const examplesPerFolder = 24;
const listedTexts = 4;
const longestTextShown = 300;

/**
 * Reads the whole cache, which takes a minute or two, and writes a self-contained page.
 * @param onFolder called with each folder when it has been read
 */
export async function reportData(
  { cache = defaultCache(), out }: DataReportOptions,
  onFolder: (folder: FolderSurvey) => void,
): Promise<DataReport> {
  const folders: FolderSurvey[] = [];
  for await (const folder of surveyFolders(cache, examplesPerFolder)) {
    folders.push(folder);
    onFolder(folder);
  }
  if (folders.length === 0) {
    throw new RangeError(`${cache} holds no data set. Run \`flava data build\` first.`);
  }
  const samples = folders.reduce((sum, folder) => sum + folder.samples, 0);
  const text = page("The mini-PMD", `${count(samples)} samples in ${folders.length} folders`, [
    { title: "Samples", body: countTable(folders) },
    { title: "Lengths of captions and passages", body: lengthCharts(folders) },
    { title: "Licenses", body: licenseTable(folders) },
    { title: "Left out", body: await droppedTable(cache) },
    { title: "Evaluation sets", body: evaluationTable(await surveyEvaluation(cache)) },
    ...folders.map((folder) => ({ title: folder.folder, body: exampleList(folder) })),
  ]);
  await writeFile(out, text);
  const counts = Object.fromEntries(folders.map((each) => [each.folder, each.samples]));
  return { cache, out, samples, folders: counts };
}

const count = (value: number): string => value.toLocaleString("en");

const countTable = (folders: readonly FolderSurvey[]): Html =>
  table(
    [
      textColumn("folder"),
      ...["samples", "texts", "words", "words per text"].map((name) => numberColumn(name)),
    ],
    folders.map(({ folder, samples, texts, words }) => [
      folder,
      samples,
      texts,
      words,
      texts === 0 ? "" : (words / texts).toFixed(1),
    ]),
  );

/** A histogram of words per text for each training folder. */
function lengthCharts(folders: readonly FolderSurvey[]): Html {
  const shown = folders.filter(({ folder, texts }) => folder.endsWith("/train") && texts > 0);
  const figures = shown.map(({ folder, lengths }) => {
    const most = Math.max(...lengths);
    const bars = lengths.map(
      (texts, words) =>
        html`<rect
          x="${words * 4}"
          y="${60 - (60 * texts) / most}"
          width="3"
          height="${(60 * texts) / most}"
          fill="var(--mark)"
          ><title>${words} words: ${count(texts)} texts</title></rect
        >`,
    );
    return html`<li>
      ${folder}<svg
        viewBox="0 0 ${lengths.length * 4} 60"
        width="100%"
        role="img"
        aria-label="lengths in ${folder}"
      >
        ${bars}</svg
      >0 to ${lengths.length - 1} words or more
    </li>`;
  });
  return html`<ul class="images">
    ${figures}
  </ul>`;
}

function licenseTable(folders: readonly FolderSurvey[]): Html {
  const all = new Map<string, number>();
  for (const { licenses } of folders) {
    for (const [name, samples] of Object.entries(licenses)) {
      all.set(name, (all.get(name) ?? 0) + samples);
    }
  }
  return table(
    [textColumn("license"), numberColumn("samples")],
    [...all].sort(([, a], [, b]) => b - a),
  );
}

async function droppedTable(cache: string): Promise<Html> {
  const text = await readFile(join(cache, "build-report.json"), "utf8").catch(() => "{}");
  const { steps = {} } = JSON.parse(text) as {
    steps?: Record<string, { dropped: Record<string, number> }>;
  };
  const rows = Object.values(steps).flatMap(({ dropped }) => Object.entries(dropped));
  return table(
    [textColumn("source and reason"), numberColumn("items")],
    rows.sort(([, a], [, b]) => b - a),
  );
}

const evaluationTable = (sets: readonly Readonly<Record<string, unknown>>[]): Html =>
  table(
    ["set", "task", "samples", "baselines", "made by a program"].map((name) => textColumn(name)),
    sets.map(({ folder, task, samples, counts, baselines, majorityBaseline, synthetic }) => [
      String(folder),
      String(task),
      briefly(samples ?? counts),
      briefly(baselines ?? majorityBaseline),
      synthetic === true ? "yes" : "no",
    ]),
  );

/** Names with their counts, such as "train 3,000, test 500". */
function briefly(value: unknown): string {
  if (typeof value === "number") return Number.isInteger(value) ? count(value) : value.toFixed(4);
  if (typeof value !== "object" || value === null) return "";
  const total = Object.values(value as Record<string, unknown>);
  if (total.length > 8 && total.every((each) => typeof each === "number")) {
    return `${count(total.reduce((sum, each) => sum + each, 0))} of ${total.length} kinds`;
  }
  return Object.entries(value as Record<string, unknown>)
    .map(
      ([name, each]) =>
        `${name} ${typeof each === "object" ? `(${briefly(each)})` : briefly(each)}`,
    )
    .join(", ");
}

function exampleList({ examples }: FolderSurvey): Html {
  return html`<ul class="images">
    ${examples.map(example)}
  </ul>`;
}

function example({ key, image, texts, label }: Sample): Html {
  const shownImage = image
    ? html`<img
        alt="${texts[0] ?? label ?? key}"
        src="data:${mediaType(image)};base64,${Buffer.from(image).toString("base64")}"
      />`
    : html``;
  const shown = texts
    .slice(0, listedTexts)
    .map((text) =>
      text.length > longestTextShown ? `${text.slice(0, longestTextShown)} …` : text,
    );
  const lines = shown.map((text) => html`<div>${text}</div>`);
  return html`<li>
    ${shownImage}${lines}${label === undefined ? "" : html`<div>class: ${label}</div>`}
    <div class="quiet">${key}</div>
  </li>`;
}

/** Built images are WebP; browsers detect the format of others themselves. */
const mediaType = (image: Uint8Array): string =>
  Buffer.from(image.subarray(8, 12)).toString("latin1") === "WEBP" ? "image/webp" : "image/png";
