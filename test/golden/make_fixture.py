"""Shared by the golden files: the inputs of their cases, and how results are stored."""

import json
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file

from make_numbers import numbers, range_of, sampled, words

HERE = Path(__file__).parent / "pretraining"


class Fixture:
    """Results by name, to be written as NAME.safetensors, described by NAME.json.

    Of a tensor of more than `elements` elements only that many are kept (at the positions of `sampled`), followed by its
    Euclidean norm.
    """

    def __init__(self, name, family, config, versions, elements=None):
        self.name = name
        self.elements = elements
        self.tensors = {}
        self.description = {
            "versions": versions,
            "family": family,
            "config": config,
            "elements": elements,
            "weights": {},
            "cases": [],
        }

    def fill(self, module, alias=lambda name: name):
        """Sets every parameter of `module` to the numbers of its name; a tied parameter has one name."""
        parameters = {alias(name): value for name, value in module.named_parameters()}
        for name, parameter in sorted(parameters.items()):
            shape = list(parameter.shape)
            center, spread = range_of(name, shape)
            self.description["weights"][name] = {"shape": shape, "center": center, "spread": spread}
            parameter.data = torch.from_numpy(numbers(name, shape, center, spread)).to(parameter.dtype)
        return parameters

    def case(self, name, kind, **facts):
        self.description["cases"].append({"name": name, "kind": kind, **facts})

    def give(self, case, inputs):
        """Keeps integer inputs of a case."""
        for name, values in inputs.items():
            self.tensors[f"{case}/input/{name}"] = np.ascontiguousarray(values, np.int32)

    def keep(self, case, name, tensor):
        values = tensor.detach().double().numpy()
        if self.elements is not None and values.size > self.elements:
            places = sampled(name, values.size, self.elements)
            values = np.append(values.reshape(-1)[places], np.linalg.norm(values))
        self.tensors[f"{case}/{name}"] = np.ascontiguousarray(values, np.float32)

    def keep_gradients(self, case, parameters):
        """Returns the gradients of all parameters that have one, and clears them."""
        for name, parameter in parameters.items():
            if parameter.grad is not None:
                self.keep(case, f"gradient/{name}", parameter.grad)
            parameter.grad = None

    def write(self):
        HERE.mkdir(exist_ok=True)
        save_file(self.tensors, HERE / f"{self.name}.safetensors")
        text = json.dumps(self.description, indent=1)
        (HERE / f"{self.name}.json").write_text(text + "\n")
        (HERE / f"{self.name}.safetensors").chmod(0o644)
        print(self.name, sum(value.nbytes for value in self.tensors.values()), "bytes in", len(self.tensors), "tensors")


def stack(layers, width, hidden, heads):
    return {"layers": layers, "width": width, "hidden": hidden, "heads": heads}


def texts(case, vocabulary, length, lengths):
    """Texts padded with 0, some of their tokens masked, and the labels of these; -1 elsewhere."""
    batch = len(lengths)
    real = np.arange(length) < np.array(lengths)[:, None]
    draw = lambda name: words(f"{case} {name}", batch * length).astype(np.int64).reshape(batch, length)
    ids = np.where(real, 1 + draw("ids") % (vocabulary - 2), 0)
    chosen = real & (draw("chosen") % 3 == 0)
    chosen[:, 1] = True
    masked = np.where(chosen, vocabulary - 1, ids)
    labels = np.where(chosen, ids, -1)
    return {"ids": ids, "maskedIds": masked, "lengths": np.array(lengths), "mlmLabels": labels}


def hidden_patches(case, batch, patches):
    return (words(f"{case} hidden", batch * patches).reshape(batch, patches) % 5 < 2).astype(np.int32)


def pixels(case, batch, height, width):
    return torch.from_numpy(numbers(f"{case} pixels", (batch, 3, height, width), 0.0, 2.0))


def codebook_pixels(case, batch, side):
    """Images of side x side cells of 8 x 8 pixels, each of its own color, with noise; in [0.1, 0.9]."""
    cells = numbers(f"{case} cells", (batch, 3, side, side), 0.5, 0.25).repeat(8, 2).repeat(8, 3)
    noise = numbers(f"{case} noise", (batch, 3, 8 * side, 8 * side), 0.0, 0.125)
    return torch.from_numpy(cells + noise)


def require_margin(logits):
    """No visual token may depend on rounding: the best score exceeds the second by a hundred roundings of float32."""
    best = logits.topk(2, dim=1).values
    margin = ((best[:, 0] - best[:, 1]) / logits.abs().max()).min().item()
    assert margin > 2e-5, f"a near tie of visual tokens: {margin}"
