"""Small files in the formats of the evaluation's sets, written by the usual writers.

Run in a virtual environment with NumPy, SciPy, h5py, PyArrow and Pillow: python test/golden/tasks/make.py
"""

import csv
import gzip
import io
import json
import pickle
import struct
import tarfile
from pathlib import Path

import h5py
import numpy as np
import pyarrow
import pyarrow.parquet
from PIL import Image
from scipy.io import savemat

here = Path(__file__).parent


def at(path):
    target = here / path
    target.parent.mkdir(parents=True, exist_ok=True)
    return target


def gradient(number, height, width):
    """An image that tells rows, columns and colors apart: [H, W, 3]."""
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([x + number, y, np.full_like(x, number)], axis=-1).astype(np.uint8)


class Python2Pickler(pickle._Pickler):
    """Writes byte strings as Python 2 did, with which the official CIFAR batches were made."""

    dispatch = dict(pickle._Pickler.dispatch)

    def save_bytes(self, value):
        short = len(value) < 256
        head = b"U" + bytes([len(value)]) if short else b"T" + struct.pack("<i", len(value))
        self.write(head + value)
        self.memoize(value)

    dispatch[bytes] = save_bytes
    dispatch[str] = lambda self, value: self.save_bytes(value.encode())


def pickled(value):
    file = io.BytesIO()
    Python2Pickler(file, protocol=2).dump(value)
    return file.getvalue()


def cifar():
    images = np.stack([gradient(n, 32, 32).transpose(2, 0, 1).reshape(-1) for n in (1, 2)])
    batch = {"labels": [3, 9], "data": images, "filenames": ["a.png", "b.png"]}
    at("cifar10/data_batch_1").write_bytes(pickled(batch))
    at("cifar10/python3").write_bytes(pickle.dumps(batch, protocol=2))
    fine = {"fine_labels": [0, 99], "coarse_labels": [1, 2], "data": images}
    at("cifar100/train").write_bytes(pickled(fine))
    rows = [bytes([coarse, fine]) + image.tobytes() for coarse, fine, image in zip([1, 2], [0, 99], images)]
    at("cifar100/train.bin").write_bytes(b"".join(rows))


def mnist():
    images = np.stack([gradient(n, 4, 5)[:, :, 0] for n in (1, 2, 3)])
    header = struct.pack(">IIII", 0x803, 3, 4, 5)
    at("mnist/train-images-idx3-ubyte.gz").write_bytes(gzip.compress(header + images.tobytes(), mtime=0))
    at("mnist/train-labels-idx1-ubyte").write_bytes(struct.pack(">II", 0x801, 3) + bytes([7, 0, 9]))


def mat():
    kind = [("bbox_x1", object), ("class", object), ("fname", object)]
    rows = np.array([(39, 14, "00001.jpg"), (7, 196, "00002.jpg")], dtype=kind)
    savemat(at("mat/cars.mat"), {"annotations": rows.reshape(1, -1)})
    savemat(at("mat/cars-compressed.mat"), {"annotations": rows.reshape(1, -1)}, do_compression=True)
    savemat(at("mat/labels.mat"), {"labels": np.array([[77, 1, 102]], dtype=np.uint8)})
    parts = {"trnid": [[3, 1]], "valid": [[2]], "tstid": [[2, 3]]}
    sets = {name: np.array(numbers, dtype=np.uint16) for name, numbers in parts.items()}
    savemat(at("mat/sets.mat"), sets, do_compression=True)
    kind = [("ILSVRC2012_ID", object), ("WNID", object), ("words", object), ("children", object)]
    synsets = [(1, "n02", "b", []), (2, "n01", "a", []), (1001, "n00", "all", [1, 2])]
    savemat(at("mat/meta.mat"), {"synsets": np.array(synsets, dtype=kind).reshape(-1, 1)})
    cells = np.empty((1, 2), dtype=object)
    cells[0, 0], cells[0, 1] = "größe", np.array([1.5, -2.0])
    numbers = {"d": np.array([[1.5, 2], [3, 4]]), "i": np.array([-1, 2**40]), "cells": cells}
    savemat(at("mat/kinds.mat"), numbers)


def pcam():
    images = np.stack([gradient(n, 96, 96) // 16 * 16 + n for n in (1, 2, 3)])
    with h5py.File(at("pcam/x.h5"), "w") as file:
        file.create_dataset("x", data=images, chunks=(1, 96, 96, 3), compression="gzip")
    with h5py.File(at("pcam/y.h5"), "w") as file:
        file.create_dataset("y", data=np.array([0, 1, 1], np.uint8).reshape(3, 1, 1, 1))


def fer2013():
    with at("fer2013.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["emotion", "pixels", "Usage"])
        for emotion, usage in [(0, "Training"), (6, "Training"), (4, "PrivateTest")]:
            pixels = gradient(0, 48, 48)[:, :, 0].reshape(-1) // 8
            writer.writerow([emotion, " ".join(map(str, pixels)), usage])


def shards():
    for split, labels in [("train", [1, 0]), ("test", [1])]:
        with tarfile.open(at(f"wds/{split}/0.tar"), "w") as tar:
            for index, label in enumerate(labels):
                image = io.BytesIO()
                Image.fromarray(gradient(index, 4, 4)).save(image, "webp", lossless=True)
                for name, content in [("webp", image.getvalue()), ("cls", str(label).encode())]:
                    info = tarfile.TarInfo(f"s{index:07d}.{name}")
                    info.size = len(content)
                    tar.addfile(info, io.BytesIO(content))
        at(f"wds/{split}/nshards.txt").write_text("1\n")


def parquet():
    images = []
    for index in range(3):
        image = io.BytesIO()
        Image.fromarray(gradient(index, 4, 4)).save(image, "png")
        images.append({"bytes": image.getvalue(), "path": f"{index}.png"})
    names = ["negative", "positive"]
    label = {"names": names, "_type": "ClassLabel"}
    info = {"info": {"features": {"image": {"_type": "Image"}, "label": label}}}
    table = pyarrow.table({"image": images, "label": pyarrow.array([1, 0, 1], pyarrow.int64())})
    table = table.replace_schema_metadata({"huggingface": json.dumps(info)})
    pyarrow.parquet.write_table(table, at("hf/test-00000-of-00001.parquet"))


def glue():
    first, second = ["a", "b"], ["", "d"]
    kinds = {"mrpc": pyarrow.array([1, 0], pyarrow.int64()), "stsb": pyarrow.array([3.5, 5], pyarrow.float32())}
    for name, label in kinds.items():
        table = pyarrow.table({"sentence1": first, "sentence2": second, "label": label, "idx": [0, 1]})
        for split in ["train", "validation"]:
            pyarrow.parquet.write_table(table, at(f"glue/{name}/{split}-00000-of-00001.parquet"))


def numpy_random():
    np.random.seed(123)
    videos = [f"2011_09_26_drive_{number:04d}" for number in range(71)]
    test = np.random.choice(videos, 7, replace=False).tolist()
    others = sorted(set(videos) - set(test))
    validation = np.random.choice(others, 7, replace=False).tolist()
    at("numpy-random.json").write_text(json.dumps({"videos": videos, "test": test, "validation": validation}))


if __name__ == "__main__":
    for make in [cifar, mnist, mat, pcam, fer2013, shards, parquet, glue, numpy_random]:
        make()
