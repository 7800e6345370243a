import type { OpenFile } from "../../backend/backend.js";
import { CheckpointError } from "./stored-tensor.js";

/** Bytes that can be read in pieces: of a file, or in memory. */
export interface ByteSource {
  /** Names it in messages. */
  readonly path: string;
  readonly bytes: number;
  /** Fills `target` from `position` on; throws if there are too few bytes. */
  readInto(target: Uint8Array, position: number): Promise<void>;
  /** The bytes [position, position + length); throws before allocating anything if there are too few. */
  read(position: number, length: number): Promise<Uint8Array>;
}

/** Whether a source is a file that can be mapped. */
export const isOpen = (source: ByteSource): source is ByteSource & OpenFile =>
  "descriptor" in source;

/** Bytes in memory as a source. */
export function bytesInMemory(path: string, content: Uint8Array): ByteSource {
  const { length: bytes } = content;
  const view = (position: number, length: number): Uint8Array => {
    if (position >= 0 && length >= 0 && position + length <= bytes) {
      return content.subarray(position, position + length);
    }
    throw new CheckpointError(
      `${path} ends too early: bytes ${position} to ${position + length} were requested, but it has ${bytes}.`,
    );
  };
  return {
    ...{ path, bytes },
    read: (position, length) => Promise.resolve(view(position, length).slice()),
    // eslint-disable-next-line @typescript-eslint/require-await -- rejects where it would throw
    readInto: async (target, position) => target.set(view(position, target.length)),
  };
}
