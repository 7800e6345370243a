/** What a page and the worker that computes with a model for it tell each other. */
import type { Classification } from "../api/classify.js";
import type { OpenedBackend } from "./opened-backend.js";

/** Sent to the worker first, once. */
export interface OpenModel {
  readonly kind: "open";
  /** The directory of the model. */
  readonly url: string;
}

/** Work for the model; the answer has the same `id`. */
export type ModelRequest = { readonly id: number } & (
  | { readonly kind: "texts"; readonly texts: readonly string[] }
  /** Image files. */
  | { readonly kind: "images"; readonly images: readonly Blob[] }
  | { readonly kind: "classify"; readonly image: Blob; readonly labels: readonly string[] }
);

/** What the worker has opened. */
export interface OpenedModel {
  readonly backend: OpenedBackend;
  /** Identifies the model; undefined where the page is served neither by HTTPS nor from localhost. */
  readonly fingerprint: string | undefined;
}

/** Sent to the page. */
export type ModelMessage =
  /** Bytes of the weights so far and in all (0 if the server does not say). */
  | { readonly kind: "progress"; readonly loaded: number; readonly total: number }
  | { readonly kind: "opened"; readonly model: OpenedModel }
  /** The model cannot be opened, or, once it is open, cannot go on. */
  | { readonly kind: "failed"; readonly message: string }
  | { readonly kind: "answer"; readonly id: number; readonly answer: ModelAnswer }
  /** The request cannot be answered, but others can. */
  | { readonly kind: "refusal"; readonly id: number; readonly message: string };

export type ModelAnswer =
  /** Unit-length embeddings, float32 [D] each; undefined for an image that cannot be decoded. */
  | { readonly kind: "vectors"; readonly vectors: readonly (Float32Array | undefined)[] }
  /** All labels, best first. */
  | { readonly kind: "ranking"; readonly ranking: readonly Classification[] };
