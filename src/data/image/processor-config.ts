/** Converts Hugging Face configurations of FLAVA's image processor to ours and back (flava.md 4.1). */
import { z } from "zod";
import type { Filter } from "./filter.js";
import {
  type MaskSettings,
  type ImageProcessor,
  type View,
  type ViewSize,
  defaultProcessor,
} from "./processor.js";

/** An unsupported image processor configuration. */
class ProcessorConfigError extends Error {
  override readonly name = "ProcessorConfigError";
}

/** Pillow's numbers for the supported filters. */
const filterNumbers = { lanczos: 1, bilinear: 2, bicubic: 3, box: 4 } as const;
const filterOf = new Map(
  Object.entries(filterNumbers).map(([name, number]) => [number as number, name as Filter]),
);

const side = z.int().min(1).max(65_535);
const sides = z.strictObject({ height: side, width: side });
const squareOrSides = [
  side.transform((length) => ({ height: length, width: length })),
  z.tuple([side, side]).transform(([height, width]) => ({ height, width })),
  sides,
] as const;

const size: z.ZodType<ViewSize> = z.union(
  [
    ...squareOrSides,
    z
      .strictObject({ shortest_edge: side })
      .transform((given) => ({ shortestEdge: given.shortest_edge })),
  ],
  "a number of pixels from 1 to 65535, { height, width } or { shortest_edge }",
);
const cropSize = z.union(squareOrSides, "a number of pixels from 1 to 65535, or { height, width }");
const resample = z.custom<number>(
  (value) => filterOf.has(value as number),
  "1 (Lanczos), 2 (bilinear), 3 (bicubic) or 4 (box)",
);
const flag = z.boolean("true or false");
const factor = z.number("a number").refine((value) => value !== 0, "a number that is not 0");
const color = z.tuple([z.number(), z.number(), z.number()], "three numbers");
const std = z
  .tuple([z.number(), z.number(), z.number()], "three numbers")
  .refine((values) => values.every((value) => value > 0), "three numbers above 0");
const count = z.int("an integer").min(1, "an integer >= 1");
const aspect = z.number("a number").positive("a number above 0");

const keys = {
  do_resize: flag,
  size,
  resample,
  do_center_crop: flag,
  crop_size: cropSize,
  do_rescale: flag,
  rescale_factor: factor,
  do_normalize: flag,
  image_mean: color,
  image_std: std,
  return_image_mask: flag,
  input_size_patches: count,
  total_mask_patches: count,
  mask_group_min_patches: count,
  mask_group_max_patches: count,
  mask_group_min_aspect_ratio: aspect,
  mask_group_max_aspect_ratio: aspect,
  return_codebook_pixels: flag,
  codebook_do_resize: flag,
  codebook_size: size,
  codebook_resample: resample,
  codebook_do_center_crop: flag,
  codebook_crop_size: cropSize,
  codebook_do_rescale: flag,
  codebook_rescale_factor: factor,
  codebook_do_map_pixels: flag,
  codebook_do_normalize: flag,
  codebook_image_mean: color,
  codebook_image_std: std,
};

type Keys = { readonly [Name in keyof typeof keys]?: z.output<(typeof keys)[Name]> };

/** The keys of a view; those of the codebook are prefixed with "codebook_". */
const viewKeys = [
  "do_resize",
  "size",
  "resample",
  "do_center_crop",
  "crop_size",
  "do_rescale",
  "rescale_factor",
  "do_normalize",
  "image_mean",
  "image_std",
] as const;
type ViewKeys = Pick<Keys, (typeof viewKeys)[number]>;

/**
 * Reads the object in a preprocessor_config.json, or the "image_processor" of a processor_config.json (transformers 5
 * and later). Keys that are absent or null have Hugging Face's defaults. `name` is the file, for messages.
 * @throws ProcessorConfigError naming the key whose value is invalid or not supported by FLAVA's processor
 */
export function processorFromConfig(
  json: unknown,
  name = "preprocessor_config.json",
): ImageProcessor {
  const given = parse(json, name);
  const defaults = defaultProcessor();
  return {
    encoder: viewFrom(given, false, defaults.encoder),
    codebook: viewFrom(
      Object.fromEntries(viewKeys.map((key) => [key, given[`codebook_${key}`]])),
      given.codebook_do_map_pixels ?? true,
      defaults.codebook,
    ),
    mask: maskFrom(given, defaults.mask, name),
    returnsMask: given.return_image_mask ?? false,
    returnsCodebookPixels: given.return_codebook_pixels ?? false,
  };
}

function parse(json: unknown, name: string): Keys {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new ProcessorConfigError(`${name} describes no image processor: it is not an object.`);
  }
  requireFlavaProcessor(json, name);
  const read: Record<string, unknown> = {};
  for (const [key, schema] of Object.entries<z.ZodType>(keys)) {
    const value = (json as Record<string, unknown>)[key];
    if (value === undefined || value === null) continue;
    const { success, data, error } = schema.safeParse(value);
    if (!success) {
      const given = JSON.stringify(value).slice(0, 80);
      throw new ProcessorConfigError(
        `${name} has "${key}": ${given}, but expected ${error.issues[0]!.message}.`,
      );
    }
    read[key] = data;
  }
  return read;
}

