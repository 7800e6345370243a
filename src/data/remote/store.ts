/** What reading a remote file takes: ranges of bytes, and what tells one state of the file from another. */
import { SourceError } from "../formats/source-error.js";

/** A state of a remote file. Plain JSON. */
export interface RemoteState {
  /** Bytes. */
  readonly size: number;
  /** Its ETag, or else the time of its last change; empty where the server tells neither. */
  readonly tag: string;
}

/** The bytes from `start` up to `end`, exclusive. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface RangeAnswer {
  /** Of the whole file. */
  readonly state: RemoteState;
  /** Where the body begins in the file; undefined if the server ignored the range and sends the whole file. */
  readonly start: number | undefined;
  readonly body: AsyncIterable<Uint8Array>;
}

export interface RemoteStore {
  /** @throws RemoteError */
  get(url: string, range: ByteRange, signal: AbortSignal): Promise<RangeAnswer>;
}

/** A remote file cannot be read. The message says why, but not which file. */
export class RemoteError extends SourceError {
  override readonly name = "RemoteError";

  /**
   * @param permanent whether asking again would not help
   * @param status of HTTP, if the server answered
   */
  constructor(
    message: string,
    readonly permanent: boolean,
    readonly status?: number,
  ) {
    super(message);
  }
}

const transient: readonly number[] = [408, 425, 429];

/** The server refused to send the file. */
export function refusal(status: number, reason: string): RemoteError {
  const permanent = status >= 400 && status < 500 && !transient.includes(status);
  return new RemoteError(`the server answered ${status} ${reason}`.trim(), permanent, status);
}

/** The part of a file that `Content-Range` names, such as "bytes 0-99/1234"; undefined if the size is missing. */
export function contentRange(
  text: string | undefined,
): { start: number; size: number } | undefined {
  const [, start = "0", size] = /^bytes (?:(\d+)-\d+|\*)\/(\d+)$/.exec(text?.trim() ?? "") ?? [];
  return size === undefined ? undefined : { start: Number(start), size: Number(size) };
}
