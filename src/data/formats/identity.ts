import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { mapLimited } from "../../base/map-limited.js";
import { isRemote } from "../remote/address.js";
import { remoteState } from "../remote/remote-file.js";
import { SourceError, reasonOf } from "./source-error.js";

const concurrentFiles = 32;

/**
 * A digest of some names, and of the paths, sizes and times of some files. The time of the last change of a file's entry
 * counts as well: a copy may have the modification time of its original. Files at URLs have an ETag or a time.
 * @throws SourceError if there is no such file
 */
export async function identityOfFiles(
  files: readonly string[],
  names: readonly string[],
): Promise<string> {
  const facts = await mapLimited(files, concurrentFiles, async (file) => {
    try {
      return [file, ...(await factsOf(file))];
    } catch (error) {
      throw new SourceError(`${file} cannot be read: ${reasonOf(error)}`);
    }
  });
  const hash = createHash("sha256");
  for (const each of [names.length, ...names, ...facts]) hash.update(`${JSON.stringify(each)}\n`);
  return hash.digest("hex");
}

async function factsOf(file: string): Promise<(number | string)[]> {
  if (isRemote(file)) {
    const { size, tag } = await remoteState(file);
    return [size, tag];
  }
  const { size, mtimeMs, ctimeMs } = await stat(file);
  return [size, mtimeMs, ctimeMs];
}
