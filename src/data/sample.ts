/** One record of a data set, nothing decoded yet. */
export interface Sample {
  /** Unique within its source: a path without its extension, or the number of a row. */
  readonly key: string;
  /** Where it was read: the path of its file, or that of a shard or table and after a ":" the member or row in it. */
  readonly path?: string;
  /** The image file: JPEG, PNG, WebP, SVG ... */
  readonly image?: Uint8Array;
  /** True texts, the plainest first: captions of the image, or the text itself; empty where there is none. */
  readonly texts: readonly string[];
  /** The class, where the source names one. */
  readonly label?: string;
  /** Everything else that the source has: license, author, other columns. JSON values only. */
  readonly fields: Readonly<Record<string, unknown>>;
}
