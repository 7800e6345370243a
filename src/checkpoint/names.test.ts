import { describe, expect, it } from "vitest";
import { leavesOf } from "../base/tree.js";
import { models } from "../configs/models.js";
import { type TensorSpec, sizeOf } from "../graph/tensor.js";
import { pretrainingParameters } from "../model/flava.js";
import { type Family, fromFamily, isIgnored, partOf, toFamily } from "./names.js";

const parameters = leavesOf<TensorSpec>(pretrainingParameters(models.base));
const paths = parameters.map(([path]) => path);
const decoder = paths
  .filter((path) => path.startsWith("codebook"))
  .map((path) => path.replace("codebook", "decoder"));

/** Number of the base model's tensors in each family (flava.md 1.10); tied biases count once. */
const families: readonly (readonly [Family, tensors: number, parameters: number])[] = [
  ["FlavaForPreTraining", 614, 357_645_303],
  ["FlavaModel", 512, 241_356_289],
  ["FlavaImageCodebook", 74, 53_786_240],
  ["TorchMultimodal FLAVAForPreTraining", 614, 357_645_303],
  ["TorchMultimodal FLAVAModel", 511, 241_356_288],
  ["DALL-E encoder", 74, 53_786_240],
];

describe("names", () => {
  it.each(families)("of a %s: %d tensors, %d parameters", (family, tensors, count) => {
    const own = parameters.filter(([path]) => toFamily(family, path));
    expect(own).toHaveLength(tensors);
    expect(own.reduce((sum, [, { shape }]) => sum + sizeOf(shape), 0)).toBe(count);
  });

  it.each([...families.map(([family]) => family), "DALL-E decoder" as const])(
    "of a %s lead back",
    (family) => {
      const all = [...paths, ...decoder].map((path) => ({ path, found: toFamily(family, path) }));
      const own = all.filter(({ found }) => found);
      expect(new Set(own.map(({ found }) => found?.name)).size).toBe(own.length);
      for (const { path, found } of own) {
        expect(fromFamily(family, found!.name)).toEqual({
          path,
          layout: found!.layout,
          alias: false,
        });
      }
    },
  );

  it.each<[Family, string, string]>([
    [
      "FlavaForPreTraining",
      "flava.image_model.encoder.layer.11.layernorm_before.weight",
      "flava/image/blocks/11/norm1/gain",
    ],
    [
      "FlavaForPreTraining",
      "flava.text_model.encoder.layer.0.output.dense.bias",
      "flava/text/blocks/0/mlp/contract/bias",
    ],
    ["FlavaForPreTraining", "flava.image_to_mm_projection.weight", "flava/multimodal/image/weight"],
    ["FlavaForPreTraining", "mmm_text_head.transform.LayerNorm.weight", "heads/mmmText/norm/gain"],
    [
      "FlavaForPreTraining",
      "image_codebook.blocks.group_2.group.block_1.id_path.bias",
      "codebook/groups/1/0/shortcut/bias",
    ],
    ["FlavaModel", "multimodal_model.cls_token", "flava/multimodal/cls"],
    [
      "FlavaImageCodebook",
      "blocks.group_4.group.block_2.res_path.path.conv_3.weight",
      "codebook/groups/3/1/convolutions/2/weight",
    ],
    [
      "TorchMultimodal FLAVAForPreTraining",
      "loss.contrastive_loss.logit_scale",
      "flava/logitScale",
    ],
    [
      "TorchMultimodal FLAVAForPreTraining",
      "loss.mmm_loss.mim.cls.dense.weight",
      "heads/mmmImage/dense/weight",
    ],
    [
      "TorchMultimodal FLAVAModel",
      "mm_encoder.encoder.layer.5.feedforward.model.2.weight",
      "flava/multimodal/blocks/5/mlp/contract/weight",
    ],
    [
      "DALL-E decoder",
      "blocks.group_1.block_1.res_path.conv_4.w",
      "decoder/groups/0/0/convolutions/3/weight",
    ],
  ])("%s: %s is %s", (family, name, path) => {
    expect(fromFamily(family, name)?.path).toBe(path);
    expect(toFamily(family, path)?.name).toBe(name);
  });

  it("takes the second name of a tied bias, but never writes it", () => {
    expect(fromFamily("FlavaForPreTraining", "mim_head.bias")).toEqual({
      path: "heads/mim/decoder/bias",
      layout: "same",
      alias: true,
    });
    expect(toFamily("FlavaForPreTraining", "heads/mim/decoder/bias")?.name).toBe(
      "mim_head.decoder.bias",
    );
  });

  it.each([
    "flava.image_model.encoder.layer.01.layernorm_before.weight",
    "flava.image_model.encoder.layer.-1.layernorm_before.weight",
    "flava.image_model.encoder.layer.99999999.layernorm_before.weight",
    "image_codebook.blocks.group_0.group.block_1.id_path.bias",
    "xflava.logit_scale",
    "flava.logit_scale.weight",
    "flavaXlogit_scale",
    "",
  ])("knows nothing of %j", (name) => {
    expect(fromFamily("FlavaForPreTraining", name)).toBeUndefined();
  });

  it("tells the parts of the model and what is no weight", () => {
    expect(
      ["flava/image/blocks/0/norm1/gain", "flava/logitScale", "codebook/input/bias"].map(partOf),
    ).toEqual(["flava/image", "flava/logitScale", "codebook"]);
    expect(isIgnored("flava.text_model.embeddings.position_ids")).toBe(true);
    expect(isIgnored("flava.text_model.embeddings.position_embeddings.weight")).toBe(false);
  });
});
