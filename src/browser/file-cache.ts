/** A cache of files of models in the browser, so that a model is downloaded once. */

/** The part of the Cache API in use: TypeScript's types for Node lack it. */
interface Store {
  match(url: string): Promise<Response | undefined>;
  put(url: string, response: Response): Promise<void>;
}

/** The name of the cache: `caches.delete("flava")` empties it. */
const cacheName = "flava";

/** Where the files are kept; undefined where the browser has no such place, as on pages that are not served by HTTPS or from localhost. */
async function openStore(): Promise<Store | undefined> {
  const { caches } = globalThis as {
    readonly caches?: { open(name: string): Promise<Store> };
  };
  return caches?.open(cacheName).catch(() => undefined);
}

/** The kept answer for a URL, if the server still has the same file, or still none, or cannot be reached. */
export async function keptFile(url: string, signal?: AbortSignal): Promise<Response | undefined> {
  const kept = await (await openStore())?.match(url);
  if (!kept) return undefined;
  const request = { method: "HEAD", cache: "no-cache", ...(signal && { signal }) };
  const head = await fetch(url, request).catch((error: unknown) => {
    if (signal?.aborted) throw error;
    return undefined; // offline
  });
  return !head || isSame(head, kept) ? kept : undefined;
}

/** Keeps that there is no file, for when the server cannot be reached. */
export async function keepAbsence(url: string): Promise<void> {
  const kept = new Response(null, { status: 404 });
  await (await openStore())?.put(url, kept).catch(() => undefined);
}

/** Keeps a file, if the server gave something to tell its versions apart by. */
export async function keepFile(url: string, { headers }: Response, content: Blob): Promise<void> {
  const versions = validators.flatMap((name) => {
    const value = headers.get(name);
    return value === null ? [] : [[name, value] as const];
  });
  if (versions.length === 0) return;
  const size = [["content-length", String(content.size)]] as const;
  const kept = new Response(content, { headers: Object.fromEntries([...versions, ...size]) });
  // Without enough space it is downloaded again next time.
  await (await openStore())?.put(url, kept).catch(() => undefined);
}

const validators = ["etag", "last-modified"];

function isSame(head: Response, { headers, status }: Response): boolean {
  if (status === 404) return head.status === 404;
  if (!head.ok) return false;
  const name = validators.find((each) => headers.has(each));
  return name !== undefined && head.headers.get(name) === headers.get(name);
}
