/** Saves a model to a directory that appears only once complete, and never replaces other files. */
import { mkdir, readdir, realpath, rename, rm, stat } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { exists } from "../base/exists.js";
import { withLock } from "../base/lock.js";
import { CheckpointError } from "./files/stored-tensor.js";
import { lockOf, partialOf, previousOf, recoverSave } from "./interrupted-save.js";
import type { WriteHuggingFaceOptions } from "./huggingface.js";
import { type ModelToWrite, writeModel } from "./write-model.js";

/**
 * Writes a model to a directory that this package and transformers can load: config.json, weights, image processor,
 * tokenizer and the codebook's decoder, if any. A model saved there before is replaced once the new one is complete.
 *
 * @param model the `path` that it was loaded from, if any, is never overwritten
 * @param options the dtype of the weights, by default the stored one
 * @throws CheckpointError if the directory has other files, or the model was loaded from it; LockError if another
 *   process is saving to it
 */
export async function saveModel(
  directory: string,
  model: ModelToWrite & { readonly path?: string },
  options: WriteHuggingFaceOptions = {},
): Promise<void> {
  const target = resolve(directory);
  await mkdir(dirname(target), { recursive: true });
  await withLock(lockOf(target), directory, async () => {
    await recoverSave(target);
    await requireReplaceable(directory, model.path);
    await replace(target, (partial) => writeModel(partial, model, options));
  });
}

/** Replaces `target` with the directory that `write` creates. */
async function replace(target: string, write: (directory: string) => Promise<void>): Promise<void> {
  const [partial, previous] = [partialOf(target), previousOf(target)];
  try {
    await write(partial);
    const replaces = await exists(target);
    if (replaces) await rename(target, previous);
    await rename(partial, target);
    if (replaces) await rm(previous, { recursive: true });
  } catch (error) {
    await rm(partial, { recursive: true, force: true });
    throw error;
  }
}

/** Files written by `writeModel`: a directory with nothing else is an earlier model. */
const ownFile =
  /^((config|preprocessor_config|tokenizer_config|model\.safetensors\.index|labels)\.json|vocab\.txt|(model|model-\d{5}-of-\d{5}|codebook_decoder|head)\.safetensors)$/;

/**
 * Checks, before any work, that a model may be saved to `directory`.
 * @param source the directory or file that the model comes from
 */
export async function requireReplaceable(directory: string, source?: string): Promise<void> {
  const found = await stat(directory).catch(() => undefined);
  if (!found) return;
  if (!found.isDirectory())
    throw new CheckpointError(`${directory} is a file. Name a directory to write the model to.`);
  if (source !== undefined) await requireElsewhere(directory, source);
  const other = (await readdir(directory)).find((name) => !ownFile.test(name));
  if (other === undefined) return;
  throw new CheckpointError(
    `${directory} holds other files, such as ${other}. Name a new directory, or one that contains only a saved model.`,
  );
}

/** @throws CheckpointError if `source` is `directory`, which exists, or a file in it, following links */
export async function requireElsewhere(directory: string, source: string): Promise<void> {
  const target = await realpath(directory);
  const origin = await realpath(source).catch(() => ""); // loading it says what is wrong
  if (origin !== target && dirname(origin) !== target) return;
  throw new CheckpointError(
    `${directory} is where the model comes from. Name another directory to write it to.`,
  );
}
