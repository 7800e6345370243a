import { describe, expect, it } from "vitest";
import type { Image } from "./image.js";
import { processorFromConfig, toProcessorConfig } from "./processor-config.js";
import { codebookPixelsOf, defaultProcessor, pixelsOf, writePixels } from "./processor.js";

// The comparison with transformers is in test/golden/images.

const gray = (level: number): Image => ({
  width: 6,
  height: 4,
  pixels: new Uint8Array(72).fill(level),
});

describe("the views of the default processor", () => {
  it("normalize with CLIP's mean and standard deviation per channel", () => {
    const pixels = pixelsOf(gray(255), defaultProcessor());
    expect(pixels).toHaveLength(3 * 224 * 224);
    const colors = [0, 1, 2].map((color) => pixels[color * 224 * 224]);
    expect(colors[0]).toBeCloseTo((1 - 0.48145466) / 0.26862954, 5);
    expect(colors[2]).toBeCloseTo((1 - 0.40821073) / 0.27577711, 5);
  });

  it("keep the codebook's within 0.1 and 0.9", () => {
    const black = codebookPixelsOf(gray(0), defaultProcessor());
    expect(black).toHaveLength(3 * 112 * 112);
    expect(black[0]).toBeCloseTo(0.1, 6);
    expect(codebookPixelsOf(gray(255), defaultProcessor())[0]).toBeCloseTo(0.9, 6);
  });

  it("go where they fit only", () => {
    const target = new Float32Array(3 * 8 * 8);
    const write = (offset: number) => () =>
      writePixels(gray(9), defaultProcessor(8), target, offset);
    expect(write(0)).not.toThrow();
    for (const offset of [1, -1, 0.5, NaN]) expect(write(offset)).toThrow("does not fit");
  });
});

describe("preprocessor_config.json", () => {
  it("has Hugging Face's defaults for missing keys", () => {
    expect(processorFromConfig({})).toEqual(defaultProcessor());
    const nulls = {
      size: null,
      mask_group_max_patches: null,
      feature_extractor_type: "FlavaImageProcessor",
    };
    expect(processorFromConfig(nulls)).toEqual(defaultProcessor());
  });

  it("leaves out steps and takes factors as stated", () => {
    const { encoder } = processorFromConfig({ do_rescale: false, do_center_crop: false });
    expect(encoder).not.toHaveProperty("rescale");
    expect(encoder).not.toHaveProperty("centerCrop");
    expect(processorFromConfig({ rescale_factor: 0.5 }).encoder.rescale).toBe(0.5);
  });

  it.each([
    { do_convert_rgb: false, data_format: "channels_first", input_data_format: null },
    { return_tensors: "pt", device: "cuda", do_pad: false, processor_class: "FlavaProcessor" },
  ])("ignores what cannot change results: %j", (json) => {
    expect(processorFromConfig(json)).toEqual(defaultProcessor());
  });

  it("reads the forms that sizes come in", () => {
    const sizeOf = (size: unknown): unknown => processorFromConfig({ size }).encoder.resize?.size;
    expect(sizeOf(96)).toEqual({ height: 96, width: 96 });
    expect(sizeOf([64, 96])).toEqual({ height: 64, width: 96 });
    expect(sizeOf({ height: 64, width: 96 })).toEqual({ height: 64, width: 96 });
    expect(sizeOf({ shortest_edge: 96 })).toEqual({ shortestEdge: 96 });
  });

  it("survives writing and reading", () => {
    const { normalize, ...encoder } = defaultProcessor(96).encoder;
    expect(normalize).toBeDefined();
    const processor = {
      encoder: { ...encoder, resize: { size: { shortestEdge: 99 }, filter: "box" } },
      codebook: { rescale: 0.5, mapPixels: false },
      mask: { patches: 6, total: 9, minGroup: 2, maxGroup: 5, minAspect: 0.5, maxAspect: 3 },
      returnsMask: true,
      returnsCodebookPixels: true,
    } as const;
    for (const each of [processor, defaultProcessor()]) {
      const written: unknown = JSON.parse(JSON.stringify(toProcessorConfig(each)));
      expect(processorFromConfig(written)).toEqual(each);
    }
  });

  it.each([
    [{ size: "large" }, '"size": "large", but expected a number of pixels'],
    [{ size: 0 }, '"size": 0'],
    [{ crop_size: { shortest_edge: 9 } }, '"crop_size"'],
    [{ codebook_resample: 0 }, '"codebook_resample": 0, but expected 1 (Lanczos)'],
    [{ image_std: [1, 0, 1] }, "three numbers above 0"],
    [{ image_mean: [1, 1] }, "three numbers"],
    [{ do_resize: "yes" }, '"do_resize": "yes", but expected true or false'],
    [{ mask_group_min_aspect_ratio: -1 }, "a number above 0"],
    [{ input_size_patches: 3, total_mask_patches: 10 }, "masks 10 patches"],
    [{ mask_group_max_aspect_ratio: 0.1 }, "the least may not exceed the greatest"],
    [{ image_processor_type: "ViTImageProcessor" }, "expected a FlavaImageProcessor"],
    [{ do_pad: true }, 'asks for "do_pad"'],
    [{ codebook_do_pad: true }, 'asks for "codebook_do_pad"'],
    [{ size: { shortest_edge: 224, longest_edge: 300 } }, '"size": {"shortest_edge":224'],
    [{ size: 224, default_to_square: false }, '"default_to_square": false'],
    [{ image_mean: [0.5] }, "three numbers"],
    [{ resample: 5 }, '"resample": 5'],
    [[], "not an object"],
    ["{}", "not an object"],
  ])("refuses %j", (json, message) => {
    expect(() => processorFromConfig(json)).toThrow(message);
  });
});
