/** Traces the outputs that the golden files hold of a case, under their names: states, sequences, logits. */
import { gatherRows } from "../../../src/graph/ops/gather.js";
import { reshape } from "../../../src/graph/ops/reshape.js";
import { slice } from "../../../src/graph/ops/slice.js";
import { constant } from "../../../src/graph/placeholder.js";
import type { Tensor } from "../../../src/graph/tensor.js";
import { codebookLogits, visualTokens } from "../../../src/model/codebook.js";
import { encodeImages, encodePairs, encodeTexts } from "../../../src/model/traced-model.js";
import { type Encoded, pool } from "../../../src/model/encoded.js";
import { embed } from "../../../src/model/flava.js";
import { type MaskedHead, maskedLogits, matchLogits } from "../../../src/model/heads.js";
import { patchesOf, textOf } from "../../../src/model/multimodal-encoder.js";
import type { Linear } from "../../../src/nn/linear.js";
import { contrastiveLogits } from "../../../src/objective/contrastive.js";
import type { PretrainingModel } from "../../../src/objective/model.js";
import { countedSamples } from "./case-inputs.js";
import { type Fixture, type GoldenCase, inputOf } from "./fixture.js";

type Outputs = Record<string, Tensor>;

/** The inputs of a case while it is traced; its kind determines which are present. */
export type Given = Partial<
  Record<"pixels" | "hidden" | "codebookPixels" | "ids" | "types" | "maskedIds" | "lengths", Tensor>
>;

/** The passes of a case, by modality. */
interface Pass {
  readonly image?: Encoded;
  readonly text?: Encoded;
  readonly multimodal?: Encoded;
}

function runPass(model: PretrainingModel, which: "plain" | "masked", given: Given): Pass {
  const { pixels, hidden, lengths } = given;
  const ids = which === "plain" ? given.ids : given.maskedIds;
  const masks = which === "masked" && hidden ? { hidden } : {};
  const image = pixels && encodeImages(model, { pixels, ...masks });
  const text = ids && lengths && encodeTexts(model, { ids, lengths });
  if (!image || !text) return { ...(image && { image }), ...(text && { text }) };
  return { image, text, multimodal: encodePairs(model, image, text, lengths) };
}

/** The states, the sequence and the pooled sequence of an encoder. */
export function encodedOutputs(
  { precision }: PretrainingModel,
  pooler: Linear<Tensor>,
  { states, sequence }: Encoded,
): Outputs {
  return {
    ...Object.fromEntries(states.map((state, index) => [`state${index}`, state])),
    sequence,
    pooled: pool(pooler, sequence, precision),
  };
}

export const prefixed = (prefix: string, outputs: Outputs): Outputs =>
  Object.fromEntries(Object.entries(outputs).map(([name, value]) => [`${prefix}/${name}`, value]));

function passOutputs(model: PretrainingModel, prefix: string, pass: Pass): Outputs {
  const { flava } = model.parameters;
  const parts = (["image", "text", "multimodal"] as const).map((part) => {
    const encoded = pass[part];
    if (!encoded) return {};
    return prefixed(`${prefix}/${part}`, encodedOutputs(model, flava[part].pooler, encoded));
  });
  return Object.assign({}, ...parts) as Outputs;
}

const indices = (values: readonly number[]): Tensor =>
  constant(Int32Array.from(values), [values.length]);

/** The scores of a masked head at some positions of sequences [B, L, D] flattened to [B * L, D]. */
function logitsAt(
  { config, precision }: PretrainingModel,
  head: MaskedHead<Tensor>,
  sequence: Tensor,
  places: readonly number[],
): Tensor {
  const rows = reshape(sequence, [-1, sequence.shape.at(-1)!]);
  return maskedLogits(head, gatherRows(rows, indices(places)), config.headEpsilon, precision);
}

/** The positions of the counted samples at which `chosen` holds, or all of them. */
function countedPlaces(
  fixture: Fixture,
  golden: GoldenCase,
  length: number,
  chosen?: (place: number) => boolean,
): number[] {
  const all = countedSamples(fixture, golden).flatMap((sample) =>
    Array.from({ length }, (_, i) => sample * length + i),
  );
  return chosen ? all.filter(chosen) : all;
}

/** All outputs but losses and gradients that the golden files hold of a pre-training case. */
export function pretrainingOutputs(
  model: PretrainingModel,
  fixture: Fixture,
  golden: GoldenCase,
  given: Given,
): Outputs {
  const plain = runPass(model, "plain", given);
  const masked = runPass(model, "masked", given);
  return {
    ...passOutputs(model, "plain", plain),
    ...passOutputs(model, "masked", masked),
    ...prefixed("logits", {
      ...maskedHeadOutputs(model, fixture, golden, masked),
      ...contrastiveOutputs(model, fixture, golden, plain),
    }),
    ...codebookOutputs(model, given),
  };
}

function maskedHeadOutputs(
  model: PretrainingModel,
  fixture: Fixture,
  golden: GoldenCase,
  { image, text, multimodal }: Pass,
): Outputs {
  const { heads } = model.parameters;
  const hidden = inputOf(fixture, golden.name, "hidden");
  const labels = inputOf(fixture, golden.name, "mlmLabels");
  const patches = hidden ? hidden.length / golden.batch : 0;
  const length = text?.sequence.shape[1] ?? 0;
  const atPatches = (): number[] =>
    countedPlaces(fixture, golden, patches, (place) => hidden![place] === 1);
  const atWords = (): number[] =>
    countedPlaces(fixture, golden, length, labels && ((place) => labels[place]! >= 0));
  if (multimodal) {
    const { sequence } = multimodal;
    return {
      itm: matchLogits(heads.itm, sequence, model.precision),
      mmmImage: logitsAt(model, heads.mmmImage, patchesOf(sequence, patches), atPatches()),
      mmmText: logitsAt(model, heads.mmmText, textOf(sequence, length), atWords()),
    };
  }
  if (image) {
    const shown = slice(image.sequence, 1, 1, 1 + patches);
    return { mim: logitsAt(model, heads.mim, shown, atPatches()) };
  }
  return text ? { mlm: logitsAt(model, heads.mlm, text.sequence, atWords()) } : {};
}

function contrastiveOutputs(
  model: PretrainingModel,
  fixture: Fixture,
  golden: GoldenCase,
  { image, text }: Pass,
): Outputs {
  if (!image || !text) return {};
  const { precision, parameters } = model;
  const { imageProjection, textProjection } = parameters.flava;
  const logits = contrastiveLogits(
    model,
    embed(imageProjection, image, precision),
    embed(textProjection, text, precision),
  );
  const rows = indices(countedSamples(fixture, golden));
  return {
    contrastiveImage: gatherRows(logits.image, rows),
    contrastiveText: gatherRows(logits.text, rows),
  };
}

function codebookOutputs(
  { config, parameters, precision }: PretrainingModel,
  { codebookPixels }: Given,
): Outputs {
  if (!codebookPixels) return {};
  const { codebook } = parameters;
  return {
    "codebook/logits": codebookLogits(codebook, config.codebook, codebookPixels, precision),
    "codebook/tokens": visualTokens(codebook, config.codebook, codebookPixels, precision),
  };
}
