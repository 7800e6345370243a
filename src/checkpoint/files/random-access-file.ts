/** A file read in pieces, never beyond its end. */
import { type FileHandle, open } from "node:fs/promises";
import type { OpenFile } from "../../backend/backend.js";
import type { ByteSource } from "./byte-source.js";
import { CheckpointError } from "./stored-tensor.js";

export interface RandomAccessFile extends OpenFile, ByteSource {
  read(position: number, length: number): Promise<Buffer>;
  close(): Promise<void>;
}

export async function openFile(path: string): Promise<RandomAccessFile> {
  const handle = await open(path, "r");
  try {
    const found = await handle.stat();
    if (!found.isFile()) throw new CheckpointError(`${path} is not a file.`);
    return randomAccess(path, handle, found.size);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function randomAccess(path: string, handle: FileHandle, bytes: number): RandomAccessFile {
  const requireRange = (position: number, length: number): void => {
    if (position >= 0 && length >= 0 && position + length <= bytes) return;
    throw new CheckpointError(
      `${path} ends too early: bytes ${position} to ${position + length} were requested, but it has ${bytes}.`,
    );
  };
  const readInto = async (target: Uint8Array, position: number): Promise<void> => {
    requireRange(position, target.length);
    let done = 0;
    while (done < target.length) {
      const { bytesRead } = await handle.read(target, done, target.length - done, position + done);
      if (bytesRead === 0)
        throw new CheckpointError(`${path} became shorter while it was being read.`);
      done += bytesRead;
    }
  };
  return {
    path,
    bytes,
    get descriptor() {
      return handle.fd; // invalid once closed: the system may reuse the number
    },
    readInto,
    read: async (position, length) => {
      requireRange(position, length);
      const piece = Buffer.allocUnsafeSlow(length); // never a piece of a shared pool, so that views of it are aligned
      await readInto(piece, position);
      return piece;
    },
    close: () => handle.close(),
  };
}
