import { open } from "node:fs/promises";
import { isRemote } from "../remote/address.js";
import { openRemote } from "../remote/remote-file.js";
import type { ByteRanges } from "./byte-ranges.js";

/**
 * Opens the file at a path or URL.
 * @throws Error that says why it cannot be read, but not where it is
 */
export async function openRanges(place: string): Promise<ByteRanges> {
  if (isRemote(place)) return openRemote(place);
  const handle = await open(place, "r");
  const { size } = await handle.stat();
  return {
    size,
    read: async (start, length) => {
      const bytes = Buffer.allocUnsafe(length);
      let done = 0;
      while (done < length) {
        const { bytesRead } = await handle.read(bytes, done, length - done, start + done);
        if (bytesRead === 0) break; // the file was truncated
        done += bytesRead;
      }
      return bytes.subarray(0, done);
    },
    close: () => handle.close(),
  };
}
