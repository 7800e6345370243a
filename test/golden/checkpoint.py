"""Makes the small checkpoints that the tests of src/checkpoint read (see README.md).

Run: ~/.cache/flava/peers/bin/python test/golden/checkpoint.py
For TorchMultimodal's and DALL-E's files, torchmultimodal-nightly, DALL-E, attrs, requests, iopath and portalocker have
to be importable (pip install --no-deps --target DIRECTORY, PYTHONPATH=DIRECTORY); without them those files stay as they are.

Every tensor's numbers follow from its name alone, so that the tests need no second file: element i is
((crc32(name) + 37 i) mod 255 - 127) / 64, exact in float32, float16 and bfloat16.
"""

import json
import shutil
import zlib
from pathlib import Path

import torch
from transformers import FlavaConfig, FlavaForPreTraining

HERE = Path(__file__).parent / "checkpoint"
STACK = {"hidden_size": 8, "num_hidden_layers": 2, "num_attention_heads": 2, "intermediate_size": 12}
CODEBOOK = {"hidden_size": 4, "vocab_size": 16}
ALIASES = {f"{head}_head.bias": f"{head}_head.decoder.bias" for head in ("mim", "mlm", "mmm_image", "mmm_text")}


def numbers(name, shape):
    count = torch.Size(shape).numel()
    start = zlib.crc32(ALIASES.get(name, name).encode())
    return (((start + 37 * torch.arange(count)) % 255 - 127) / 64).float().reshape(shape)


def fill(module):
    state = module.state_dict()
    module.load_state_dict({name: numbers(name, value.shape) for name, value in state.items()})
    return module


def model():
    config = FlavaConfig(
        image_config={**STACK, "image_size": 16, "patch_size": 8, "vocab_size": 16},
        text_config={**STACK, "vocab_size": 40, "max_position_embeddings": 12},
        multimodal_config={**STACK, "num_hidden_layers": 1},
        image_codebook_config=CODEBOOK,
        hidden_size=8,
        projection_dim=6,
    )
    return fill(FlavaForPreTraining(config).eval())


def hugging_face():
    flava = model()
    flava.save_pretrained(HERE / "safetensors")
    flava.save_pretrained(HERE / "sharded", max_shard_size="20kB")
    for dtype in (torch.float32, torch.float16, torch.bfloat16):
        directory = HERE / f"pickle-{str(dtype).removeprefix('torch.')}"
        directory.mkdir(parents=True)
        shutil.copy(HERE / "safetensors" / "config.json", directory)
        state = {name: value.to(dtype) for name, value in flava.state_dict().items()}
        if dtype == torch.float32:
            # As in old files: one tensor under two names, and a buffer that is not a weight.
            state = flava.state_dict()
            state["flava.text_model.embeddings.position_ids"] = torch.arange(12)[None]
        torch.save(state, directory / "pytorch_model.bin")
    flava.flava.save_pretrained(HERE / "model")
    flava.image_codebook.save_pretrained(HERE / "codebook")


def strided():
    """Non-contiguous tensors, parameters, and two tensors in one storage."""
    base = numbers("base", [4, 6])
    state = {
        "transposed": base.T,
        "column": base[:, 2],
        "offset": base[1:3],
        "permuted": numbers("permuted", [2, 3, 4]).permute(2, 0, 1),
        "parameter": torch.nn.Parameter(base[0]),
        "scalar": torch.tensor(0.5),
        "empty": torch.empty(0, 3),
        "large": torch.tensor([2**40, -1]),
    }
    torch.save(state, HERE / "strided.pt")


def dalle():
    """A whole module, pickled as DALL-E was released."""
    from dall_e.utils import Conv2d

    torch.save(Conv2d(4, 4, 1), HERE / "module.pkl")


def torch_multimodal():
    from torchmultimodal.models.flava import model as flava
    from torchmultimodal.modules.losses.flava import FLAVAPretrainingLoss

    sizes = {
        f"{part}_{key}": value
        for part, layers in (("image", 2), ("text", 2), ("multimodal", 1))
        for key, value in {
            "hidden_size": 8,
            "num_attention_heads": 2,
            "num_hidden_layers": layers,
            "intermediate_size": 12,
        }.items()
    }
    encoders = flava.flava_model(
        **sizes, image_size=16, patch_size=8, vocab_size=40, max_position_embeddings=12, text_and_image_proj_size=6
    )
    codebook = flava.DalleVAEEncoder(pretrained=False)
    codebook.encoder = flava.DalleEncoder(n_hid=4, vocab_size=16)
    loss = FLAVAPretrainingLoss(hidden_size=8, text_vocab_size=40, image_vocab_size=16)
    whole = flava.FLAVAForPreTraining(encoders, codebook, loss)
    state = {name: numbers(name, value.shape) for name, value in whole.state_dict().items()}
    for head in ("mlm_loss", "mim_loss", "mmm_loss.mlm", "mmm_loss.mim"):
        state[f"loss.{head}.cls.bias"] = state[f"loss.{head}.cls.decoder.bias"]
    torch.save(state, HERE / "torchmultimodal.pt")
    prefix = "image_codebook.encoder."
    torch.save(
        {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)},
        HERE / "dalle-encoder.pt",
    )
    dalle_decoder()


def dalle_decoder():
    """DALL-E's classes refuse small sizes, so their checks are disabled."""
    import attr
    from dall_e.decoder import Decoder

    with attr.validators.disabled():
        decoder = Decoder(n_init=4, n_hid=4, vocab_size=16)
    state = {name: numbers(name, value.shape) for name, value in decoder.state_dict().items()}
    torch.save(state, HERE / "dalle-decoder.pt")


def main():
    torch.manual_seed(0)
    kept = [path for path in HERE.glob("*") if path.suffix in (".pt", ".pkl")]
    for path in HERE.glob("*"):
        if path not in kept:
            shutil.rmtree(path)
    HERE.mkdir(exist_ok=True)
    hugging_face()
    strided()
    try:
        torch_multimodal()
        dalle()
    except ImportError as error:
        print(f"TorchMultimodal's and DALL-E's files are not rewritten: {error}")
    for path in HERE.rglob("*.*"):
        path.chmod(0o644 if path.is_file() else 0o755)
    print(json.dumps({str(path.relative_to(HERE)): path.stat().st_size for path in HERE.rglob("*.*")}, indent=1))


if __name__ == "__main__":
    main()
