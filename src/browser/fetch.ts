/** Files by their URLs. */
import { CheckpointError } from "../checkpoint/files/stored-tensor.js";

/** Called while a file arrives, with bytes so far and in all (0 if the server does not say). */
export type OnBytes = (loaded: number, total: number) => void;

/** There is no such file. */
export class NotFoundError extends CheckpointError {}

/** The content at a URL. */
export async function fetchBytes(
  url: string | URL,
  signal?: AbortSignal,
  onProgress?: OnBytes,
): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(url, signal ? { signal } : {});
  if (response.status === 404) throw new NotFoundError(`There is nothing at ${String(url)}.`);
  if (!response.ok || !response.body) {
    throw new CheckpointError(`${String(url)} cannot be loaded: ${response.status}.`);
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
  return new Uint8Array(await new Blob(pieces).arrayBuffer());
}
