"""Makes after.safetensors: weights after steps of fine-tuning transformers' FLAVA with AdamW, for finetuning.test.ts.

Run: ~/.cache/flava/peers/bin/python test/golden/finetuning/make.py

A linear head reads the class token of the text encoder. Computed in double precision, stored in single precision.
"""

import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import FlavaModel

here = Path(__file__).parent
sys.path.append(str(here.parent))
from make_numbers import numbers  # noqa: E402

CLASSES, STEPS = 3, 3
# Two texts are padded, two are pairs.
IDS = [[2, 7, 9, 3, 0, 0], [2, 11, 5, 3, 21, 3], [2, 30, 31, 32, 33, 3], [2, 8, 3, 17, 3, 0]]
TYPES = [[0, 0, 0, 0, 0, 0], [0, 0, 0, 0, 1, 1], [0, 0, 0, 0, 0, 0], [0, 0, 0, 1, 1, 0]]
LABELS = [0, 2, 1, 2]

ids, types = torch.tensor(IDS), torch.tensor(TYPES)
model = FlavaModel.from_pretrained(here.parent / "checkpoint/model").double().train()
head = torch.nn.Linear(model.config.text_config.hidden_size, CLASSES).double()
with torch.no_grad():
    for name, parameter in head.named_parameters():
        parameter.copy_(torch.tensor(numbers(f"head.{name}", parameter.shape)))
parameters = [*model.text_model.parameters(), *head.parameters()]
optimizer = torch.optim.AdamW(parameters, lr=1e-3, betas=(0.9, 0.98), eps=1e-6, weight_decay=0.1)
for _ in range(STEPS):
    optimizer.zero_grad()
    encoded = model.text_model(ids, attention_mask=(ids != 0).long(), token_type_ids=types)
    loss = torch.nn.functional.cross_entropy(head(encoded.last_hidden_state[:, 0]), torch.tensor(LABELS))
    loss.backward()
    optimizer.step()
    print(loss.item())

after = {f"text_model.{name}": tensor for name, tensor in model.text_model.named_parameters()}
after |= {f"head.{name}": tensor for name, tensor in head.named_parameters()}
save_file({name: tensor.detach().float().contiguous() for name, tensor in after.items()}, here / "after.safetensors")
