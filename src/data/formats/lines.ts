/** The lines of a file, streamed. */
import { utf8Chunks } from "./encoding.js";

/** A line without its line ending. If longer than the limit it is truncated, and `isWhole` is false. */
interface Line {
  readonly bytes: Buffer;
  readonly isWhole: boolean;
  /** Whether it has a line ending: the last line of a file may have none. */
  readonly isEnded: boolean;
}

/** Lines in UTF-8, ending with LF or CRLF. */
export async function* linesOf(path: string, limit: number): AsyncGenerator<Line> {
  const pieces: Buffer[] = [];
  let length = 0;
  const line = (isEnded: boolean): Line => {
    let bytes = Buffer.concat(pieces);
    if (bytes.at(-1) === 0x0d) bytes = bytes.subarray(0, -1);
    const isWhole = length <= limit;
    pieces.length = length = 0;
    return { bytes, isWhole, isEnded };
  };
  for await (const chunk of utf8Chunks(path)) {
    let rest = chunk;
    for (let end = rest.indexOf(0x0a); end >= 0; end = rest.indexOf(0x0a)) {
      if (length <= limit) pieces.push(rest.subarray(0, end));
      length += end;
      yield line(true);
      rest = rest.subarray(end + 1);
    }
    if (length <= limit) pieces.push(rest); // keep only the beginning of a longer line
    length += rest.length;
  }
  if (length > 0) yield line(false);
}
