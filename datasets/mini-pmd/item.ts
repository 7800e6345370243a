/** An image and its texts as found in a package, before the image is drawn. */
export interface Item {
  /** Unique in the whole data set and safe in archives: set and name, such as "ph/calendar-bold". */
  readonly key: string;
  /** The source within the mini-PMD, used for sampling and reports. */
  readonly source: PairSource;
  /** The icon set or package that it comes from, such as "ph". */
  readonly set: string;
  /** The design house: whole families are held out, never single sets. */
  readonly family: string;
  /** What the image shows, in lower case, without words of style and size, such as "calendar". */
  readonly concept: string;
  /** True captions, the plainest first; only words from the package itself. */
  readonly captions: readonly string[];
  readonly drawing: Drawing;
  readonly license: string;
  readonly author?: string;
  readonly category?: string;
  /** Such as "outline". */
  readonly style?: string;
  readonly tags: readonly string[];
}

/** The image to draw: a vector image, which may leave its color open (`currentColor`), or an image file. */
export type Drawing =
  | { readonly kind: "svg"; readonly svg: string; readonly monochrome: boolean }
  | { readonly kind: "file"; readonly file: Uint8Array };

/** The sources of pairs, the large ones first. */
export const pairSources = [
  "icons",
  "colour-icons",
  "emoji",
  "logos",
  "clipart",
  "stamps",
  "applications",
  "furniture",
  "space",
  "battle",
  "encyclopedia",
  "food",
] as const;

export type PairSource = (typeof pairSources)[number];

/** An image without a text. */
export interface LoneImage {
  readonly key: string;
  readonly source: string;
  readonly file: Uint8Array;
  readonly license: string;
  /** The class for probes, such as the kind of terrain. */
  readonly label?: string;
  /** Images of one group share a split: frames of one figure. */
  readonly group?: string;
}

/** A text without an image: a document in paragraphs separated by blank lines. */
export interface LoneText {
  readonly key: string;
  readonly source: string;
  readonly text: string;
  readonly license: string;
  /** "test" if an evaluation set uses it: kept out of training. */
  readonly heldOut?: boolean;
}