/** Rejects processors of other models, and steps that FLAVA's does not have. */
function requireFlavaProcessor(json: object, name: string): void {
  const { size, default_to_square: square } = json as Record<string, unknown>;
  if (square === false && typeof size === "number") {
    throw new ProcessorConfigError(
      `${name} has "default_to_square": false, which makes "size": ${size} ambiguous. Write { "shortest_edge": ${size} }.`,
    );
  }
  for (const [key, value] of Object.entries(json)) {
    const isType = key === "image_processor_type" || key === "feature_extractor_type";
    if (isType && !flavaProcessor.test(String(value))) {
      throw new ProcessorConfigError(
        `${name} describes a ${JSON.stringify(value)}; expected a FlavaImageProcessor.`,
      );
    }
    const isStep = /^(codebook_)?do_/.test(key) && value === true;
    if (isStep && key !== "do_convert_rgb" && !(key in keys)) {
      throw new ProcessorConfigError(
        `${name} asks for "${key}", a step that FLAVA's image processor does not have.`,
      );
    }
  }
}

const flavaProcessor = /^Flava(ImageProcessor|FeatureExtractor)/;

function viewFrom(keys: ViewKeys, mapPixels: boolean, defaults: View): View {
  const { resize, centerCrop, normalize } = defaults;
  const filter = filterOf.get(keys.resample ?? 0) ?? resize!.filter;
  return {
    ...(keys.do_resize !== false && { resize: { size: keys.size ?? resize!.size, filter } }),
    ...(keys.do_center_crop !== false && { centerCrop: keys.crop_size ?? centerCrop! }),
    ...(keys.do_rescale !== false && { rescale: keys.rescale_factor ?? defaults.rescale! }),
    ...(keys.do_normalize !== false && {
      normalize: {
        mean: keys.image_mean ?? normalize!.mean,
        std: keys.image_std ?? normalize!.std,
      },
    }),
    mapPixels,
  };
}

function maskFrom(keys: Keys, defaults: MaskSettings, name: string): MaskSettings {
  const mask: MaskSettings = {
    patches: keys.input_size_patches ?? defaults.patches,
    total: keys.total_mask_patches ?? defaults.total,
    minGroup: keys.mask_group_min_patches ?? defaults.minGroup,
    minAspect: keys.mask_group_min_aspect_ratio ?? defaults.minAspect,
    ...(keys.mask_group_max_patches !== undefined && { maxGroup: keys.mask_group_max_patches }),
    ...(keys.mask_group_max_aspect_ratio !== undefined && {
      maxAspect: keys.mask_group_max_aspect_ratio,
    }),
  };
  const maxAspect = mask.maxAspect ?? 1 / mask.minAspect;
  if (maxAspect < mask.minAspect) {
    throw new ProcessorConfigError(
      `${name} has blocks of an aspect ratio from ${mask.minAspect} to ${maxAspect}, but the least may not exceed the ` +
        'greatest ("mask_group_min_aspect_ratio", "mask_group_max_aspect_ratio").',
    );
  }
  if (mask.total <= mask.patches ** 2) return mask;
  throw new ProcessorConfigError(
    `${name} masks ${mask.total} patches ("total_mask_patches") of an image that has ` +
      `${mask.patches} x ${mask.patches} ("input_size_patches").`,
  );
}

/** The inverse of `processorFromConfig`, as Hugging Face's processor writes it. */
export function toProcessorConfig(processor: ImageProcessor): Record<string, unknown> {
  const { encoder, codebook, mask } = processor;
  const codebookKeys = Object.entries(viewToConfig(codebook, defaultProcessor().codebook));
  return {
    image_processor_type: "FlavaImageProcessor",
    ...viewToConfig(encoder, defaultProcessor().encoder),
    return_image_mask: processor.returnsMask,
    input_size_patches: mask.patches,
    total_mask_patches: mask.total,
    mask_group_min_patches: mask.minGroup,
    mask_group_max_patches: mask.maxGroup ?? null,
    mask_group_min_aspect_ratio: mask.minAspect,
    mask_group_max_aspect_ratio: mask.maxAspect ?? null,
    return_codebook_pixels: processor.returnsCodebookPixels,
    ...Object.fromEntries(codebookKeys.map(([key, value]) => [`codebook_${key}`, value])),
    codebook_do_map_pixels: codebook.mapPixels,
  };
}

/** Skipped steps are marked as disabled and keep their default values. */
function viewToConfig(view: View, defaults: View): Record<(typeof viewKeys)[number], unknown> {
  const resize = view.resize ?? defaults.resize!;
  const normalize = view.normalize ?? defaults.normalize!;
  return {
    do_resize: view.resize !== undefined,
    size: "shortestEdge" in resize.size ? { shortest_edge: resize.size.shortestEdge } : resize.size,
    resample: filterNumbers[resize.filter],
    do_center_crop: view.centerCrop !== undefined,
    crop_size: view.centerCrop ?? defaults.centerCrop!,
    do_rescale: view.rescale !== undefined,
    rescale_factor: view.rescale ?? defaults.rescale!,
    do_normalize: view.normalize !== undefined,
    image_mean: normalize.mean,
    image_std: normalize.std,
  };
}
