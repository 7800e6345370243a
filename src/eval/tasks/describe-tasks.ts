/** Tasks as a list for the terminal, at most 100 columns wide. */
import { relative } from "node:path";
import type { CheckedTask } from "./open-task.js";
import type { Family, Task } from "./task.js";

const width = 100;
const nameWidth = 15;

const headings: Readonly<Record<Family, string>> = {
  language: "Language: fine-tuning of the text encoder on GLUE",
  vision: "Vision: linear probes on the image encoder's features",
  multimodal: "Images and texts: fine-tuning, and retrieval without it",
};

/**
 * The tasks by family: with their metrics, or with what was found of each and what is missing.
 * @param found what a data directory has of the tasks, in their order
 */
export function describeTasks(tasks: readonly Task[], found?: readonly CheckedTask[]): string {
  const lines: string[] = [];
  for (const [family, heading] of Object.entries(headings)) {
    lines.push(heading);
    for (const [index, task] of tasks.entries()) {
      if (task.family !== family) continue;
      lines.push(...(found ? foundLines(found[index]!) : [taskLine(task)]));
    }
    lines.push("");
  }
  const ready = found?.filter(({ missing, fault }) => missing.length === 0 && !fault).length;
  lines.push(
    ready === undefined
      ? "With --data FOLDER: what is there. Files and layouts: docs/tasks.md. Nothing is downloaded."
      : `${ready} of ${tasks.length} tasks have all they need. Layouts that are accepted: docs/tasks.md.`,
  );
  return lines.join("\n");
}

function taskLine({ name, title, paper, gigabytes }: Task): string {
  const metrics = [...new Set(paper.flatMap((row) => row.metrics))].join(", ");
  const size = gigabytes < 1 ? "< 1" : String(Math.round(gigabytes));
  return `  ${name.padEnd(nameWidth)} ${title.padEnd(nameWidth)} ${size.padStart(4)} GB  ${metrics}`;
}

function foundLines({ task, folder, layout, missing, fault }: CheckedTask): string[] {
  const entry = (state: string, text: string): string[] => {
    const indent = nameWidth + 13;
    const [first = "", ...others] = wrapped(text, width - indent);
    return [
      `  ${task.name.padEnd(nameWidth)} ${state.padEnd(indent - nameWidth - 3)}${first}`,
      ...others.map((line) => " ".repeat(indent) + line),
    ];
  };
  if (fault !== undefined) return entry("unusable", fault);
  if (missing.length === 0) return entry("ready", `${layout} in ${shown(folder!)}`);
  const files = missing.map((file) => file.split(" or ")[0]).join(", ");
  const where = folder === undefined ? `no folder ${task.name} with` : `${shown(folder)} lacks`;
  return entry("missing", `${where} ${files} (${layout}); from ${task.origin}`);
}

const shown = (folder: string): string => {
  const path = relative("", folder);
  return path.startsWith("..") ? folder : path;
};

/** Breaks a text at spaces into lines of at most `length` characters, unless a word is longer. */
function wrapped(text: string, length: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= length)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}
