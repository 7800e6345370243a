import type { LaneCall } from "../batch/lane.js";
import type { GivenImage } from "../images/given-image.js";
import type { ServedModel } from "../models/served-model.js";

/** What an operation knows of its call besides the body. */
export interface Call extends LaneCall {
  /** Most bytes of a body. */
  readonly bodyBytes: number;
  /**
   * The model of that name, or the default one.
   * @throws ApiError 404 if there is no such model
   */
  readonly model: (name: string | undefined) => ServedModel;
  /** An image in field `param`; `uses` as for `GivenImage`. */
  readonly image: (given: string | Uint8Array, param: string, uses?: number) => GivenImage;
  /**
   * Notes how many inputs the request has.
   * @throws ApiError 422 if there are too many
   */
  readonly count: (param: string, items: number) => void;
  /** Notes how many tokens and patches were read. */
  readonly read: (tokens: number) => void;
}

/** What the log says of a request. */
export interface RequestFacts {
  /** The name of its API key, or its address. */
  client?: string;
  /** The model that answered. */
  model?: string;
  /** Number of inputs. */
  items?: number;
  /** Number of tokens and patches that were read. */
  tokens?: number;
}
