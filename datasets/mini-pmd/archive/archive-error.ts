/** An archive that is damaged or in an unsupported form. */
export class ArchiveError extends Error {
  override readonly name = "ArchiveError";
}

/** The bytes from `start`, `length` of them; throws an error naming the `part` if the archive ends before. */
export function piece(archive: Buffer, start: number, length: number, part: string): Buffer {
  if (start + length <= archive.length) return archive.subarray(start, start + length);
  throw new ArchiveError(
    `${part} should take bytes ${start} to ${start + length}, but the archive has ${archive.length}: ` +
      `it is cut short or damaged. Remove it from the cache and fetch it again.`,
  );
}
