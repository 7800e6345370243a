/** What a fine-tuned model predicts, and from what (flava.md 8.3). */
import type { SampleColumns } from "../data/labeled/labeled-row.js";
import type { Labels } from "../data/labeled/labels.js";

/** The encoder whose class token a head reads: of texts, of images, or of both together. */
export type TaskEncoder = "text" | "image" | "multimodal";
export const taskEncoders = ["text", "image", "multimodal"] as const satisfies TaskEncoder[];

/** What a fine-tuned model predicts, and from what. */
export interface Task {
  /** The encoder whose class token the head reads. */
  readonly encoder: TaskEncoder;
  /** The meaning of the head's outputs. */
  readonly labels: Labels;
  /** Hidden width of a head of two layers. */
  readonly hidden?: number | undefined;
  /** Whether texts are pairs. */
  readonly pairs: boolean;
  /** Tokens of a text, or a pair of texts, that are read. */
  readonly maximumTokens: number;
  /** Side of images in pixels, if it is not the model's. */
  readonly imageSize?: number | undefined;
  /** Names of the columns that the model was fine-tuned on. */
  readonly columns: SampleColumns;
}
