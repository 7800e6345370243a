/** Evaluation sets: labeled images with class names, or images with texts. */
import { readFile, readdir } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { z } from "zod";
import { isDirectory } from "../base/exists.js";
import { parseJson } from "../data/json.js";
import { suggestion } from "../base/suggestion.js";
import { SkippedSamples } from "../data/batch/skipped.js";
import { openSource } from "../data/formats/open.js";
import type { SampleSource, Source, SourceOptions } from "../data/formats/source.js";
import { reasonOf } from "../data/formats/source-error.js";
import { partFolder } from "../data/labeled/parts.js";
import { type Part, partNames } from "../data/labeled/split-column.js";
import type { Sample } from "../data/sample.js";
import { photoTemplates } from "../inference/prompts.js";
import { classFolders, hasImages } from "./class-folders.js";

/** What all evaluation sets have. */
export interface AnySet {
  /** Display name: the name of its folder or file. */
  readonly name: string;
  /** The samples, for a linear probe those of the test part. */
  readonly source: SampleSource;
}

/** The classes of labeled images. */
export interface Classes {
  /** Names for prompts and display. */
  readonly classes: readonly string[];
  /** The sample label of each class; the same as its name if a classes.json lists the classes. */
  readonly labels: readonly string[];
  /** Where the names come from: a classes.json, one folder per class, or the samples' own labels. */
  readonly namedBy: "classes.json" | "folder names" | "labels";
}

/** Samples have an image and one of the set's labels. */
export interface ZeroShotSet extends AnySet, Classes {
  readonly kind: "zero-shot";
  /** Prompt templates for class names. */
  readonly templates: readonly string[];
}

/**
 * Samples have an image and texts. Images with the same `group` field are equivalent; the field `seen` (true or false)
 * says whether such images were seen in training.
 */
export interface RetrievalSet extends AnySet {
  readonly kind: "retrieval";
  /** Whether equal texts count one by one, as in published results; default: they are one text, right for all its images. */
  readonly eachText?: boolean;
}

/**
 * Samples have an image and texts; the fields `concept` and `style`, if there are any, say what the image shows, and how it is
 * drawn.
 */
export interface MatchingSet extends AnySet {
  readonly kind: "matching";
}

/** Samples have texts, and all of them or none an image. */
export interface MaskedWordsSet extends AnySet {
  readonly kind: "masked words";
}

/** What can be evaluated on images with texts, or on texts alone. */
export type TextSetKind = (RetrievalSet | MatchingSet | MaskedWordsSet)["kind"];

/** Samples have an image and one of the set's labels; `source` is the test part. */
export interface LinearProbeSet extends AnySet, Classes {
  readonly kind: "linear probe";
  /** What the probe is fitted to. */
  readonly train: SampleSource;
  /** Used to choose the regularization; by default a fifth of the training part. */
  readonly validation?: SampleSource;
}

/** A set of labeled images. */
export type LabeledSet = ZeroShotSet | LinearProbeSet;
/** What a model is evaluated on; `kind` says how. */
export type EvaluationSet = LabeledSet | RetrievalSet | MatchingSet | MaskedWordsSet;

/**
 * Opens images with texts, or texts alone, in any format that `openSource` supports, to evaluate them in one of several ways.
 * A document of a text file is a paragraph by default, as in training.
 */
export async function openTextSet(
  kind: TextSetKind,
  path: string,
  options: SourceOptions = {},
): Promise<EvaluationSet> {
  const source = await openSource(path, { documents: "paragraphs", ...options });
  return { kind, name: basename(resolve(path)), source };
}

/** The file that makes a source of labeled images a zero-shot set or a probe. */
const classesName = "classes.json";

const classesKeys = ["classes", "templates"];

const classesFile = z.strictObject(
  {
    classes: z.array(z.string().min(1)).min(1),
    templates: z
      .array(z.string().includes("{}", { error: 'has no "{}", where the name of a class goes' }))
      .min(1)
      .optional(),
  },
  {
    error: ({ code, keys }) =>
      code === "unrecognized_keys"
        ? `it has the unknown key ${JSON.stringify(keys[0])}.${suggestion(keys[0]!, classesKeys)} The keys are "classes" ` +
          'and "templates"'
        : undefined,
  },
);

/** An invalid evaluation set. */
export class EvaluationSetError extends Error {
  override readonly name = "EvaluationSetError";
}

/**
 * Opens an evaluation set in any format that `openSource` supports. It is a zero-shot set if there is a classes.json
 * beside the samples, {"classes": [..], "templates": [..]} (default templates: those for photographs), or if images are
 * in one folder per class, named after it. Folders train and test, and optionally validation (valid, val, dev), of this form are a
 * linear probe. Anything else is a retrieval set.
 * @throws EvaluationSetError if the classes cannot be used
 */
