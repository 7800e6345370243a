"""Makes the small images for the tests of src/data/image, and the results of Pillow and transformers for them
(see README.md).

Run: ~/.cache/flava/peers/bin/python test/golden/images/make.py
"""

import gzip
import json
from pathlib import Path

import numpy as np
import transformers
from PIL import Image, __version__ as pillow_version
from transformers.models.flava.image_processing_pil_flava import FlavaImageProcessorPil

HERE = Path(__file__).parent
FILTERS = {"lanczos": Image.LANCZOS, "bilinear": Image.BILINEAR, "bicubic": Image.BICUBIC, "box": Image.BOX}


def photo(width, height, seed=0):
    """Gradients, an edge, a circle and noise, so that every filter has an effect."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width] / max(width, height)
    colors = [x, y, (x + y) / 2]
    pixels = np.stack([255 * color for color in colors], axis=-1)
    pixels[(x - 0.5) ** 2 + (y - 0.4) ** 2 < 0.06] = (250, 240, 20)
    pixels[x > 0.8] = (5, 10, 200)
    pixels += random.normal(0, 6, (height, width, 1))
    return Image.fromarray(pixels.clip(0, 255).astype(np.uint8))


def over_white(image):
    rgba = image.convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", image.size, "white"), rgba).convert("RGB")


def alpha(image):
    width, height = image.size
    ramp = np.tile(np.linspace(0, 255, width), (height, 1)).astype(np.uint8)
    return Image.fromarray(ramp)


def files():
    """(name, Pillow's decoding, levels by which ours may differ)."""
    rgb = photo(61, 43)
    gray = rgb.convert("L")
    transparent = rgb.convert("RGBA")
    transparent.putalpha(alpha(rgb))
    gray_transparent = Image.merge("LA", (gray, alpha(rgb)))
    palette = rgb.quantize(32)
    palette_transparent = rgb.quantize(16)
    palette_transparent.info["transparency"] = 3
    sixteen = Image.fromarray((np.asarray(gray).astype(np.uint16) * 256 + 77))
    orientation = Image.Exif()
    orientation[0x0112] = 6

    def save(name, image, expected=None, levels=0, **options):
        image.save(HERE / name, **options)
        return name, (expected or Image.open(HERE / name).convert("RGB")), levels

    yield save("color.jpg", photo(75, 50), quality=90)
    yield save("subsampled.jpg", photo(33, 47), quality=75, subsampling=2)
    yield save("progressive.jpg", photo(40, 40), quality=80, progressive=True)
    yield save("gray.jpg", gray, quality=90)
    yield save("cmyk.jpg", rgb.convert("CMYK"), quality=90)
    name, decoded, levels = save("turned.jpg", rgb, quality=90, exif=orientation)
    yield name, decoded.transpose(Image.ROTATE_270), levels
    yield save("color.png", rgb)
    yield save("gray.png", gray)
    yield save("palette.png", palette)
    yield save("transparent.png", transparent, over_white(transparent), 1)
    yield save("gray-transparent.png", gray_transparent, over_white(gray_transparent), 1)
    yield save("palette-transparent.png", palette_transparent, over_white(palette_transparent), 1, transparency=3)
    yield save("sixteen-bit.png", sixteen, gray.convert("RGB"))
    yield save("black-and-white.png", gray.convert("1"))
    yield save("lossless.webp", rgb, lossless=True)
    yield save("lossy.webp", rgb, levels=3, quality=80)
    yield save("animated.gif", palette, save_all=True, append_images=[palette.rotate(180)])
    yield save("color.tif", rgb, compression="tiff_lzw")
    yield save("cmyk.tif", rgb.convert("CMYK"))
    yield save("color.avif", rgb, levels=3, quality=90, subsampling="4:4:4")


RESAMPLINGS = [
    # file, width, height, box
    ("color.png", 97, 83, None),
    ("color.png", 17, 13, None),
    ("color.png", 61, 20, None),
    ("color.png", 30, 43, None),
    ("color.png", 1, 1, None),
    ("color.png", 58, 11, None),  # reduced so much in height that the columns come first
    ("color.png", 100, 31, (10, 3, 50, 40)),
    ("color.png", 29, 31, (3.25, 1.5, 57.75, 41.125)),
    ("color.png", 61, 43, (0.5, 0.5, 60.5, 42.5)),
    ("subsampled.jpg", 15, 90, (7, 0, 33, 47)),
]


def resamplings():
    for file, width, height, box in RESAMPLINGS:
        image = Image.open(HERE / file).convert("RGB")
        for name, number in FILTERS.items():
            result = image.resize((width, height), number, box=box)
            yield {"file": file, "width": width, "height": height, "filter": name, "box": box}, result.tobytes()


PROCESSORS = {
    "default": {},
    "squares": {"size": 32, "crop_size": 32, "codebook_size": 16, "codebook_crop_size": 16},
    "shortest edge": {
        "size": {"shortest_edge": 30},
        "resample": 2,
        "crop_size": {"height": 24, "width": 48},  # padded with black
        "image_mean": [0.5, 0.4, 0.3],
        "codebook_do_center_crop": False,
        "codebook_size": {"height": 10, "width": 14},
        "codebook_do_map_pixels": False,
    },
    "nothing": {"do_resize": False, "do_center_crop": False, "do_rescale": False, "do_normalize": False,
                "codebook_do_resize": False, "codebook_crop_size": 21, "codebook_rescale_factor": 0.01},
}  # fmt: skip


def processed():
    for name, options in PROCESSORS.items():
        processor = FlavaImageProcessorPil(**options)
        for file in ("color.jpg", "subsampled.jpg")[: 1 if name == "default" else 2]:
            image = Image.open(HERE / file).convert("RGB")
            # This version normalizes the codebook's view with the encoder's mean, not with the codebook's own, (0, 0, 0)
            # and (1, 1, 1), which change nothing: the step is left out.
            outputs = processor(
                image, return_codebook_pixels=True, codebook_do_normalize=False, return_tensors="np"
            )
            views = [outputs["pixel_values"][0], outputs["codebook_pixel_values"][0]]
            config = {key: value for key, value in processor.to_dict().items() if key != "codebook_do_normalize"}
            shapes = [list(view.shape) for view in views]
            data = b"".join(np.ascontiguousarray(view, dtype="<f4").tobytes() for view in views)
            yield {"name": name, "file": file, "options": options, "config": config, "shapes": shapes}, data


def write(name, cases):
    """The cases, and all their numbers in sequence; each case has the offset of its own."""
    described, numbers = [], b""
    for case, data in cases:
        described.append({**case, "start": len(numbers), "bytes": len(data)})
        numbers += data
    (HERE / f"{name}.bin.gz").write_bytes(gzip.compress(numbers, 9, mtime=0))
    text = json.dumps({"pillow": pillow_version, "transformers": transformers.__version__, "cases": described}, indent=2)
    (HERE / f"{name}.json").write_text(text + "\n")


def decodes():
    for name, image, levels in files():
        yield {"file": name, "width": image.width, "height": image.height, "levels": levels}, image.tobytes()


if __name__ == "__main__":
    write("decoded", decodes())
    write("resampled", resamplings())
    write("processed", processed())
