/** Finds and opens the files of a task in a data directory. */
import { counted, grouped } from "../../base/counted.js";
import { join } from "node:path";
import { isDirectory } from "../../base/exists.js";
import type { Source } from "../../data/formats/source.js";
import type { LabeledSource } from "../../data/labeled-source.js";
import { isThere } from "./task-files.js";
import type { Layout, Part, RetrievalTask, Splits, Task } from "./task.js";

/** The files of a task cannot be used. The message says which are missing or odd, and where they come from. */
export class TaskDataError extends Error {
  override readonly name = "TaskDataError";
}

/** What a data directory has of a task. */
export interface FoundTask {
  /** The task that was looked for. */
  readonly task: Task;
  /** The task's folder; undefined if there is none. */
  readonly folder: string | undefined;
  /** The layout of which most is there; the official one if there is nothing. */
  readonly layout: string;
  /** The files that the protocol needs in that layout, in the notation of `Part.files`. */
  readonly files: readonly string[];
  /** Those of them that are missing. */
  readonly missing: readonly string[];
}

/**
 * The splits of a protocol; by default of the task's first one.
 * @throws TaskDataError if the task has no such protocol
 */
export function splitsOf(task: Task, protocol = Object.keys(task.protocols)[0]!): Splits {
  const { [protocol as keyof Task["protocols"]]: splits } = task.protocols;
  if (splits) return splits;
  const names = Object.keys(task.protocols).join(", ");
  throw new TaskDataError(`${task.name} has no protocol ${protocol}; it has ${names}.`);
}

/** Looks for the files that a protocol of a task needs. Opens none of them. */
export async function findTask(
  task: Task,
  directory: string,
  protocol?: string,
): Promise<FoundTask> {
  const folders = await foldersOf(task, directory);
  const [best] = await bestLayouts<unknown>(task, folders, splitsOf(task, protocol));
  const { folder, layout, files, missing } = best;
  return { task, folder, layout: layout.name, files, missing };
}

/** A task whose samples were looked at, too. */
export interface CheckedTask extends FoundTask {
  /** Why it cannot be scored although its files are there: samples are missing, or a file is damaged. */
  readonly fault?: string;
}

/** Looks for the files of a task and, where none is missing, opens them and compares the numbers of samples. */
export async function checkTask(task: Task, directory: string): Promise<CheckedTask> {
  const found = await findTask(task, directory);
  if (found.missing.length > 0) return found;
  try {
    await openTask(task, directory);
    return found;
  } catch (error) {
    return { ...found, fault: (error as Error).message.replace(`${task.title}: `, "") };
  }
}

interface Candidate<Samples> {
  readonly folder: string | undefined;
  readonly layout: Layout<Samples>;
  readonly files: readonly string[];
  readonly missing: readonly string[];
  /** The fraction of needed files that are there. */
  readonly share: number;
}

/** The layouts in each of the folders, those of which most is there first. */
async function bestLayouts<Samples>(
  { layouts }: { readonly layouts: readonly Layout<Samples>[] },
  folders: readonly (string | undefined)[],
  splits: Splits,
): Promise<[Candidate<Samples>, ...Candidate<Samples>[]]> {
  const candidates: Candidate<Samples>[] = [];
  for (const folder of folders) {
    for (const layout of layouts) {
      const files = neededFiles(layout, splits);
      if (!files) continue;
      const missing: string[] = [];
      for (const file of files)
        if (folder === undefined || !(await isThere(folder, file))) missing.push(file);
      const share = (files.length - missing.length) / files.length;
      candidates.push({ folder, layout, files, missing, share });
    }
  }
  const [first, ...others] = candidates.sort((a, b) => b.share - a.share);
  return [first!, ...others];
}

/** The files that splits need in a layout; undefined if it lacks one of their parts. */
function neededFiles<Samples>(layout: Layout<Samples>, splits: Splits): string[] | undefined {
  const parts = [...splits.train.flat(), ...splits.test].map((name) => layout.parts[name]);
  if (parts.includes(undefined)) return undefined;
  const validation = (splits.validation ?? []).flatMap((name) => layout.parts[name] ?? []);
  return [...new Set([...parts, ...validation].flatMap((part) => part!.files))];
}

/** The folders of a task that exist; undefined stands for none. */
async function foldersOf(
  { name, folders = [] }: Pick<Task, "name" | "folders">,
  directory: string,
): Promise<(string | undefined)[]> {
  const found: string[] = [];
  for (const each of [name, ...folders])
    if (await isDirectory(join(directory, each))) found.push(join(directory, each));
  return found.length > 0 ? found : [undefined];
}

