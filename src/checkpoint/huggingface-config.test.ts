import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { models } from "../configs/models.js";
import { type Sizes, readConfig, writeConfig } from "./huggingface-config.js";
import type { JsonObject } from "./files/json.js";
import { CheckpointError } from "./files/stored-tensor.js";

const read = (values: JsonObject): Sizes => readConfig("config.json", values);
/** As stored in a file: without undefined values. */
const throughText = (values: JsonObject): JsonObject =>
  JSON.parse(JSON.stringify(values)) as JsonObject;

describe("config.json", () => {
  it.each(Object.entries(models))("of %s comes back as it was written", (_, config) => {
    const own = { ...config, headEpsilon: 1e-5, maskPadding: false };
    for (const sizes of [
      { kind: "flava", config, codebook: true },
      { kind: "flava", config: own, codebook: false },
      { kind: "codebook", config: config.codebook },
    ] as const) {
      expect(read(throughText(writeConfig(sizes, "FlavaForPreTraining", "bfloat16")))).toEqual(
        sizes,
      );
    }
  });

  it("means the paper's model where it says nothing", () => {
    expect(read({ model_type: "flava" })).toEqual({
      kind: "flava",
      config: models.base,
      codebook: true,
    });
    expect(read({ model_type: "flava", image_config: null })).toEqual(
      read({ model_type: "flava" }),
    );
    expect(read({ model_type: "flava_image_codebook" })).toEqual({
      kind: "codebook",
      config: models.base.codebook,
    });
  });

  it("counts the older form of a section before the newer one", () => {
    const text_config_dict = { vocab_size: 10 };
    const sizes = read({
      model_type: "flava",
      text_config: { vocab_size: 20, type_vocab_size: 3 },
      text_config_dict,
    });
    expect(sizes).toMatchObject({ config: { text: { vocabulary: 10, types: 2 } } });
    expect(
      read({ model_type: "flava", text_config: { vocab_size: 20 }, text_config_dict: null }),
    ).toMatchObject({
      config: { text: { vocabulary: 20 } },
    });
  });

  it("allows encoders of different widths, sides as pairs and keys that it does not know", () => {
    const sizes = read({
      model_type: "flava",
      anything: [{}],
      image_config: { hidden_size: 24, image_size: [32, 32], patch_size: [8, 8], dropout: 1 },
    });
    expect(sizes).toMatchObject({
      config: { image: { width: 24, size: 32, patch: 8 }, text: { width: 768 } },
    });
  });

  it("says how FLAVA's own keys are understood", () => {
    const flava = { mask_padding: false, head_layer_norm_eps: 1e-5 };
    expect(read({ model_type: "flava", flava })).toMatchObject({
      config: { maskPadding: false, headEpsilon: 1e-5 },
    });
    const section = { layer_norm_eps: 1e-6 };
    const sections = { image_config: section, text_config: section, multimodal_config: section };
    expect(read({ model_type: "flava", ...sections })).toMatchObject({
      config: { epsilon: 1e-6, headEpsilon: 1e-6 },
    });
  });

  it.each<[JsonObject, RegExp]>([
    [{ model_type: "clip" }, /model of type "clip"/],
    [{ model_type: undefined }, /model of type nothing/],
    [
      { text_config: { hidden_act: "gelu_new" } },
      /"text_config": "hidden_act" is "gelu_new", but expected "gelu"/,
    ],
    [{ multimodal_config: { hidden_act: "relu" } }, /"multimodal_config": "hidden_act" is "relu"/],
    [
      { text_config: { position_embedding_type: "relative_key" } },
      /"position_embedding_type" is "relative_key"/,
    ],
    [
      { image_config: { qkv_bias: false } },
      /"image_config": "qkv_bias" is false, but expected true/,
    ],
    [{ image_config: { mask_token: false } }, /"mask_token" is false/],
    [{ multimodal_config: { use_cls_token: false } }, /"use_cls_token" is false/],
    [{ image_codebook_config: { num_groups: 3 } }, /"num_groups" is 3, but expected 4/],
    [
      { image_codebook_config: { hidden_size: 6 } },
      /"hidden_size" is 6, but expected a multiple of 4/,
    ],
    [
      { text_config: { layer_norm_eps: 1e-5 } },
      /different "layer_norm_eps": 1e-12, 0.00001, 1e-12/,
    ],
    [
      { text_config: { num_attention_heads: 5 } },
      /"num_attention_heads" is 5, but expected a divisor of the width 768/,
    ],
    [{ text_config: { vocab_size: "many" } }, /"vocab_size" is "many", but expected an integer/],
    [{ text_config: { vocab_size: 0 } }, /"vocab_size" is 0/],
    [{ text_config: { vocab_size: 1e300 } }, /"vocab_size" is 1e\+300/],
    [
      { image_config: { num_hidden_layers: 1e9 } },
      /"num_hidden_layers" is 1000000000, .* from 1 to 1000/,
    ],
    [
      { image_config: { image_size: [224, 196] } },
      /"image_size" is \[…\], but expected one number/,
    ],
    [{ image_config: { patch_size: 500 } }, /"patch_size" is 500, but expected at most/],
    [{ image_config: [] }, /"image_config" is \[…\], but expected an object/],
    [
      { flava: { mask_padding: "yes" } },
      /"flava": "mask_padding" is "yes", but expected true or false/,
    ],
    [{ flava: 1 }, /"flava" is 1/],
    [{ init_codebook: 1 }, /"init_codebook" is 1/],
    [{ text_config: { is_decoder: true } }, /"is_decoder" is true, but expected false/],
    [{ text_config: { model_type: "bert" } }, /"text_config": "model_type" is "bert"/],
    [{ image_config: { pruned_heads: { 0: [1] } } }, /"pruned_heads" is not supported/],
    [{ quantization_config: { bits: 4 } }, /"quantization_config" is not supported/],
    [{ auto_map: { AutoModel: "mine.Model" } }, /"auto_map" is not supported: code/],
    [{ flava: { later: 1 } }, /"flava": "later" is not supported: this version/],
  ])("%j is refused by name", (values, reason) => {
    expect(() => read({ model_type: "flava", ...values })).toThrow(reason);
  });

  it.each<JsonObject>([
    { hidden_dropout_prob: 0.1, attention_probs_dropout_prob: 0.1 }, // training only, set by recipes
    { initializer_range: 0.5, logit_scale_init_value: 3 }, // replaced by the weights
    { mlm_weight: 0, ce_ignore_index: -1, global_backprop_contrastive: false }, // losses only
    { skip_unmasked_multimodal_encoder: false, return_loss: true, use_cache: false },
    { tie_word_embeddings: true, chunk_size_feed_forward: 64, torchscript: true, pad_token_id: 3 },
    { pruned_heads: {}, quantization_config: null },
  ])("%j is ignored, as it cannot change results", (values) => {
    const plain = read({ model_type: "flava" });
    expect(read({ model_type: "flava", ...values, text_config: values })).toEqual(plain);
  });

  it("of any values is understood or refused", () => {
    const written = throughText(
      writeConfig({ kind: "flava", config: models.tiny, codebook: true }, "FlavaModel", "float32"),
    );
    const sections = Object.keys(written);
    const change = fc.record({
      section: fc.constantFrom(...sections),
      key: fc.constantFrom(
        ...sections.flatMap((name) => Object.keys(Object(written[name]) as object)),
      ),
      value: fc.jsonValue({ maxDepth: 2 }),
      whole: fc.boolean(),
    });
    fc.assert(
      fc.property(change, ({ section, key, value, whole }) => {
        const changed = whole ? value : { ...(Object(written[section]) as object), [key]: value };
        try {
          read({ ...written, [section]: changed });
        } catch (error) {
          expect(error).toBeInstanceOf(CheckpointError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
