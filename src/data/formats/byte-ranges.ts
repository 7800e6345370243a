import type { RemoteState } from "../remote/store.js";

/** The bytes of a file, to be read in parts. */
export interface ByteRanges {
  /** Bytes of the file. */
  readonly size: number;
  /** Of a file at a URL. */
  readonly state?: RemoteState;
  /** The `length` bytes from `start` on; fewer at the end of the file. The caller may keep the buffer. */
  read(start: number, length: number): Promise<Buffer>;
  close(): Promise<void>;
}
