/** The files that a URL, a brace list of URLs or a directory of an S3 store stands for. */
import { expandBraces } from "../formats/braces.js";
import { SourceError, reasonOf } from "../formats/source-error.js";
import { faultOfAddress } from "./address.js";
import { opening, persistently } from "./retry.js";
import { listObjects } from "./s3-store.js";

type Select = (urls: readonly string[]) => string[];

/**
 * URLs of the files, in order. s3://bucket/directory/ stands for those of all objects below that `dataFiles` selects.
 * @throws SourceError if it is no public URL, or has no data
 */
export async function remoteFiles(pattern: string, dataFiles: Select): Promise<string[]> {
  const fault = faultOfAddress(pattern);
  if (fault !== undefined) throw new SourceError(fault);
  const files: string[] = [];
  for (const url of expandBraces(pattern))
    files.push(...(url.endsWith("/") ? await filesBelow(url, dataFiles) : [url]));
  return files;
}

async function filesBelow(url: string, dataFiles: Select): Promise<string[]> {
  if (!/^s3:/i.test(url))
    throw new SourceError(
      `${url} is a directory, and web servers do not list their files. Write a brace list, such as ` +
        `${url}name-{000..127}.tar.`,
    );
  const found = await persistently(opening, ({ signal }) => listObjects(url, signal)).catch(
    (error: unknown) => {
      throw new SourceError(`${url} cannot be listed: ${reasonOf(error)}`);
    },
  );
  const files = dataFiles(found);
  if (files.length > 0) return files;
  throw new SourceError(
    `${url} has no .tar, .tar.gz or .parquet files: ${found.length} objects are below it.`,
  );
}