export async function openEvaluationSet(
  path: string,
  options: SourceOptions = {},
): Promise<EvaluationSet> {
  const name = basename(resolve(path));
  const { train, validation, test } = await partsIn(path);
  const probed = train !== undefined && test !== undefined ? { train, test } : undefined;
  const source = await openSource(probed?.test ?? path, options);
  const found =
    (await classesBeside(path)) ?? (await classesByFolders(probed?.train ?? path, source));
  if (!found) {
    if (train !== undefined && validation !== undefined && !probed)
      await requireTexts(source, train, validation);
    return { kind: "retrieval", name, source: probed ? await openSource(path, options) : source };
  }
  const { templates, ...classes } = found;
  if (!probed) return { kind: "zero-shot", name, source, ...classes, templates };
  return {
    kind: "linear probe",
    name,
    ...classes,
    train: await openSource(probed.train, options),
    ...(validation !== undefined && { validation: await openSource(validation, options) }),
    source,
  };
}

/** @throws EvaluationSetError if images are labeled by folders in parts, none of which is for a test */
async function requireTexts(source: Source, train: string, validation: string): Promise<void> {
  const first = await firstSample(source);
  if (first?.label === undefined || first.texts.length > 0) return;
  throw new EvaluationSetError(
    `There is ${train} and ${validation}, but no folder named test. Name what to score: flava evaluate ${validation} for zero-shot ` +
      `classification, flava probe ${train} ${validation} for a linear probe.`,
  );
}

/** The folders of parts at `path`. */
async function partsIn(path: string): Promise<Readonly<Partial<Record<Part, string>>>> {
  const names = await readdir(path).catch(() => []);
  const parts: Partial<Record<Part, string>> = {};
  for (const part of ["train", "validation", "test"] as const) {
    const folder = await partFolder(path, names.sort(), partNames[part]);
    if (folder !== undefined) parts[part] = folder;
  }
  return parts;
}

type ClassesWithTemplates = Classes & Pick<ZeroShotSet, "templates">;

/** Reads the classes.json in or beside `path`, if any. */
async function classesBeside(path: string): Promise<ClassesWithTemplates | undefined> {
  const file = join((await isDirectory(path)) ? path : dirname(path), classesName);
  const text = await readFile(file, "utf8").catch(() => undefined);
  if (text === undefined) return undefined;
  const { classes, templates } = parseClasses(file, text);
  return { classes, labels: classes, namedBy: "classes.json", templates };
}

/** The subfolders of `folder` as classes, if the samples of `source` are labeled by them and have no texts. */
async function classesByFolders(
  folder: string,
  source: Source,
): Promise<ClassesWithTemplates | undefined> {
  const folders = (await isDirectory(folder)) ? await classFolders(folder) : [];
  const labels = folders.map(({ label }) => label);
  const first = await firstSample(source);
  if (first?.label === undefined || first.texts.length > 0 || !labels.includes(first.label)) {
    return undefined;
  }
  const classes = folders.map(({ name }) => name);
  const twice = repeated(classes);
  if (twice !== undefined) {
    throw new EvaluationSetError(
      `${folder} has two folders for the class ${JSON.stringify(twice)}. Rename one of them, or list the classes in a ` +
        `${classesName}.`,
    );
  }
  for (const label of labels) {
    if (await hasImages(join(folder, label))) continue;
    throw new EvaluationSetError(
      `${folder} has the folder ${label}, in which there are no images. Remove it, or list the classes in a ${classesName}.`,
    );
  }
  return { classes, labels, namedBy: "folder names", templates: photoTemplates };
}

async function firstSample(source: Source): Promise<Sample | undefined> {
  for await (const sample of source.read(new SkippedSamples())) return sample;
  return undefined;
}

const repeated = (names: readonly string[]): string | undefined =>
  names.find((name, index) => names.indexOf(name) !== index);

/** Parses a classes.json; `path` is for messages. */
export function parseClasses(
  path: string,
  text: string,
): Pick<ZeroShotSet, "classes" | "templates"> {
  const fail = (reason: string): never => {
    throw new EvaluationSetError(
      `${path} cannot be used: ${reason}. It should look like ` +
        '{"classes": ["cat", "dog"], "templates": ["a photo of a {}."]}.',
    );
  };
  let json: unknown;
  try {
    json = parseJson(text);
  } catch (error) {
    fail(`it ${reasonOf(error)}`);
  }
  const parsed = classesFile.safeParse(json);
  if (!parsed.success) {
    const reasons = parsed.error.issues.map(({ path, message }) =>
      [...(path.length > 0 ? [path.join(".")] : []), message].join(" "),
    );
    return fail(reasons.join("; "));
  }
  const { classes, templates = photoTemplates } = parsed.data;
  const twice = repeated(classes);
  if (twice !== undefined) fail(`the class ${JSON.stringify(twice)} is listed twice`);
  return { classes, templates };
}
