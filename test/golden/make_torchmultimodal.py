"""Makes the golden values that only TorchMultimodal's FLAVA gives: padding seen by the multimodal encoder, another epsilon
in the heads (wide enough to show), and positions resized by a factor (see pretraining/README.md).

Run: PYTHONPATH=DIRECTORY ~/.cache/flava/peers/bin/python test/golden/make_torchmultimodal.py, where DIRECTORY holds
torchmultimodal-nightly, iopath and portalocker (pip install --no-deps --target DIRECTORY).

Its normalizations always compute in float32, so that everything does here.
"""

from importlib.metadata import version

import numpy as np
import torch
from torchmultimodal.models.flava import model as flava
from torchmultimodal.modules.losses.flava import FLAVAPretrainingLoss

from make_fixture import Fixture, codebook_pixels, hidden_patches, pixels, require_margin, stack, texts
from make_numbers import numbers

VERSIONS = {
    "torch": torch.__version__,
    "torchmultimodal-nightly": version("torchmultimodal-nightly"),
    "numpy": np.__version__,
}
LOSSES = {
    "mim_loss": "mim",
    "mlm_loss": "mlm",
    "itm_loss": "itm",
    "global_contrastive_loss": "contrastive",
    "mmm_image_loss": "mmmImage",
    "mmm_text_loss": "mmmText",
}
HEADS = {
    "mim_output": "mim",
    "mlm_output": "mlm",
    "itm_output": "itm",
    "mmm_image_output": "mmmImage",
    "mmm_text_output": "mmmText",
}
CODEBOOK = {"channels": 3, "groups": 4, "blocksPerGroup": 2, "hidden": 4, "vocabulary": 29}
LAYERS = {"image": 2, "text": 1, "multimodal": 2}
CONFIG = {
    "image": {**stack(LAYERS["image"], 16, 32, 2), "size": 32, "patch": 8, "channels": 3, "vocabulary": 29},
    "text": {**stack(LAYERS["text"], 16, 32, 2), "vocabulary": 61, "positions": 26, "types": 2},
    "multimodal": stack(LAYERS["multimodal"], 16, 32, 2),
    "codebook": CODEBOOK,
    "projection": 16,
    "epsilon": 1e-12,
    "headEpsilon": 0.01,
    "maskPadding": False,
}


def build():
    sizes = {}
    for part, layers in LAYERS.items():
        sizes |= {f"{part}_hidden_size": 16, f"{part}_num_hidden_layers": layers}
        sizes |= {f"{part}_num_attention_heads": 2, f"{part}_intermediate_size": 32}
    encoders = flava.flava_model(
        **sizes, image_size=32, patch_size=8, vocab_size=61, max_position_embeddings=26, text_and_image_proj_size=16
    )
    codebook = flava.DalleVAEEncoder(pretrained=False)
    codebook.encoder = flava.DalleEncoder(n_hid=CODEBOOK["hidden"], vocab_size=CODEBOOK["vocabulary"])
    loss = FLAVAPretrainingLoss(hidden_size=16, text_vocab_size=61, image_vocab_size=29, layer_norm_eps=CONFIG["headEpsilon"])
    return flava.FLAVAForPreTraining(encoders, codebook, loss).train()


def alias(name):
    """The one of the two names of a head's output bias that the golden files use."""
    is_head = name.startswith("loss.") and name.endswith(".cls.bias")
    return name.replace(".cls.bias", ".cls.decoder.bias") if is_head else name


