import { decodeImage } from "../../data/image/decode.js";
import { ImageError } from "../../data/image/image-error.js";
import type { Image } from "../../data/image/image.js";
import { type ImageProcessor, pixelsOf } from "../../data/image/processor.js";
import { ApiError } from "../http/api-error.js";

/** How images are read. */
export interface ImageReader {
  /** The bytes of an image's file. */
  readonly bytesOf: (
    given: string | Uint8Array,
    param: string,
    signal: AbortSignal,
  ) => Promise<Uint8Array>;
  /** Images with more are refused before they are decoded. */
  readonly maxPixels: number;
}

/** An image as a client sent it. It is decoded when its turn has come, so that few decoded images are in memory. */
export class GivenImage {
  #image: Promise<Image> | undefined;
  #pixels: Promise<Float32Array> | undefined;
  #uses: number;

  /**
   * @param param the field it is in
   * @param uses how often `image`, or `pixels`, will be called: what it resolves to is kept until the last time
   */
  constructor(
    private readonly given: string | Uint8Array,
    readonly param: string,
    private readonly reader: ImageReader,
    private readonly signal: AbortSignal,
    uses = 1,
  ) {
    this.#uses = uses;
  }

  /**
   * Decodes the image.
   * @throws ApiError if it cannot be decoded: 413 if it has too many pixels, 415 for an unknown format, 422 for a damaged file
   */
  image(): Promise<Image> {
    const image = (this.#image ??= this.#decode());
    this.#use();
    return image;
  }

  /** The image as the encoder reads it: float32 [C, H, W]; fails as `image` does. */
  pixels(processor: ImageProcessor): Promise<Float32Array> {
    const decode = async () => pixelsOf(await this.#decode(), processor);
    const pixels = (this.#pixels ??= decode());
    this.#use();
    return pixels;
  }

  #use(): void {
    this.#uses--;
    if (this.#uses <= 0) this.#image = this.#pixels = undefined;
  }

  async #decode(): Promise<Image> {
    const { bytesOf, maxPixels } = this.reader;
    const bytes = await bytesOf(this.given, this.param, this.signal);
    try {
      return await decodeImage(bytes, { maxPixels });
    } catch (error) {
      throw error instanceof ImageError ? this.#refused(error) : error;
    }
  }

  #refused(error: ImageError): ApiError {
    const { param } = this;
    const status = ({ "too large": 413, unreadable: 415 } as const)[error.reason as string] ?? 422;
    return new ApiError(status, `${param}: ${error.message}`, { param, cause: error });
  }
}
