/** What models are asked for: the inputs of a request, each with the field it is in. */
import type { Query } from "../../search/query.js";
import type { GivenImage } from "../images/given-image.js";

/** A text or its token ids. */
export interface TextItem {
  readonly text: string | Int32Array;
  readonly param: string;
  /** Whether it is cut if it is too long, instead of refused. */
  readonly truncate: boolean;
}

/** A text in field `param`, which must not be too long. */
export const itemOf =
  (param: string) =>
  (text: string): TextItem => ({ text, param, truncate: false });

export interface PairItem extends TextItem {
  readonly image: Pick<GivenImage, "pixels">;
}

/** A text with masks, and the image that it describes. */
export interface FillItem {
  readonly text: string;
  readonly param: string;
  readonly image?: GivenImage;
  readonly top: number;
}

/** An image, and the numbers of its hidden patches. */
export interface FillImageItem {
  readonly image: GivenImage;
  readonly hidden?: readonly number[];
  readonly seed?: number;
}

/** What a fine-tuned model predicts from. */
export interface PredictItem extends Pick<TextItem, "param" | "truncate"> {
  readonly text?: string;
  readonly textPair?: string;
  readonly image?: GivenImage;
}

/** A query, as that of `flava search`. */
export interface SearchItem extends Query<GivenImage> {
  /** The key of an entry in place of an image; it is not found itself. */
  readonly similarTo?: string;
}

/** An embedding [D], and how many tokens or patches were read for it. */
export interface EmbeddedItem {
  readonly vector: Float32Array;
  readonly tokens: number;
}
