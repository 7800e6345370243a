/** What a model is evaluated on: labeled images with the names of their classes, or images with texts. */
import { readFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { z } from "zod";
import { isDirectory } from "../base/exists.js";
import { openSource } from "../data/formats/open.js";
import type { Source, SourceOptions } from "../data/formats/source.js";
import { photoTemplates } from "../inference/prompts.js";

interface AnySet {
  /** For people: the name of its folder or file. */
  readonly name: string;
  readonly source: Source;
}

/** Samples have an image and a label, which is one of the classes. */
export interface ZeroShotSet extends AnySet {
  readonly kind: "zero-shot";
  readonly classes: readonly string[];
  /** Sentences around the names of classes. */
  readonly templates: readonly string[];
}

/**
 * Samples have an image and texts. The field `group` names images that mean the same, the field `seen` (true or false)
 * tells whether training has seen images of that kind.
 */
export interface RetrievalSet extends AnySet {
  readonly kind: "retrieval";
}

/** Samples have an image and a label, which is one of the classes; `source` is the part to test on. */
export interface LinearProbeSet extends AnySet {
  readonly kind: "linear probe";
  readonly classes: readonly string[];
  readonly train: Source;
  /** To choose the regularization by; without it a fifth of the training part is. */
  readonly validation?: Source;
}

export type EvaluationSet = ZeroShotSet | RetrievalSet | LinearProbeSet;

/** The file that makes a source of labeled images a zero-shot set or a probe. */
const classesName = "classes.json";

const classesFile = z.object({
  classes: z.array(z.string().min(1)).min(1),
  templates: z
    .array(z.string().includes("{}", { error: 'has no "{}", where the name of a class goes' }))
    .min(1)
    .optional(),
});

/** An evaluation set that cannot be used. */
export class EvaluationSetError extends Error {
  override readonly name = "EvaluationSetError";
}

/**
 * Opens whatever `openSource` opens. With a classes.json beside the samples, {"classes": [..], "templates": [..]}, it is a
 * zero-shot set (without templates those for photographs are taken), else a retrieval set. A folder with a classes.json
 * and the folders train and test, perhaps validation, is a linear probe.
 */
export async function openEvaluationSet(
  path: string,
  options: SourceOptions = {},
): Promise<EvaluationSet> {
  const name = basename(resolve(path));
  const isFolder = await isDirectory(path);
  const classesPath = join(isFolder ? path : dirname(path), classesName);
  const text = await readFile(classesPath, "utf8").catch(() => undefined);
  if (text === undefined)
    return { kind: "retrieval", name, source: await openSource(path, options) };
  const { classes, templates } = parseClasses(classesPath, text);
  const [train, validation, test] = ["train", "validation", "test"].map((part) => join(path, part));
  if ((await isDirectory(train!)) && (await isDirectory(test!))) {
    return {
      kind: "linear probe",
      name,
      classes,
      train: await openSource(train!, options),
      ...((await isDirectory(validation!)) && {
        validation: await openSource(validation!, options),
      }),
      source: await openSource(test!, options),
    };
  }
  return { kind: "zero-shot", name, source: await openSource(path, options), classes, templates };
}

/** Reads a classes.json; `path` is for messages. */
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
    json = JSON.parse(text);
  } catch (error) {
    fail(error instanceof Error ? error.message : String(error));
  }
  const parsed = classesFile.safeParse(json);
  if (!parsed.success) {
    return fail(
      parsed.error.issues.map(({ path, message }) => `${path.join(".")} ${message}`).join("; "),
    );
  }
  const { classes, templates = photoTemplates } = parsed.data;
  const twice = classes.find((name, index) => classes.indexOf(name) !== index);
  if (twice !== undefined) fail(`the class ${JSON.stringify(twice)} stands there twice`);
  return { classes, templates };
}