/** The samples of a task: with captions for retrieval, labeled for all others. */
export type SamplesOf<T extends Task> = T extends RetrievalTask ? Source : LabeledSource;

/** The opened parts of a task, by their use. */
export interface OpenedTask<Samples> {
  /** The task's folder. */
  readonly folder: string;
  /** Name of the layout. */
  readonly layout: string;
  /** As in `Splits`. */
  readonly train: readonly (readonly Samples[])[];
  /** Empty if samples must be held out of the training parts. */
  readonly validation: readonly Samples[];
  /** The parts to score, as in `Splits`. */
  readonly test: readonly Samples[];
  /** As in `Splits`. */
  readonly chosenByTest: boolean;
  /** A sentence for each part whose number of samples is not the official one; empty unless that was accepted. */
  readonly oddParts: readonly string[];
}

/** Which parts of a task are opened, and what they may lack. */
export interface OpenTaskOptions {
  /** Default: the task's first one. */
  readonly protocol?: string;
  /** Accepts parts whose number of samples is not the official one. Default: false. */
  readonly incomplete?: boolean;
  /** The task's own folder, whatever its name; default: one of its names in the data directory. */
  readonly folder?: string;
}

/**
 * Opens the parts of a task that a protocol uses, all in one layout.
 * @param directory the data directory, which has a folder for each task
 * @throws TaskDataError if files or samples are missing; SourceError if a file is damaged
 */
export async function openTask<T extends Task>(
  task: T,
  directory: string,
  { protocol, incomplete = false, folder: own }: OpenTaskOptions = {},
): Promise<OpenedTask<SamplesOf<T>>> {
  if (own !== undefined && !(await isDirectory(own)))
    throw new TaskDataError(
      `There is no folder ${own}. Name the one with the files of ${task.title}, which come from ${task.origin}.`,
    );
  const splits = splitsOf(task, protocol);
  const layouts = task.layouts as readonly Layout<SamplesOf<T>>[];
  const folders = own === undefined ? await foldersOf(task, directory) : [own];
  const [{ folder, layout, missing }] = await bestLayouts({ layouts }, folders, splits);
  if (folder === undefined || missing.length > 0)
    throw new TaskDataError(`${task.title}: ${absence(task, directory, folder, missing)}`);
  const oddParts: string[] = [];
  const open = async (name: string): Promise<SamplesOf<T>> => {
    const part = layout.parts[name]!;
    const samples = await part.open(folder);
    const odd = await oddNumber(task, name, part, samples);
    if (odd === undefined) return samples;
    if (!incomplete) throw new TaskDataError(odd);
    oddParts.push(odd);
    return samples;
  };
  const openAll = (names: readonly string[]): Promise<SamplesOf<T>[]> =>
    Promise.all(names.map(open));
  const validation = (splits.validation ?? []).filter((name) => layout.parts[name]);
  return {
    ...{ folder, layout: layout.name },
    chosenByTest: splits.chosenByTest ?? false,
    train: await Promise.all(splits.train.map(openAll)),
    validation: await openAll(validation),
    test: await openAll(splits.test),
    oddParts,
  };
}

function absence(
  { name, folders = [], origin }: Task,
  directory: string,
  folder: string | undefined,
  missing: readonly string[],
): string {
  const names = [name, ...folders].join(" or ");
  const lack =
    folder === undefined
      ? `${directory} has no folder ${names} with ${missing.join(", ")}`
      : `${folder} lacks ${missing.join(", ")}`;
  return `${lack}. The files come from ${origin}.`;
}

/** A sentence on a part that has not as many samples as the official one; undefined if it has, or their number is not known. */
async function oddNumber(
  { title, origin }: Task,
  name: string,
  { samples = [] }: Part<unknown>,
  opened: Source | LabeledSource,
): Promise<string | undefined> {
  const official = [samples].flat();
  if (official.length === 0) return undefined;
  const found = "samples" in opened ? opened.samples : await opened.count();
  if (found === undefined || official.includes(found)) return undefined;
  return (
    `${title}: ${name}: ${opened.name} has ${counted(found, "sample")}, but the official files have ${official.map(grouped).join(" or ")}. A part of ` +
    `them is missing, or they are of another version; the official ones come from ${origin}.`
  );
}
