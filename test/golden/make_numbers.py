"""The numbers of the golden files: made from names by integer arithmetic, so that the tests make the same ones.

pretraining/numbers.ts is the same in TypeScript. Nothing that a formula gives is stored.
"""

import numpy as np


def scramble(x):
    """A bijection of 32-bit words without pattern (lowbias32 of Chris Wellons)."""
    x = np.asarray(x, np.uint32)
    x = (x ^ (x >> np.uint32(16))) * np.uint32(0x7FEB352D)
    x = (x ^ (x >> np.uint32(15))) * np.uint32(0x846CA68B)
    return x ^ (x >> np.uint32(16))


def seed_of(name):
    """FNV-1a of the name's bytes."""
    seed = 0x811C9DC5
    for byte in name.encode():
        seed = (seed ^ byte) * 0x01000193 & 0xFFFFFFFF
    return seed


def words(name, count):
    """`count` words of 32 bits."""
    index = np.arange(count, dtype=np.uint32)
    return scramble(np.uint32(seed_of(name)) + scramble(index))


def numbers(name, shape, center=0.0, spread=1.0):
    """float32 numbers, even in [center - spread, center + spread)."""
    unit = (words(name, int(np.prod(shape))) >> np.uint32(8)).astype(np.float64) / 2**23 - 1
    return (center + spread * unit).astype(np.float32).reshape(shape)


def sampled(name, size, count):
    """The positions of `count` elements of a tensor of `size`; all positions if it has fewer."""
    if size <= count:
        return np.arange(size)
    return (words("places of " + name, count) % np.uint32(size)).astype(np.int64)


def range_of(name, shape):
    """The spread of a weight's elements: wide enough that each of them affects every result."""
    last = name.rsplit(".", 1)[-1]
    if last == "logit_scale":
        return 1.5, 0.1
    if last in ("cls_token", "mask_token", "position_embeddings"):
        return 0.0, 0.5
    if "norm" in name.lower():
        return (1.0, 0.5) if last == "weight" else (0.0, 0.3)
    if last in ("bias", "b"):
        return 0.0, 0.05 if "codebook" in name else 0.3
    if "_embeddings.weight" in name:
        return 0.0, 0.5
    gain = 2.5 if ".conv_" in name else 1.0  # the codebook divides its residual branches by 64
    return 0.0, round(gain * (3 / int(np.prod(shape[1:]))) ** 0.5, 6)
