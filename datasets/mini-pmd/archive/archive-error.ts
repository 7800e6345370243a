/** An archive that is damaged or in a form that is not read here. */
export class ArchiveError extends Error {
  override readonly name = "ArchiveError";
}

/** The bytes from `start` on, `length` of them; an error that names the `part` where the archive ends before. */
export function piece(archive: Buffer, start: number, length: number, part: string): Buffer {
  if (start + length <= archive.length) return archive.subarray(start, start + length);
  throw new ArchiveError(
    `${part} should take bytes ${start} to ${start + length}, but the archive has ${archive.length}: ` +
      `it is cut short or damaged. Remove it from the cache and fetch it again.`,
  );
}
