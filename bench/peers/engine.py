"""PyTorch's side of the engine benchmark: products, a plain ViT-B/16 encoder, tiny operations."""

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
    """`count` different left factors times one weight, as in a linear layer."""
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
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, weight_decay=0.01, fused=True)
    x = torch.randn(work["batch"], work["tokens"], WIDTH)
    target = torch.randn(work["batch"], work["tokens"], WIDTH)

    def run():
        with torch.autocast("cpu", torch.bfloat16, enabled=work["dtype"] == "bfloat16"):
            loss = F.mse_loss(model(x).float(), target)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        return loss.item()

    return run


def infer(work):
    """Forward only, weights and activations in the work's dtype."""
    dtype = DTYPES[work["dtype"]]
    model = encoder().to(dtype).eval()
    x = torch.randn(work["batch"], work["tokens"], WIDTH).to(dtype)

    def run():
        with torch.inference_mode():
            model(x)

    return run


def tiny_operations(work):
    """Additions of a few numbers in sequence: pure overhead."""
    x, y = torch.ones(8), torch.ones(8)

    def run():
        with torch.inference_mode():
            total = x
            for _ in range(work["count"]):
                total = total + y
            return total

    return run


WORKS = {"product": product, "train": train, "infer": infer, "tiny operations": tiny_operations}
