/** Files that consist of rows of one size. */
import { createReadStream } from "node:fs";
import { createGunzip } from "node:zlib";
import { StreamBytes } from "../tar/byte-reader.js";
import { SourceError, reasonOf } from "../source-error.js";

/**
 * The `count` rows of `rowBytes` bytes that follow the first `start` bytes of a file, which may be gzipped.
 * @throws SourceError if the file ends before, or cannot be unpacked
 */
export async function* fileRows(
  path: string,
  start: number,
  count: number,
  rowBytes: number,
): AsyncGenerator<Buffer> {
  const file = createReadStream(path, { highWaterMark: 1 << 18 });
  const bytes = new StreamBytes(path.endsWith(".gz") ? unzipped(file) : file);
  try {
    await bytes.take(start);
    for (let row = 0; row < count; row++) {
      const found = await bytes.take(rowBytes);
      if (found.length < rowBytes)
        throw new SourceError(
          `${path} ends within row ${row + 1} of ${count}. Perhaps its download was interrupted.`,
        );
      yield found;
    }
  } catch (error) {
    if (error instanceof SourceError) throw error;
    throw new SourceError(`${path} cannot be read: ${reasonOf(error)}.`);
  } finally {
    file.destroy();
  }
}

function unzipped(file: ReturnType<typeof createReadStream>): ReturnType<typeof createGunzip> {
  const gunzip = createGunzip();
  file.on("error", (error) => gunzip.destroy(error));
  return file.pipe(gunzip);
}
