"""Makes the golden values of the tests of FLAVA from Hugging Face's implementation (see pretraining/README.md).

Run: ~/.cache/flava/peers/bin/python test/golden/make.py

Everything is computed in double precision, so that a deviation is the tested implementation's own.
"""

import numpy as np
import torch
import transformers
from transformers import FlavaConfig, FlavaForPreTraining

from make_fixture import Fixture, codebook_pixels, hidden_patches, pixels, require_margin, stack, texts
from make_numbers import numbers

VERSIONS = {"torch": torch.__version__, "transformers": transformers.__version__, "numpy": np.__version__}
LOSSES = {
    "mim": "mim",
    "mlm": "mlm",
    "itm": "itm",
    "global_contrastive": "contrastive",
    "mmm_image": "mmmImage",
    "mmm_text": "mmmText",
}
WEIGHTS = {theirs: f"{theirs}_weight" for theirs in LOSSES}


def sizes(layers, width, hidden, heads, size, patch, vocabulary, projection, codebook, epsilon):
    """A model in the form of src/model/config.ts."""
    return {
        "image": {**stack(layers[0], width, hidden, heads), "size": size, "patch": patch, "channels": 3}
        | {"vocabulary": codebook[1]},
        "text": {**stack(layers[1], width, hidden, heads), "vocabulary": vocabulary, "positions": 26, "types": 2},
        "multimodal": stack(layers[2], width, hidden, heads),
        "codebook": {"channels": 3, "groups": 4, "blocksPerGroup": 2, "hidden": codebook[0], "vocabulary": codebook[1]},
        "projection": projection,
        "epsilon": epsilon,
        "headEpsilon": epsilon,
        "maskPadding": True,
    }


def their_stack(ours, epsilon):
    return {
        "hidden_size": ours["width"],
        "num_hidden_layers": ours["layers"],
        "num_attention_heads": ours["heads"],
        "intermediate_size": ours["hidden"],
        "layer_norm_eps": epsilon,
        "output_hidden_states": True,
    }


def build(config):
    image, text, codebook, epsilon = config["image"], config["text"], config["codebook"], config["epsilon"]
    theirs = FlavaConfig(
        image_config={
            **their_stack(image, epsilon),
            "image_size": image["size"],
            "patch_size": image["patch"],
            "vocab_size": image["vocabulary"],
        },
        text_config={
            **their_stack(text, epsilon),
            "vocab_size": text["vocabulary"],
            "max_position_embeddings": text["positions"],
        },
        multimodal_config=their_stack(config["multimodal"], epsilon),
        image_codebook_config={"hidden_size": codebook["hidden"], "vocab_size": codebook["vocabulary"]},
        hidden_size=config["multimodal"]["width"],
        projection_dim=config["projection"],
        layer_norm_eps=epsilon,
    )
    return FlavaForPreTraining(theirs).double().train()


def alias(name):
    """The current one of the two names of a head's output bias."""
    return name.replace("_head.bias", "_head.decoder.bias")


