/** docs/tasks.md, from the descriptions of the tasks. */
import { paperColumns } from "../src/eval/tasks/paper.js";
import type { Family, Layout, ProtocolName, Splits, Task } from "../src/eval/tasks/task.js";

const introduction = `# The 35 tasks

FLAVA's paper evaluates one model on 35 tasks: eight of GLUE, 22 sets of images, and five on images with texts ([flava.md](flava.md), 7
and 8). This page says which files each task needs and how they are split. Put each set into a folder of the task's name in one data
directory; \`flava tasks --data DIR\` then shows what is found, missing or unusable. Nothing is downloaded, and files are read as
their publishers distribute them, unpacked.

- A layout is a form in which the files are accepted; the first is the official one. In paths, \`*\` stands for any characters, and
  "or" separates paths of which one suffices. Parquet files are found in the folder itself, in \`data\` or in the folder of their
  configuration, as \`SPLIT-*.parquet\` or \`SPLIT/*.parquet\`.
- A protocol says which parts are fitted to and scored: \`paper\` where FLAVA's paper states it, \`clip\` as in CLIP's linear probes,
  which the paper follows, and \`vissl\` as in the scripts of VISSL. The first one is the default. Sizes of parts are checked: a set
  with missing samples is refused, since its score could not be compared.
- The average over the 22 image sets cannot be reproduced exactly by anyone: the splits of some are not published. Numbers of the paper
  are those of its Table 4; what is doubtful about them is noted.

\`flava evaluate --suite flava35 --data DIR\` scores a model on the tasks whose files are there. Without any of these files, \`--suite
mini35\` measures the same kinds of things on sets that \`flava data build\` makes: 8 sets of texts, 22 of images, questions,
entailment and memes on images, and two for retrieval.

This page is written by \`npx vitest run flava35 -u\` from the descriptions in \`src/eval/tasks\`.
`;

const headings: Readonly<Record<Family, string>> = {
  language: "Language",
  vision: "Vision",
  multimodal: "Images and texts",
};

/** The whole page, as Markdown that is yet to be formatted. */
export function tasksDocument(tasks: readonly Task[]): string {
  const families = Object.entries(headings).map(([family, heading]) =>
    [
      `## ${heading}`,
      summary(tasks.filter((task) => task.family === family)),
      ...tasks.filter((task) => task.family === family).map(section),
    ].join("\n\n"),
  );
  return [introduction, ...families].join("\n");
}

/** A table of the tasks with all columns of the paper's. */
function summary(tasks: readonly Task[]): string {
  const row = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const columns = ["Task", "Metric", ...paperColumns];
  const rows = tasks.flatMap(({ paper }) =>
    paper.map(({ title, metrics, values }) =>
      row([
        title,
        metrics.join(", "),
        ...values.map((value) => (value === null ? "–" : value.toFixed(2))),
      ]),
    ),
  );
  return [row(columns), row(columns.map(() => "---")), ...rows].join("\n");
}

function section(task: Task): string {
  const { name, title, folders = [], origin, gigabytes, layouts, protocols, paper } = task;
  const notes = paper.flatMap(({ note }) => note ?? []);
  const names = [name, ...folders].map((folder) => `\`${folder}\``).join(" or ");
  const other = task.otherMetrics ? `; also reported: ${task.otherMetrics.join(", ")}` : "";
  const metrics = [...new Set(paper.flatMap((row) => row.metrics))].join(", ");
  const classes =
    task.kind === "zero-shot retrieval" || task.classes.length === 0
      ? ""
      : `, ${task.classes.length} classes`;
  return [
    `### ${title}`,
    `Folder ${names}; ${task.kind}${classes}; about ${gigabytes} GB. Metric: ${metrics}${other}. From ${origin}.`,
    layouts.map(layoutItem).join("\n"),
    Object.entries(protocols)
      .map(([protocol, splits]) => protocolItem(protocol as ProtocolName, splits))
      .join("\n"),
    ...notes,
  ].join("\n\n");
}

/** The parts of a layout; those with the same files are named together. */
function layoutItem({ name, parts }: Layout<unknown>): string {
  const byFiles = new Map<string, string[]>();
  for (const [part, { files, samples }] of Object.entries(parts)) {
    const key = files.map(places).join(", ");
    const sizes = [samples ?? []].flat().map((size) => size.toLocaleString("en-US"));
    const size = sizes.length === 0 ? "" : ` (${sizes.join(" or ")})`;
    byFiles.set(key, [...(byFiles.get(key) ?? []), `${part}${size}`]);
  }
  const items = [...byFiles].map(([files, names]) => `${names.join(", ")}: ${files}`);
  return `- ${name}: ${items.join("; ")}`;
}

/** All alternatives, except for those of Parquet files, which the introduction lists. */
function places(files: string): string {
  const paths = files.split(" or ").map((path) => `\`${path}\``);
  return files.includes(".parquet") ? paths[0]! : paths.join(" or ");
}

function protocolItem(protocol: ProtocolName, { train, validation, test, note }: Splits): string {
  const uses = [
    ...(train.length > 1
      ? [
          `mean over ${train.length} fits, to ${train.map((parts) => parts.join(" and ")).join(", ")}`,
        ]
      : []),
    ...(train.length === 1 ? [`fit to ${train[0]!.join(" and ")}`] : []),
    ...(validation ? [`settings chosen on ${validation.join(" and ")}`] : []),
    `scored on ${test.join(" and ")}`,
  ];
  return `- Protocol \`${protocol}\`: ${uses.join(", ")}.${note === undefined ? "" : ` ${note}`}`;
}
