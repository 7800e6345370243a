/** Archives that stay open between reads of their parts: opening and closing one takes longer than reading an icon. */
import { type FileHandle, open } from "node:fs/promises";
import { LruCache } from "../../base/lru-cache.js";

/** Far more than there are reads at a time, so that an archive is never closed between a call of `open` and its read. */
const mostOpen = 64;

export class OpenArchives {
  readonly #handles = new LruCache<string, Promise<FileHandle>>(mostOpen, (handle) => {
    void handle.then(closed, () => undefined);
  });

  /** The archive at `path`; closed by this object alone. */
  open(path: string): Promise<FileHandle> {
    const known = this.#handles.get(path);
    if (known) return known;
    const handle = open(path, "r");
    this.#handles.set(path, handle);
    handle.catch(() => this.#handles.delete(path)); // so that the next read tries again
    return handle;
  }

  close(): void {
    this.#handles.clear();
  }
}

/** After reads in progress. A file that was only read has nothing to lose if closing fails. */
const closed = (handle: FileHandle): Promise<void> => handle.close().catch(() => undefined);
