/** Files on web servers. */
import { Readable } from "node:stream";
import { type ByteRange, type RangeAnswer, RemoteError, contentRange, refusal } from "./store.js";

const redirects: readonly number[] = [301, 302, 303, 307, 308];
const mostRedirects = 5;

export const httpStore = {
  async get(url: string, { start, end }: ByteRange, signal: AbortSignal): Promise<RangeAnswer> {
    const response = await follow(url, `bytes=${start}-${end - 1}`, signal);
    const { status, headers } = response;
    const tag = headers.get("etag") ?? headers.get("last-modified") ?? "";
    const range = contentRange(headers.get("content-range") ?? undefined);
    const body = response.body ?? Readable.from([]);
    if (status === 206 && range)
      return { state: { size: range.size, tag }, start: range.start, body };
    const length = headers.get("content-length");
    if (status === 200 && length !== null)
      return { state: { size: Number(length), tag }, start: undefined, body };
    if (status === 416 && range) return { state: { size: range.size, tag }, start: 0, body };
    await response.body?.cancel();
    if (status === 200 || status === 206)
      throw new RemoteError("the server does not say how long the file is", true, status);
    const hint = status === 401 || status === 403 ? "; private data can be read from s3://" : "";
    throw refusal(status, `${response.statusText}${hint}`);
  },
};

async function follow(url: string, range: string, signal: AbortSignal): Promise<Response> {
  let target = new URL(url);
  for (let hop = 0; hop <= mostRedirects; hop++) {
    const headers = { range, "accept-encoding": "identity" };
    const response = await fetch(target, { headers, redirect: "manual", signal });
    if (!redirects.includes(response.status)) return response;
    await response.body?.cancel();
    target = redirected(target, response.headers.get("location") ?? "");
  }
  throw new RemoteError(`the server redirects more than ${mostRedirects} times`, true);
}

/** Nobody must be led from https to a connection without encryption, or from a server of the own network to another. */
function redirected(from: URL, location: string): URL {
  const to = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  const stays =
    from.protocol === "http:" && to?.protocol === "http:" && to.hostname === from.hostname;
  if (to?.protocol === "https:" || (to && stays)) return to;
  const where = to ? `${to.protocol}//${to.host}` : JSON.stringify(location.slice(0, 100));
  throw new RemoteError(`the server redirects to ${where}; only https:// is followed`, true);
}
