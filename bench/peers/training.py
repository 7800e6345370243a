"""The peer's side of bench/training.ts: runs one pre-training step with PyTorch for every input line.

python training.py THREADS FOLDER PRECISION, where the folder has config.json and prepared batches, *.safetensors, and the
precision is float32 or bfloat16
"""

import json
import sys
import time
from itertools import cycle
from pathlib import Path

import torch
from safetensors.torch import load_file
from transformers import FlavaConfig, FlavaForPreTraining


def inputs_of(batch):
    """The inputs of transformers, from those of our loader, in dtypes and layouts that need no conversion during a step."""
    ids, hidden = batch["ids"].long(), batch["hidden"].bool()
    side = round(hidden.shape[1] ** 0.5)
    real = batch["targets/positions"] >= 0
    labels = torch.full((ids.numel(),), -100)
    labels[batch["targets/positions"][real].long()] = batch["targets/labels"][real].long()
    return {
        "pixel_values": batch["pixels"],
        "codebook_pixel_values": batch["codebookPixels"],
        "bool_masked_pos": hidden.view(-1, side, side),
        "input_ids": ids,
        "input_ids_masked": batch["maskedIds"].long(),
        "attention_mask": (torch.arange(ids.shape[1]) < batch["lengths"][:, None]).long(),
        "mlm_labels": labels.view(ids.shape),
        "itm_labels": batch["match"].long(),
    }


def main(threads, folder, precision):
    torch.manual_seed(0)
    torch.set_num_threads(threads)
    model = FlavaForPreTraining(FlavaConfig.from_pretrained(folder)).train()
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = torch.optim.AdamW(trained, lr=1e-3, weight_decay=0.1, fused=True)
    batches = cycle([inputs_of(load_file(path)) for path in sorted(Path(folder).glob("*.safetensors"))])
    for _ in sys.stdin:
        inputs = next(batches)
        start = time.perf_counter()
        with torch.autocast("cpu", torch.bfloat16, enabled=precision == "bfloat16"):
            loss = model(**inputs).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(trained, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        answer = {"loss": loss.item(), "seconds": time.perf_counter() - start}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), *sys.argv[2:])
