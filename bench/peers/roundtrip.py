"""Whether checkpoints travel both ways: what transformers and TorchMultimodal save is read and written by us
(rewrite.ts), and what we write is loaded by transformers, without a missing or unexpected name and with equal outputs.

Run, in the repository: npx tsc -p tsconfig.bench.json && ~/.cache/flava/peers/bin/python bench/peers/roundtrip.py
TorchMultimodal takes part if it can be imported (see test/golden/checkpoint.py).
"""

import json
import subprocess
import tempfile
from pathlib import Path

import torch
from transformers import FlavaConfig, FlavaForPreTraining

REWRITE = Path(__file__).parents[2] / "build" / "bench" / "bench" / "peers" / "rewrite.js"
STACK = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 24}
DTYPES = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}


def rewrite(source, target, dtype="float32", shard_bytes=5e9, heads=()):
    command = ["node", REWRITE, source, target, dtype, str(shard_bytes), *map(str, heads)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def randomize(module):
    """Also what starts at zero, so that no mix-up goes unnoticed."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.normal_(0, 0.3)
    return module.eval()


def load(model_class, directory, dtype):
    model, info = model_class.from_pretrained(directory, output_loading_info=True, dtype=dtype)
    faults = {kind: names for kind, names in info.items() if len(names) > 0}
    assert not faults, faults
    return model.eval()


def inputs():
    ids = torch.randint(5, 50, (2, 7))
    return {
        "input_ids": ids,
        "input_ids_masked": torch.where(torch.rand(2, 7) < 0.3, 3, ids),
        "attention_mask": torch.ones_like(ids),
        "pixel_values": torch.randn(2, 3, 32, 32),
        "codebook_pixel_values": torch.rand(2, 3, 32, 32),
        "bool_masked_pos": torch.rand(2, 4, 4) < 0.5,
        "mlm_labels": torch.where(torch.rand(2, 7) < 0.5, ids, -100),
        "itm_labels": torch.tensor([1, 0]),
    }


def config():
    return FlavaConfig(
        image_config={**STACK, "image_size": 32, "patch_size": 8, "vocab_size": 32},
        text_config={**STACK, "vocab_size": 50, "max_position_embeddings": 20},
        multimodal_config=STACK,
        image_codebook_config={"hidden_size": 8, "vocab_size": 32},
        hidden_size=16,
        projection_dim=12,
    )


def same_tensors(ours, theirs):
    ours, theirs = ours.state_dict(), theirs.state_dict()
    assert ours.keys() == theirs.keys()
    for name, value in theirs.items():
        assert torch.equal(ours[name], value), name


def check_hugging_face(scratch):
    model = randomize(FlavaForPreTraining(config()))
    parts = {"whole": model, "encoders": model.flava, "codebook": model.image_codebook}
    for name, part in parts.items():
        part.save_pretrained(scratch / name)
        for dtype in DTYPES:
            for shard_bytes in (5e9, 2e4):
                target = scratch / f"{name}-{dtype}-{shard_bytes}"
                report = rewrite(scratch / name, target, dtype, shard_bytes)
                files = len(list(target.glob("*.safetensors")))
                same_tensors(load(type(part), target, DTYPES[dtype]), cast(part, dtype))
                print(f"transformers {name:9} {dtype:9} {files:2} files: {report['loaded']} tensors, all equal")
    again = load(FlavaForPreTraining, scratch / "whole-float32-5000000000.0", torch.float32)
    batch = inputs()
    with torch.no_grad():
        theirs, ours = (m(**{k: v.clone() for k, v in batch.items()}) for m in (model, again))
    assert torch.equal(theirs.loss, ours.loss), (theirs.loss, ours.loss)
    print(f"transformers loss of a batch of pairs: {theirs.loss.item():.6f} before and after")


def cast(module, dtype):
    copy = type(module)(module.config)
    copy.load_state_dict(module.state_dict())
    return copy.to(DTYPES[dtype])


def check_torch_multimodal(scratch):
    from torchmultimodal.models.flava import model as flava
    from torchmultimodal.modules.losses.flava import FLAVAPretrainingLoss

    layers = {"image": 2, "text": 2, "multimodal": 2}
    sizes = {
        f"{part}_{key}": value
        for part, count in layers.items()
        for key, value in {"hidden_size": 16, "num_attention_heads": 1, "num_hidden_layers": count}.items()
    }
    sizes |= {f"{part}_intermediate_size": 24 for part in layers}
    encoders = flava.flava_model(
        **sizes, image_size=32, patch_size=8, vocab_size=50, max_position_embeddings=20, text_and_image_proj_size=12
    )
    codebook = flava.DalleVAEEncoder(pretrained=False)
    codebook.encoder = flava.DalleEncoder(n_hid=8, vocab_size=32)
    loss = FLAVAPretrainingLoss(hidden_size=16, text_vocab_size=50, image_vocab_size=32)
    theirs = randomize(flava.FLAVAForPreTraining(encoders, codebook, loss))
    torch.save(theirs.state_dict(), scratch / "torchmultimodal.pt")
    report = rewrite(scratch / "torchmultimodal.pt", scratch / "torchmultimodal", heads=[1])
    ours = load(FlavaForPreTraining, scratch / "torchmultimodal", torch.float32)
    batch = inputs()
    with torch.no_grad():
        pairs = compare_outputs(theirs, ours, batch)
    for name, (expected, actual) in pairs.items():
        difference = (expected - actual).abs().max().item()
        assert torch.allclose(expected, actual, atol=1e-3, rtol=1e-3), (name, difference)
        print(f"TorchMultimodal {name:20} differs by at most {difference:.1e}")
    print(f"TorchMultimodal: {report['loaded']} tensors")


def compare_outputs(theirs, ours, batch):
    """What TorchMultimodal and transformers compute from the same weights, by name."""
    ids, pixels, mask = batch["input_ids"], batch["pixel_values"], batch["bool_masked_pos"]
    image = theirs.model.encode_image(pixels, mask.flatten(1))
    text = theirs.model.encode_text(ids)
    joint = theirs.model.encode_mm(image.hidden_states[-1], text.hidden_states[-1]).last_hidden_state
    output = ours.flava(
        input_ids=ids, pixel_values=pixels, bool_masked_pos=mask, attention_mask=batch["attention_mask"]
    )
    states = {
        "image": (image.last_hidden_state, output.image_embeddings),
        "text": (text.last_hidden_state, output.text_embeddings),
        "multimodal": (joint, output.multimodal_embeddings),
        "image pooler": (image.pooler_output, output.image_output.pooler_output),
    }
    losses = theirs.loss
    heads = {
        "mim": (losses.mim_loss.cls(image.last_hidden_state), ours.mim_head(output.image_embeddings)),
        "mlm": (losses.mlm_loss.cls(text.last_hidden_state), ours.mlm_head(output.text_embeddings)),
        "mmm image": (losses.mmm_loss.mim.cls(joint), ours.mmm_image_head(output.multimodal_embeddings)),
        "mmm text": (losses.mmm_loss.mlm.cls(joint), ours.mmm_text_head(output.multimodal_embeddings)),
        "itm": (losses.itm_loss.cls(losses.itm_loss.pooler(joint)), ours.itm_head(output.multimodal_embeddings)),
    }
    features = {
        "image projection": (
            theirs.model.image_projection(image.last_hidden_state[:, 0]),
            ours.flava.image_projection(output.image_embeddings[:, 0]),
        ),
        "text projection": (
            theirs.model.text_projection(text.last_hidden_state[:, 0]),
            ours.flava.text_projection(output.text_embeddings[:, 0]),
        ),
        "logit scale": (losses.contrastive_loss.logit_scale, ours.flava.logit_scale),
    }
    pixels = batch["codebook_pixel_values"]
    codes = {"codebook": (theirs.image_codebook.encoder(pixels), ours.image_codebook(pixels))}
    return states | heads | features | codes


def main():
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as scratch:
        check_hugging_face(Path(scratch))
        try:
            check_torch_multimodal(Path(scratch))
        except ImportError as error:
            print(f"TorchMultimodal was left out: {error}")


if __name__ == "__main__":
    main()