class Cases:
    def __init__(self):
        self.model = build()
        self.fixture = Fixture("torchmultimodal", "TorchMultimodal FLAVAForPreTraining", CONFIG, VERSIONS)
        self.parameters = self.fixture.fill(self.model, alias)

    def images(self, case, batch):
        hidden = hidden_patches(case, batch, 16)
        seen = codebook_pixels(case, batch, 4)
        logits = self.model.image_codebook.encoder(seen)
        require_margin(logits)
        tokens = logits.argmax(1)
        self.fixture.give(case, {"hidden": hidden, "visualTokens": tokens.flatten(1).numpy()})
        self.fixture.keep(case, "codebook/logits", logits.permute(0, 2, 3, 1))
        self.fixture.keep(case, "codebook/tokens", tokens)
        return {
            "image": pixels(case, batch, 32, 32),
            "image_for_codebook": seen,
            "image_patches_mask": torch.tensor(hidden) == 1,
        }

    def words(self, case, lengths, length):
        made = texts(case, 61, length, lengths)
        self.fixture.give(case, made)
        tensors = {name: torch.tensor(values) for name, values in made.items()}
        return {"text": tensors["ids"], "text_masked": tensors["maskedIds"], "mlm_labels": tensors["mlmLabels"]}

    def pretrain(self, case, kind, *, lengths=(), length=0, batch=0, match=None):
        """One forward and backward pass of FLAVAForPreTraining. Padding of texts has the id 0, by which it is recognized."""
        batch = batch or len(lengths)
        given = {}
        if kind != "text":
            given |= self.images(case, batch)
        if kind != "image":
            given |= self.words(case, lengths, length)
        if match is not None:
            given["itm_labels"] = torch.tensor(match)
            self.fixture.give(case, {"match": match})
        output = self.model(**given)
        losses = {ours: getattr(output.losses, theirs) for theirs, ours in LOSSES.items()}
        losses = {name: loss for name, loss in losses.items() if loss is not None}
        total = sum(losses.values())
        total.backward()
        self.fixture.case(case, kind, batch=batch, losses=list(losses), weights={})
        for name, loss in {**losses, "total": total}.items():
            self.fixture.keep(case, f"loss/{name}", loss)
        self.keep_outputs(case, output)
        self.fixture.keep_gradients(case, self.parameters)

    def keep_outputs(self, case, output):
        sequences = {
            "plain/image": output.image_sequence,
            "plain/text": output.text_sequence,
            "masked/image": output.image_masked_sequence,
            "masked/text": output.text_masked_sequence,
            "masked/multimodal": output.multimodal_masked_sequence,
        }
        for name, sequence in sequences.items():
            if sequence is not None:
                self.fixture.keep(case, f"{name}/sequence", sequence)
        for theirs, ours in HEADS.items():
            result = getattr(output, theirs)
            if result is not None:
                self.fixture.keep(case, f"logits/{ours}", result.logits)

    def image_of_size(self, case, height, width, batch=2):
        """The image encoder on images of another size, which its own forward refuses."""
        hidden = hidden_patches(case, batch, (height // 8) * (width // 8))
        self.fixture.give(case, {"hidden": hidden})
        encoder = self.model.model.image_encoder
        embedded = encoder.embeddings(
            pixels(case, batch, height, width), torch.tensor(hidden) == 1, interpolate_pos_encoding=True
        )
        encoded = encoder.encoder(embedded, return_hidden_states=True, return_attn_weights=True)
        sequence = encoder.layernorm(encoded.last_hidden_state)
        facts = {"batch": batch, "height": height, "width": width, "interpolation": "scale"}
        self.fixture.case(case, "image encoder", **facts)
        for index, state in enumerate(encoded.hidden_states):
            self.fixture.keep(case, f"encoded/state{index}", state)
        self.fixture.keep(case, "encoded/sequence", sequence)
        direction = torch.from_numpy(numbers(f"{case} direction", tuple(sequence.shape)))
        (sequence * direction).sum().backward()
        self.fixture.keep_gradients(case, self.parameters)


if __name__ == "__main__":
    print(VERSIONS)
    cases = Cases()
    cases.pretrain("pair-negatives", "pair", lengths=(9, 4, 6, 3), length=9, match=(1, 0, 0, 1))
    cases.pretrain("pair-all-negative", "pair", lengths=(5, 8), length=8, match=(0, 0))
    cases.pretrain("image", "image", batch=3)
    cases.pretrain("text", "text", lengths=(7, 11, 2), length=11)
    cases.image_of_size("image-enlarged", 56, 56)
    cases.image_of_size("image-oblong", 24, 48)
    cases.fixture.write()