class Cases:
    """A model of Hugging Face and the fixture for its results."""

    def __init__(self, name, config, elements=None):
        self.config = config
        self.model = build(config)
        self.fixture = Fixture(name, "FlavaForPreTraining", config, VERSIONS, elements)
        self.parameters = self.fixture.fill(self.model, alias)
        self.side = config["image"]["size"] // config["image"]["patch"]

    def images(self, case, batch, visual_tokens):
        size, codebook = self.config["image"]["size"], self.model.image_codebook
        hidden = hidden_patches(case, batch, self.side**2)
        seen = codebook_pixels(case, batch, self.side).double()
        logits = codebook(seen)
        require_margin(logits)
        tokens = codebook.get_codebook_indices(seen)
        self.fixture.give(case, {"hidden": hidden, "visualTokens": tokens.flatten(1).numpy()})
        self.fixture.keep(case, "codebook/logits", logits.permute(0, 2, 3, 1))
        self.fixture.keep(case, "codebook/tokens", tokens)
        given = {"pixel_values": pixels(case, batch, size, size).double(), "bool_masked_pos": torch.tensor(hidden) == 1}
        given["mim_labels" if visual_tokens else "codebook_pixel_values"] = tokens.clone() if visual_tokens else seen
        return given

    def words(self, case, lengths, length, labels):
        made = texts(case, self.config["text"]["vocabulary"], length, lengths)
        if not labels:
            del made["mlmLabels"]
        self.fixture.give(case, made)
        tensors = {name: torch.from_numpy(values.astype(np.int64)) for name, values in made.items()}
        given = {"input_ids_masked": tensors["maskedIds"], "input_ids": tensors["ids"]}
        if min(lengths) < length:
            given["attention_mask"] = (torch.arange(length) < tensors["lengths"][:, None]).long()
        if labels:
            given["mlm_labels"] = torch.where(tensors["mlmLabels"] < 0, -100, tensors["mlmLabels"])
        return given

    def pretrain(self, case, kind, *, lengths=(), length=0, batch=0, match=None, labels=True, visual_tokens=False,
                 weights=None, logit_scale=None, plain_pair=False):
        """One forward and backward pass of FlavaForPreTraining."""
        model, fixture, weights = self.model, self.fixture, weights or {}
        batch = batch or len(lengths)
        given = {}
        if kind != "text":
            given |= self.images(case, batch, visual_tokens)
        if kind != "image":
            given |= self.words(case, lengths, length, labels)
        if match is not None:
            given["itm_labels"] = torch.tensor(match)
            fixture.give(case, {"match": match})
        for theirs, attribute in WEIGHTS.items():
            setattr(model, attribute, weights.get(LOSSES[theirs], 1.0))
        own_scale = model.flava.logit_scale.data.clone()
        if logit_scale is not None:
            model.flava.logit_scale.data.fill_(logit_scale)
        output = model(**given, skip_unmasked_multimodal_encoder=not plain_pair)
        output.loss.backward()
        losses = {ours: getattr(output.loss_info, theirs) for theirs, ours in LOSSES.items()}
        losses = {name: loss for name, loss in losses.items() if loss is not None}
        facts = {"batch": batch, "losses": list(losses), "weights": weights}
        if logit_scale is not None:
            facts["logitScale"] = model.flava.logit_scale.item()
        fixture.case(case, kind, **facts)
        for name, loss in {**losses, "total": output.loss}.items():
            fixture.keep(case, f"loss/{name}", loss)
        self.keep_outputs(case, output)
        fixture.keep_gradients(case, self.parameters)
        model.flava.logit_scale.data = own_scale

    def keep_outputs(self, case, output):
        encoded = {
            "plain/image": output.image_output,
            "plain/text": output.text_output,
            "plain/multimodal": output.multimodal_output,
            "masked/image": output.image_masked_output,
            "masked/text": output.text_masked_output,
            "masked/multimodal": output.multimodal_masked_output,
        }
        for name, result in encoded.items():
            if result is not None:
                self.keep_encoded(case, name, result)
        logits = {
            "mim": output.mim_logits,
            "mlm": output.mlm_logits,
            "itm": output.itm_logits,
            "mmmImage": output.mmm_image_logits,
            "mmmText": output.mmm_text_logits,
            "contrastiveImage": output.contrastive_logits_per_image,
            "contrastiveText": output.contrastive_logits_per_text,
        }
        for name, values in logits.items():
            if values is not None:
                self.fixture.keep(case, f"logits/{name}", values)

    def keep_encoded(self, case, name, result):
        for index, state in enumerate(result.hidden_states):
            self.fixture.keep(case, f"{name}/state{index}", state)
        self.fixture.keep(case, f"{name}/sequence", result.last_hidden_state)
        self.fixture.keep(case, f"{name}/pooled", result.pooler_output)

    def encode(self, case, kind, result, **facts):
        """One encoder alone, with the gradient of a linear function of its sequence."""
        self.fixture.case(case, kind, **facts)
        self.keep_encoded(case, "encoded", result)
        sequence = result.last_hidden_state
        direction = torch.from_numpy(numbers(f"{case} direction", tuple(sequence.shape)))
        (sequence * direction).sum().backward()
        self.fixture.keep_gradients(case, self.parameters)

    def image_of_size(self, case, height, width, batch=2):
        patch = self.config["image"]["patch"]
        hidden = hidden_patches(case, batch, (height // patch) * (width // patch))
        self.fixture.give(case, {"hidden": hidden})
        result = self.model.flava.image_model(
            pixels(case, batch, height, width).double(),
            bool_masked_pos=torch.tensor(hidden) == 1,
            interpolate_pos_encoding=True,
        )
        self.encode(case, "image encoder", result, batch=batch, height=height, width=width, interpolation="size")

    def text_with_types(self, case, lengths, length):
        made = texts(case, self.config["text"]["vocabulary"], length, lengths)
        types = (np.arange(length) >= 3) * np.ones((len(lengths), 1))
        self.fixture.give(case, {"ids": made["ids"], "lengths": made["lengths"], "types": types})
        result = self.model.flava.text_model(
            torch.tensor(made["ids"]).long(),
            attention_mask=(torch.arange(length) < torch.tensor(lengths)[:, None]).long(),
            token_type_ids=torch.tensor(types).long(),
        )
        self.encode(case, "text encoder", result, batch=len(lengths))


def tiny():
    cases = Cases("tiny", sizes((2, 2, 1), 16, 32, 2, 32, 8, 61, 12, (4, 29), 1e-12))
    pair = {"lengths": (9, 4, 6, 3), "length": 9}
    cases.pretrain("pair", "pair", **pair, match=(1, 1, 1, 1))
    cases.pretrain("pair-negatives", "pair", **pair, match=(1, 0, 0, 1), plain_pair=True)
    cases.pretrain("pair-all-negative", "pair", **pair, match=(0, 0, 0, 0))
    cases.pretrain("pair-no-match-labels", "pair", **pair)
    cases.pretrain("pair-no-text-labels", "pair", **pair, match=(1, 0, 1, 1), labels=False)
    cases.pretrain("pair-no-image-loss", "pair", **pair, match=(1, 0, 1, 1), weights={"mmmImage": 0.0})
    cases.pretrain("pair-visual-tokens", "pair", **pair, match=(0, 1, 1, 1), visual_tokens=True)
    cases.pretrain("pair-scale-at-bound", "pair", **pair, match=(1, 1, 1, 1), logit_scale=5.0)
    cases.pretrain("image", "image", batch=3)
    cases.pretrain("image-visual-tokens", "image", batch=2, visual_tokens=True)
    cases.pretrain("text", "text", lengths=(7, 11, 2), length=11)
    cases.pretrain("text-full", "text", lengths=(5, 5), length=5)
    cases.image_of_size("image-enlarged", 56, 56)
    cases.image_of_size("image-oblong", 24, 48)
    cases.text_with_types("text-types", (8, 5), 8)
    cases.fixture.write()


def small():
    cases = Cases("small", sizes((1, 2, 2), 32, 48, 4, 32, 16, 53, 32, (8, 31), 1e-3))
    weights = {"contrastive": 0.5, "itm": 2.0, "mmmImage": 0.25, "mmmText": 1.5}
    cases.pretrain("pair-weights", "pair", lengths=(7, 7, 7), length=7, match=(1, 1, 0), weights=weights)
    cases.pretrain("pair-alone", "pair", lengths=(13,), length=13, match=(1,))
    cases.pretrain("image", "image", batch=5)
    cases.pretrain("text", "text", lengths=(3, 10, 17), length=17)
    cases.fixture.write()


def base():
    """Layers of the paper's size, one in each encoder."""
    cases = Cases("base", sizes((1, 1, 1), 768, 3072, 12, 64, 16, 61, 768, (8, 31), 1e-12), elements=192)
    cases.pretrain("pair", "pair", lengths=(24, 9, 15), length=24, match=(1, 0, 1))
    cases.fixture.write()


if __name__ == "__main__":
    print(VERSIONS)
    tiny()
    small()
    base()
