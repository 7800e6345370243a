/** One record of a data set, as it lies there: nothing decoded yet. */
export interface Sample {
  /** Unique within its source: a path without its extension, or the number of a row. */
  readonly key: string;
  /** The file of the image as it is: JPEG, PNG, WebP, SVG ... */
  readonly image?: Uint8Array;
  /** True texts, the plainest first: captions of the image, or the text itself; empty where there is none. */
  readonly texts: readonly string[];
  /** The class, where the source names one. */
  readonly label?: string;
  /** Whatever else the source says: license, author, columns. JSON values only. */
  readonly fields: Readonly<Record<string, unknown>>;
}
