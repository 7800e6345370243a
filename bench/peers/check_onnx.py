"""Checks an exported model: check_onnx.py DIRECTORY, written by `flava export` with one --dtype or several.

Each file is checked by ONNX's own rules, with types and shapes inferred, and run by ONNX Runtime for several sizes of
batch and text. Results in float16 and int8 are compared with those in float32, if these are there, and in float32 each
sample of a batch with itself alone.

Needs onnx, onnxruntime and numpy.
"""

import re
import sys
from pathlib import Path

import numpy
import onnx
import onnxruntime

random = numpy.random.default_rng(0)


def shape_of(value):
    return [size.dim_param or size.dim_value for size in value.type.tensor_type.shape.dim]


def check(path):
    """Prints the inputs and outputs of a file that keeps to the rules, and raises for one that does not."""
    onnx.checker.check_model(str(path), full_check=True)  # by path: tensors may be in another file
    model = onnx.load(path, load_external_data=False)
    inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True)
    assert [value.name for value in inferred.graph.output] == [value.name for value in model.graph.output]
    versions = {opset.domain or "ai.onnx": opset.version for opset in model.opset_import}
    values = [f"{value.name} {shape_of(value)}" for value in [*model.graph.input, *model.graph.output]]
    print(f"{path.name}: valid, operators {versions}, {', '.join(values)}")
    return model


def inputs_of(model, batch, length):
    """Random inputs; the last of several texts is two tokens shorter than the others."""
    sizes = {"batch": batch, "images": batch, "texts": batch, "tokens": batch * length, "length": length}
    given = {}
    for value in model.graph.input:
        shape = [sizes.get(size, size) for size in shape_of(value)]
        if value.type.tensor_type.elem_type == onnx.TensorProto.FLOAT:
            given[value.name] = random.standard_normal(shape, dtype=numpy.float32)
        elif value.name == "input_ids":
            given[value.name] = random.integers(1000, 20000, shape)
        else:
            given[value.name] = numpy.full(shape, int(value.name == "attention_mask"))
    if batch > 1 and "attention_mask" in given:
        given["attention_mask"][-1, -2:] = 0
        given["input_ids"][-1, -2:] = 0
    return given


def difference(found, expected):
    """The largest difference of any output, relative to its largest element."""
    return max(numpy.abs(a - b).max() / numpy.abs(b).max() for a, b in zip(found, expected))


def run(path, given):
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    found = session.run(None, given)
    assert all(numpy.isfinite(result).all() for result in found), f"{path.name}: not finite"
    return found


def main(directory):
    for path in sorted((Path(directory) / "onnx").glob("*.onnx")):
        model = check(path)
        exact = path.with_name(re.sub(r"_(fp16|quantized)\.onnx$", ".onnx", path.name))
        for batch, length in [(1, 5), (3, 12)]:
            given = inputs_of(model, batch, length)
            found = run(path, given)
            if exact != path and exact.exists():
                print(f"  {batch} x {length}: {difference(found, run(exact, given)):.1e} from float32")
            elif exact == path and batch > 1 and shape_of(model.graph.output[0])[0] == "batch":
                first = {name: value[:1] for name, value in given.items()}
                print(f"  {batch} x {length}: {difference([part[:1] for part in found], run(path, first)):.1e} from one alone")


main(sys.argv[1])
