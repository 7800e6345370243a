import type { ImagePlace } from "./image-place.js";

/** One record of a data set, nothing decoded yet. */
export interface Sample {
  /** Unique within its source: a path without its extension, or the number of a row. */
  readonly key: string;
  /** The path of its file, or that of its shard or table followed by ":" and the member or row. */
  readonly path?: string;
  /** Where it is in a file of many, for messages, as editors count: "captions.csv, line 3". */
  readonly where?: string;
  /** The image file: JPEG, PNG, WebP, SVG ... */
  readonly image?: Uint8Array;
  /** Captions of the image, simplest first, or the text itself; may be empty. */
  readonly texts: readonly string[];
  /** The class, if the source names one. */
  readonly label?: string;
  /** Other data of the source, such as license and author. JSON values only. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A sample whose image may still be in its file. */
export interface LocatedSample extends Omit<Sample, "image"> {
  /** The bytes of the image file, or where they are. */
  readonly image?: Uint8Array | ImagePlace;
}
