"""What PyTorch needs for the work that the engine benchmark measures.

Reads one JSON request a line, answers with one JSON line:
  {"do": "describe"}                             -> {"name": "PyTorch 2.15.0"}
  {"do": "prepare", "work": {...}, "threads": 2} -> {}
  {"do": "time"}                                 -> {"seconds": 0.123}
  {"do": "usage"}                                -> {"seconds": 4.56}, processor time of the process so far
  {"do": "memory"}                               -> {"bytes": 123456789}, the process's peak so far
The works are those of bench/work.ts.
"""

import json
import sys
import time

import torch
from torch import nn
from torch.nn import functional as F

WIDTH, HEADS, HIDDEN, LAYERS = 768, 12, 3072, 12
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


class Block(nn.Module):
    """Pre-norm: attend, then transform, each added to the residual stream."""

    def __init__(self):
        super().__init__()
        self.norm1 = nn.LayerNorm(WIDTH, eps=1e-12)
        self.qkv = nn.Linear(WIDTH, 3 * WIDTH)
        self.output = nn.Linear(WIDTH, WIDTH)
        self.norm2 = nn.LayerNorm(WIDTH, eps=1e-12)
        self.up = nn.Linear(WIDTH, HIDDEN)
        self.down = nn.Linear(HIDDEN, WIDTH)

    def forward(self, x):  # [B, L, D]
        batch, length, _ = x.shape
        heads = self.qkv(self.norm1(x)).view(batch, length, 3, HEADS, WIDTH // HEADS)
        query, key, value = heads.permute(2, 0, 3, 1, 4)  # each [B, H, L, D / H]
        attended = F.scaled_dot_product_attention(query, key, value)
        x = x + self.output(attended.transpose(1, 2).reshape(batch, length, WIDTH))
        return x + self.down(F.gelu(self.up(self.norm2(x))))


def encoder():
    return nn.Sequential(*(Block() for _ in range(LAYERS)), nn.LayerNorm(WIDTH, eps=1e-12))


def product(work):
    """`count` different left sides times one weight, as a layer multiplies."""
    dtype = DTYPES[work["dtype"]]
    m, k, n = work["m"], work["k"], work["n"]
    lefts = [torch.randn(m, k).to(dtype) for _ in range(work["count"])]
    weight = torch.randn(n, k).to(dtype)

    def run():
        for left in lefts:
            left @ weight.T

    return run


def train(work):
    """Forward, backward and AdamW; bfloat16 means autocast over float32 weights."""
    model = encoder()
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=0.01, fused=True)
    x = torch.randn(work["batch"], work["tokens"], WIDTH)
    target = torch.randn(work["batch"], work["tokens"], WIDTH)

    def run():
        with torch.autocast("cpu", torch.bfloat16, enabled=work["dtype"] == "bfloat16"):
            loss = F.mse_loss(model(x).float(), target)
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()
        return loss.item()

    return run


def infer(work):
    """Forward only, weights and activations in the work's dtype; int8 is measured against bfloat16."""
    dtype = DTYPES["bfloat16" if work["dtype"] == "int8" else work["dtype"]]
    model = encoder().to(dtype).eval()
    x = torch.randn(work["batch"], work["tokens"], WIDTH).to(dtype)

    def run():
        with torch.inference_mode():
            model(x)

    return run


WORKS = {"product": product, "train": train, "infer": infer}


def peak_bytes():
    with open("/proc/self/status") as status:
        line = next(line for line in status if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def main():
    run = None
    for line in sys.stdin:
        request = json.loads(line)
        if request["do"] == "describe":
            answer = {"name": f"PyTorch {torch.__version__}"}
        elif request["do"] == "prepare":
            run = None  # frees the work before it
            torch.manual_seed(0)
            torch.set_num_threads(request["threads"])
            run = WORKS[request["work"]["kind"]](request["work"])
            answer = {}
        elif request["do"] == "time":
            start = time.perf_counter()
            run()
            answer = {"seconds": time.perf_counter() - start}
        elif request["do"] == "usage":
            answer = {"seconds": time.process_time()}
        elif request["do"] == "memory":
            answer = {"bytes": peak_bytes()}
        else:
            raise ValueError(f"cannot do {request['do']!r}: describe, prepare, time, usage or memory")
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
