import { type Key, foldIn } from "../../base/random.js";
import { type Shape, sizeOf } from "../../graph/tensor.js";
import type { Image } from "../image/image.js";
import { type ImageProcessor, viewShape } from "../image/processor.js";
import { type TrainingViewOptions, writeTrainingViews } from "../image/views.js";

/** How images become views: of the encoder, and of the codebook. */
export interface ViewOptions {
  /** Sizes, filters and normalization of both views. */
  readonly processor: ImageProcessor;
  /** Random crops, flips and colors. */
  readonly views: TrainingViewOptions;
}

const anyImage = { width: 1, height: 1 }; // training views have one size

/** The shapes of one image's views, `[3, H, W]` and `[3, h, w]`. */
export function viewShapes({ encoder, codebook }: ImageProcessor): {
  readonly pixels: Shape;
  readonly codebookPixels: Shape;
} {
  return { pixels: viewShape(anyImage, encoder), codebookPixels: viewShape(anyImage, codebook) };
}

/** The views of a batch's images, made one by one so that no decoded image has to be kept. */
export class BatchViews {
  /** `[B, 3, H, W]` */
  readonly pixels: Float32Array;
  /** `[B, 3, h, w]` */
  readonly codebookPixels: Float32Array;

  constructor(
    /** Images in the batch, B. */
    readonly count: number,
    private readonly options: ViewOptions,
  ) {
    const shapes = viewShapes(options.processor);
    this.pixels = new Float32Array(count * sizeOf(shapes.pixels));
    this.codebookPixels = new Float32Array(count * sizeOf(shapes.codebookPixels));
  }

  /** Makes the views of the sample in `row`, whose key is `key`. */
  write(row: number, image: Image, key: Key): void {
    const { pixels, codebookPixels, count } = this;
    const { processor, views } = this.options;
    writeTrainingViews(image, foldIn(key, "views"), processor, views, {
      pixels,
      pixelsOffset: (row * pixels.length) / count,
      codebookPixels,
      codebookOffset: (row * codebookPixels.length) / count,
    });
  }
}
