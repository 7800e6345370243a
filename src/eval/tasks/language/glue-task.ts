import {
  type TextRows,
  parquetTexts,
  tabSeparatedTexts,
} from "../../../data/formats/labeled/text-rows.js";
import { type LabeledPart, parquetFiles } from "../layouts.js";
import type { MetricName } from "../metric-name.js";
import type { PaperRow, PaperValues } from "../paper.js";
import { pathsOf } from "../task-files.js";
import type { LabeledTask } from "../task.js";

interface GlueTask {
  readonly name: string;
  /** Its name in the paper, and its folder in GLUE's archive; default of the latter: the same. */
  readonly title: string;
  readonly folder?: string;
  readonly metrics: readonly MetricName[];
  readonly otherMetrics?: readonly MetricName[];
  readonly paper: PaperValues;
  readonly note?: string;
  readonly classes: readonly string[];
  /** Columns of GLUE's tab-separated files. */
  readonly table: Omit<TextRows, "classes">;
  /** Columns of Hugging Face's Parquet files; default: sentence1, sentence2 and label. */
  readonly parquet?: Pick<TextRows, "text" | "textPair">;
  readonly samples: Readonly<Record<string, number>>;
  /** Files of the parts in GLUE's archive; default: train.tsv and dev.tsv. */
  readonly files?: Readonly<Record<string, string>>;
  /** Parts whose tab-separated files have broken rows, so that their number of rows is not the official one. */
  readonly hasBrokenRows?: boolean;
}

/** A task of GLUE, scored on its development set (flava.md 8.5). */
export function glueTask(given: GlueTask): LabeledTask {
  const { name, title, folder = title, classes, samples, table, hasBrokenRows = false } = given;
  const files = given.files ?? { train: "train.tsv", validation: "dev.tsv" };
  const official = (file: string, part: string): LabeledPart => {
    const places = `${folder}/${file} or ${file}`;
    return {
      files: [places],
      ...(!hasBrokenRows && { samples: samples[part]! }),
      open: async (root) => {
        const [path] = await pathsOf(root, places);
        return tabSeparatedTexts(path!, { ...table, classes });
      },
    };
  };
  const columns = given.parquet ?? { text: "sentence1", textPair: "sentence2" };
  const parquet = (part: string): LabeledPart => {
    const places = parquetFiles(part, name.replace("-", ""));
    return {
      files: [places],
      samples: samples[part]!,
      open: async (root) =>
        parquetTexts(await pathsOf(root, places), { ...columns, label: "label", classes }),
    };
  };
  const parts = Object.entries(files);
  const row: PaperRow = { title, metrics: given.metrics, values: given.paper };
  return {
    name,
    title,
    folders: [folder, "glue", "GLUE"],
    family: "language",
    kind: "fine-tuning",
    inputs: table.textPair === undefined ? "text" : "text pair",
    origin: `gluebenchmark.com/tasks (${folder}.zip), or nyu-mll/glue on Hugging Face`,
    gigabytes: 0.1,
    classes,
    layouts: [
      {
        name: "official files",
        parts: Object.fromEntries(parts.map(([part, file]) => [part, official(file, part)])),
      },
      {
        name: "Parquet of Hugging Face",
        parts: Object.fromEntries(parts.map(([part]) => [part, parquet(part)])),
      },
    ],
    protocols: {
      paper: {
        train: [["train"]],
        chosenByTest: true,
        test: Object.keys(files).filter((part) => part !== "train"),
      },
    },
    ...(given.otherMetrics && { otherMetrics: given.otherMetrics }),
    paper: [{ ...row, ...(given.note !== undefined && { note: given.note }) }],
  };
}
