"""Checks exported models by ONNX's own rules, shapes and types included: check_onnx.py FILE.onnx..."""

import sys

import onnx

for path in sys.argv[1:]:
    onnx.checker.check_model(path, full_check=True)  # by path: tensors may be in another file
    model = onnx.load(path, load_external_data=False)
    version = {opset.domain or "ai.onnx": opset.version for opset in model.opset_import}
    for value in [*model.graph.input, *model.graph.output]:
        sizes = [size.dim_param or size.dim_value for size in value.type.tensor_type.shape.dim]
        print(f"{path}: {value.name} {sizes}")
    print(f"{path}: valid, operators {version}")
