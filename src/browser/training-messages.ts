/** What a page and the worker that trains for it tell each other. */
import type { OpenedBackend } from "./opened-backend.js";
import type { TrainingCheckpoint } from "./training-checkpoint.js";
import type { TrainingEntry } from "./training-entry.js";

/** Sent to the worker once, to begin. */
export interface TrainingRequest {
  readonly kind: "train";
  readonly pairs: readonly {
    readonly name: string;
    /** An image file. */
    readonly file: Blob;
    readonly texts: readonly string[];
  }[];
  /** The text of a vocab.txt. */
  readonly vocabulary: string;
  /** Fraction of the steps of the quickstart's recipe. */
  readonly share: number;
  /** Where to go on from; default: the beginning. */
  readonly checkpoint?: TrainingCheckpoint;
}

/** Asks for a last checkpoint, and for an end after it. */
export interface PauseTraining {
  readonly kind: "pause";
}

/** Sent to the page. */
export type TrainingMessage =
  /** All images have been decoded, but for those that could not; `heldOut` of them are for validation. */
  | { readonly kind: "read"; readonly heldOut: number; readonly damaged: readonly string[] }
  /** Something that the images and texts lose in training, in words. */
  | { readonly kind: "notice"; readonly line: string }
  | { readonly kind: "backend"; readonly backend: OpenedBackend }
  | { readonly kind: "entry"; readonly entry: TrainingEntry }
  | { readonly kind: "checkpoint"; readonly checkpoint: TrainingCheckpoint }
  | { readonly kind: "paused" }
  | { readonly kind: "finished"; readonly files: Readonly<Record<string, Uint8Array<ArrayBuffer>>> }
  | { readonly kind: "failed"; readonly message: string };
