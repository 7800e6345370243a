/** The lines of a file, one after another, however long the file is. */
import { createReadStream } from "node:fs";

/** A line without its end. One that is longer than the limit comes cut off, with `isWhole` false. */
interface Line {
  readonly bytes: Buffer;
  readonly isWhole: boolean;
}

const byteOrderMark = Buffer.from("\ufeff");

/** Lines end with LF or CRLF; a byte order mark at the beginning of the file is left out. */
export async function* linesOf(path: string, limit: number): AsyncGenerator<Line> {
  const pieces: Buffer[] = [];
  let length = 0;
  let isFirst = true;
  const line = (): Line => {
    let bytes = Buffer.concat(pieces);
    if (bytes.at(-1) === 0x0d) bytes = bytes.subarray(0, -1);
    if (isFirst && bytes.subarray(0, 3).equals(byteOrderMark)) bytes = bytes.subarray(3);
    const isWhole = length <= limit;
    isFirst = false;
    pieces.length = length = 0;
    return { bytes, isWhole };
  };
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 18 })) {
    let rest = chunk as Buffer;
    for (let end = rest.indexOf(0x0a); end >= 0; end = rest.indexOf(0x0a)) {
      if (length <= limit) pieces.push(rest.subarray(0, end));
      length += end;
      yield line();
      rest = rest.subarray(end + 1);
    }
    if (length <= limit) pieces.push(rest); // of a longer line only the beginning is kept
    length += rest.length;
  }
  if (length > 0) yield line();
}
