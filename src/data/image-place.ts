/** Images that stay in their files until they are needed. */
import type { RemoteState } from "./remote/store.js";

/** Where the bytes of an image are. Plain JSON. */
export interface ImagePlace {
  /** Its path, or the URL of an archive. */
  readonly file: string;
  /** The part of an archive, in bytes; default: the whole file. */
  readonly range?: { readonly start: number; readonly bytes: number };
  /** Of an archive at a URL, when its samples were found. */
  readonly state?: RemoteState;
}

export function isPlace(image: Uint8Array | ImagePlace): image is ImagePlace {
  return "file" in image;
}
