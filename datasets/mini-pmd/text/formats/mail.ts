/** The writer's own text of an e-mail: decoded, without headers, quotations and signatures. */
import { htmlParagraphs } from "./html.js";
import { blocks } from "../prose.js";

export interface Mail {
  readonly subject: string;
  /** Paragraphs of the first readable part, not yet cleaned of addresses. */
  readonly paragraphs: readonly string[];
}

interface Part {
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** Reads a mail in its raw form, one character per byte (latin1). */
export function parseMail(raw: string): Mail {
  const part = parsePart(raw.replace(/\r\n/g, "\n").replace(/^From .*\n/, ""));
  const subject = decodeWords(part.headers.get("subject") ?? "");
  return { subject, paragraphs: partParagraphs(part, 0) };
}

function parsePart(raw: string): Part {
  const end = raw.indexOf("\n\n");
  const head = (end < 0 ? raw : raw.slice(0, end)).replace(/\n[ \t]+/g, " ");
  const headers = new Map<string, string>();
  for (const line of head.split("\n")) {
    const [, name, value] = /^([\w-]+):\s*(.*)$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined) headers.set(name.toLowerCase(), value);
  }
  return { headers, body: end < 0 ? "" : raw.slice(end + 2) };
}

/** The first readable part of a multipart mail; other media have no text. */
function partParagraphs(part: Part, depth: number): string[] {
  const type = (part.headers.get("content-type") ?? "text/plain").toLowerCase();
  if (type.startsWith("multipart/") && depth < 4) {
    const boundary = /boundary\s*=\s*"?([^";]+)"?/i.exec(
      part.headers.get("content-type") ?? "",
    )?.[1];
    if (boundary === undefined) return [];
    for (const piece of part.body.split(`--${boundary}`).slice(1)) {
      const paragraphs = partParagraphs(parsePart(piece.replace(/^\n/, "")), depth + 1);
      if (paragraphs.length > 0) return paragraphs;
    }
    return [];
  }
  if (!type.startsWith("text/")) return [];
  const text = decodeBody(part, type);
  const isPage = type.startsWith("text/html") || /<html|<body|<\/p>|<br>/i.test(text);
  return isPage ? htmlParagraphs(text) : writtenBlocks(text);
}

function decodeBody(part: Part, type: string): string {
  const encoding = (part.headers.get("content-transfer-encoding") ?? "").trim().toLowerCase();
  const charset = /charset\s*=\s*"?([\w-]+)/.exec(type)?.[1] ?? "latin1";
  const bytes =
    encoding === "base64"
      ? Buffer.from(part.body, "base64")
      : encoding === "quoted-printable"
        ? quotedPrintable(part.body.replace(/=\n/g, ""))
        : Buffer.from(part.body, "latin1");
  return bytes.toString(/utf-?8/.test(charset) ? "utf8" : "latin1");
}

function quotedPrintable(text: string): Buffer {
  const plain = text.replace(/=([\dA-Fa-f]{2})/g, (_all, code: string) =>
    String.fromCharCode(parseInt(code, 16)),
  );
  return Buffer.from(plain, "latin1");
}

/** Encoded words of a header: =?charset?B or Q?text?=. */
function decodeWords(header: string): string {
  return header.replace(/=\?([\w-]+)\?([bqBQ])\?([^?]*)\?=/g, (_all, charset, kind, text) => {
    const [name, value] = [String(charset), String(text)];
    const bytes = /b/i.test(String(kind))
      ? Buffer.from(value, "base64")
      : quotedPrintable(value.replaceAll("_", " "));
    return bytes.toString(/utf-?8/i.test(name) ? "utf8" : "latin1");
  });
}

/** Blocks of a plain text without quoted lines, lines that announce a quotation, the signature and the list's footer. */
function writtenBlocks(text: string): string[] {
  const signature = /\n(?:-- ?|_{20,}|-{20,}|={20,}).*\n[\s\S]{0,1500}$/;
  const written = text
    .replace(signature, "\n")
    .replace(/^-{2,} ?(?:Original Message|Forwarded).*$[\s\S]*/im, "")
    .split("\n")
    .filter((line) => !/^\s*(?:\w{0,4}[>|:}]|\[?-{5,})/.test(line))
    .filter((line) => !/\b(?:wrote|writes|said):?\s*$|^On .{10,60},/.test(line))
    .join("\n");
  return blocks(written);
}
