/** A web server and S3 store for tests, which can be told to misbehave. */
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import { createHash } from "node:crypto";
import type { AddressInfo } from "node:net";
import { afterAll } from "vitest";

/** How an answer goes wrong. */
export type Mischief = "stalls" | "resets" | "corrupts" | "ignores ranges" | "is busy" | "is short";

export interface FileServer {
  /** "http://127.0.0.1:PORT". */
  readonly url: string;
  /** Contents by path, "/bucket/name.tar". */
  readonly files: Map<string, Buffer>;
  /** Requests so far: path and range. */
  readonly requests: string[];
  /** What happens to the next answers with content, in turn; then all is well. */
  readonly mischief: (Mischief | undefined)[];
  /** Where paths lead to. */
  readonly redirects: Map<string, string>;
}

/** Starts a server that is closed after the tests of the calling file. */
export async function fileServer(): Promise<FileServer> {
  const files = new Map<string, Buffer>();
  const redirects = new Map<string, string>();
  const requests: string[] = [];
  const mischief: (Mischief | undefined)[] = [];
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "", "http://server");
    const path = decodeURIComponent(pathname);
    requests.push(`${path} ${request.headers.range ?? ""}`);
    const content = files.get(path);
    const target = redirects.get(path);
    if (target !== undefined) response.writeHead(302, { location: target }).end();
    else if (searchParams.get("list-type") === "2")
      response.end(listing(files, path, searchParams));
    else if (!content) response.writeHead(404).end();
    else answer(request, response, content, mischief.shift());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { url, files, requests, mischief, redirects };
}

const etags = new WeakMap<Buffer, string>();

function answer(
  { headers }: IncomingMessage,
  response: ServerResponse,
  content: Buffer,
  mischief: Mischief | undefined,
): void {
  if (mischief === "is busy") return void response.writeHead(503).end();
  const etag = etags.get(content) ?? `"${createHash("md5").update(content).digest("hex")}"`;
  etags.set(content, etag);
  const [, from = 0, to = 0] = (/^bytes=(\d+)-(\d+)$/.exec(headers.range ?? "") ?? []).map(Number);
  const isPartial = headers.range !== undefined && mischief !== "ignores ranges";
  const body = Buffer.from(isPartial ? content.subarray(from, to + 1) : content);
  const last = from + body.length - 1;
  response.writeHead(isPartial ? 206 : 200, {
    etag,
    "content-length": mischief === "is short" ? body.length - 1 : body.length,
    ...(isPartial && { "content-range": `bytes ${from}-${last}/${content.length}` }),
  });
  if (mischief === "corrupts") body[body.length >> 1]! ^= 1;
  if (mischief === "is short") return void response.end(body.subarray(1));
  if (mischief !== "stalls" && mischief !== "resets") return void response.end(body);
  response.write(body.subarray(0, body.length >> 1), () => {
    if (mischief === "resets") response.destroy();
  });
}

/** The answer of ListObjectsV2, two objects at a time. */
function listing(files: ReadonlyMap<string, Buffer>, path: string, query: URLSearchParams): string {
  const bucket = path.replace(/\/$/, "");
  const prefix = `${bucket}/${query.get("prefix") ?? ""}`;
  const keys = [...files.keys()].filter((key) => key.startsWith(prefix)).sort();
  const start = Number(query.get("continuation-token") ?? 0);
  const more = start + 2 < keys.length;
  const contents = keys
    .slice(start, start + 2)
    .map((key) => `<Contents><Key>${key.slice(bucket.length + 1)}</Key></Contents>`);
  const next = more ? `<NextContinuationToken>${start + 2}</NextContinuationToken>` : "";
  return (
    `<?xml version="1.0"?><ListBucketResult><IsTruncated>${more}</IsTruncated>${next}${contents.join("")}` +
    "</ListBucketResult>"
  );
}
