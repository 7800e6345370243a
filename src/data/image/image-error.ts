import type { SkipReason } from "../batch/skipped.js";

/** Why an image cannot be used. */
export type ImageReason = Extract<SkipReason, "empty" | "damaged" | "too large" | "unreadable">;

/** A file is not an image, is damaged, or has an unsupported format. */
export class ImageError extends Error {
  override readonly name = "ImageError";

  /** @param message in words, such as "it is HEIC, which cannot be decoded" */
  constructor(
    /** The kind of fault. */
    readonly reason: ImageReason,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/** The error for an image of more than `maxPixels`. */
export function tooLarge(width: number, height: number, maxPixels: number): ImageError {
  return new ImageError(
    "too large",
    `The image has ${Math.round(width)} x ${Math.round(height)} pixels, more than the limit of ${maxPixels} ` +
      `(maxPixels, --max-pixels). Shrink it, or raise the limit.`,
  );
}
