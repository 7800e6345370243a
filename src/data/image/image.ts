/** A decoded image: 8-bit sRGB without alpha, rows top-down, channels interleaved. */
export interface Image {
  /** In pixels: W. */
  readonly width: number;
  /** In pixels: H. */
  readonly height: number;
  /** `[H, W, 3]`, 0 to 255. */
  readonly pixels: Uint8Array;
}

/** A rectangle of an image, in whole pixels. */
export interface Window {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Copies the part of `image` within `window`. Pixels outside the image are black, as when Hugging Face's processor
 * crops an image that is too small.
 */
export function crop(image: Image, window: Window): Image {
  const { left, top, width, height } = window;
  if (![left, top, width, height].every(Number.isInteger) || width < 1 || height < 1) {
    throw new RangeError(
      `Expected a window in whole pixels of at least 1 x 1, not ${width} x ${height} at (${left}, ${top}).`,
    );
  }
  if (left === 0 && top === 0 && width === image.width && height === image.height) {
    return image;
  }
  const pixels = new Uint8Array(width * height * 3);
  const [fromX, toX] = [Math.max(left, 0), Math.min(left + width, image.width)];
  const [fromY, toY] = [Math.max(top, 0), Math.min(top + height, image.height)];
  for (let y = fromY; y < toY && fromX < toX; y++) {
    const row = y * image.width;
    const part = image.pixels.subarray((row + fromX) * 3, (row + toX) * 3);
    pixels.set(part, ((y - top) * width + fromX - left) * 3);
  }
  return { width, height, pixels };
}
