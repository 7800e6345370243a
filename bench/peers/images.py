"""The peer's side of bench/images.ts: for every input line, decodes the JPEGs of a folder with Pillow and passes them to
transformers' FLAVA image processor, as its users do.

python images.py pillow|tensor THREADS FOLDER
"""

import io
import json
import os
import sys
import time
from pathlib import Path

import torch
from PIL import Image
from transformers.models.flava.image_processing_flava import FlavaImageProcessor
from transformers.models.flava.image_processing_pil_flava import FlavaImageProcessorPil


def main(kind, threads, folder):
    torch.set_num_threads(threads)
    files = [path.read_bytes() for path in sorted(Path(folder).glob("*.jpg"))]
    processor = {"pillow": FlavaImageProcessorPil, "tensor": FlavaImageProcessor}[kind]()
    for _ in sys.stdin:
        start, before = time.perf_counter(), os.times()
        images = [Image.open(io.BytesIO(file)).convert("RGB") for file in files]
        views = processor(images, return_codebook_pixels=True, return_tensors="pt")
        seconds, after = time.perf_counter() - start, os.times()
        assert views["codebook_pixel_values"].shape == (len(files), 3, 112, 112)
        used = after.user + after.system - before.user - before.system
        print(json.dumps({"seconds": seconds, "processor": used}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
