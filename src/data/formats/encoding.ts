/** Text files as spreadsheets and shells write them: UTF-8 or UTF-16, with or without a byte order mark. */
import { createReadStream } from "node:fs";

type Encoding = "utf-8" | "utf-16le" | "utf-16be";

const byteOrderMark = Buffer.from("\ufeff");

/** Detects the encoding of a file from its first bytes: by the byte order mark or the positions of zeros. */
function encodingOf(head: Buffer): Encoding {
  const start = head.subarray(0, 2).toString("hex");
  if (start === "fffe") return "utf-16le";
  if (start === "feff") return "utf-16be";
  const isZero = [...head.subarray(0, 4)].map((byte) => byte === 0);
  if (isZero.join() === "false,true,false,true") return "utf-16le";
  return isZero.join() === "true,false,true,false" ? "utf-16be" : "utf-8";
}

/** The content of a text file as UTF-8 without a byte order mark. Invalid bytes are left unchanged. */
export function utf8Of(bytes: Buffer): Buffer {
  const encoding = encodingOf(bytes);
  if (encoding !== "utf-8") return Buffer.from(new TextDecoder(encoding).decode(bytes));
  return bytes.subarray(0, 3).equals(byteOrderMark) ? bytes.subarray(3) : bytes;
}

/** Like `utf8Of`, but streamed. */
export async function* utf8Chunks(path: string): AsyncGenerator<Buffer> {
  let decoder: InstanceType<typeof TextDecoder> | undefined;
  let isFirst = true;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 18 })) {
    const bytes = chunk as Buffer;
    const encoding = isFirst ? encodingOf(bytes) : undefined;
    if (encoding !== undefined && encoding !== "utf-8") decoder = new TextDecoder(encoding);
    if (decoder) yield Buffer.from(decoder.decode(bytes, { stream: true }));
    else yield isFirst ? utf8Of(bytes) : bytes;
    isFirst = false;
  }
  if (decoder) yield Buffer.from(decoder.decode());
}

export const notUtf8 =
  "not UTF-8, perhaps Latin-1 or Windows-1252; save the file as UTF-8, for example with " +
  "iconv -f WINDOWS-1252 -t UTF-8";
