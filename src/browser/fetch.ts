/** Files by their URLs. */
import { CheckpointError } from "../checkpoint/files/stored-tensor.js";
import { keepAbsence, keepFile, keptFile } from "./file-cache.js";

/** Called while a file arrives, with bytes so far and in all (0 if the server does not say). */
export type OnBytes = (loaded: number, total: number) => void;

export interface FetchOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnBytes | undefined;
  readonly keeps?: boolean;
}

/** There is no such file. */
export class NotFoundError extends CheckpointError {}

/**
 * The content at a URL.
 *
 * @param keeps keeps it in the browser's cache of files, and takes it from there if the server has no other version
 */
export async function fetchBytes(
  url: string | URL,
  { signal, onProgress, keeps = false }: FetchOptions = {},
): Promise<Uint8Array<ArrayBuffer>> {
  const place = String(url);
  const kept = keeps ? await keptFile(place, signal) : undefined;
  const response = kept ?? (await fetch(place, signal ? { signal } : {}));
  const absence = absenceOf(place, response);
  if (absence !== undefined) {
    if (keeps && !kept) await keepAbsence(place);
    throw new NotFoundError(absence);
  }
  if (!response.ok || !response.body) {
    throw new CheckpointError(`${place} cannot be loaded: ${response.status}.`);
  }
  const total = Number(response.headers.get("content-length") ?? 0);
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  let loaded = 0;
  const reader = response.body.getReader();
  for (let next = await reader.read(); next.value; next = await reader.read()) {
    const piece = next.value as Uint8Array<ArrayBuffer>;
    pieces.push(piece);
    onProgress?.((loaded += piece.length), total);
  }
  const content = new Blob(pieces);
  if (keeps && !kept) await keepFile(place, response, content);
  return new Uint8Array(await content.arrayBuffer());
}

/** Says that a server has no such file; undefined if it does not say so. */
function absenceOf(place: string, { ok, status, headers }: Response): string | undefined {
  if (status === 404) return `There is nothing at ${place}.`;
  // Where a file is missing, servers of single-page apps answer with the app's page, as if all were well.
  const isPage = ok && headers.get("content-type")?.startsWith("text/html");
  return isPage ? `There is no file at ${place}, but a web page.` : undefined;
}
