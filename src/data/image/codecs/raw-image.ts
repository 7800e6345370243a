/** Decoded pixels, rows from the top, before transparency is resolved. */
export interface RawImage {
  readonly width: number;
  readonly height: number;
  /** RGB, or RGB and opacity. */
  readonly channels: 3 | 4;
  /** `[H, W, channels]`, 0 to 255. */
  readonly pixels: Uint8Array;
}

/**
 * Decodes a file; throws any error if it is damaged.
 * @param requireSize called with the size before pixels are decoded; throws if it is too large
 */
export type Decode = (
  file: Buffer,
  requireSize: (width: number, height: number) => void,
) => RawImage;
