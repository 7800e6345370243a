/** Archives that stay open between reads of their parts: opening and closing one takes longer than reading an icon. */
import { LruCache } from "../../base/lru-cache.js";
import type { ByteRanges } from "./byte-ranges.js";
import { openRanges } from "./open-ranges.js";

/** Far more than there are reads at a time, so that an archive is never closed between a call of `open` and its read. */
const mostOpen = 64;

export class OpenArchives {
  readonly #archives = new LruCache<string, Promise<ByteRanges>>(mostOpen, (archive) => {
    void archive.then(closed, () => undefined);
  });

  /** The archive at `path`; closed by this object alone. */
  open(path: string): Promise<ByteRanges> {
    const known = this.#archives.get(path);
    if (known) return known;
    const archive = openRanges(path);
    this.#archives.set(path, archive);
    archive.catch(() => this.#archives.delete(path)); // so that the next read tries again
    return archive;
  }

  close(): void {
    this.#archives.clear();
  }
}

/** After reads in progress. A file that was only read has nothing to lose if closing fails. */
const closed = (archive: ByteRanges): Promise<void> => archive.close().catch(() => undefined);
