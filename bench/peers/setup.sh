#!/usr/bin/env bash
# Makes the Python environment that the benchmarks compare with, outside of the repository; does nothing if it is there.
# Prints the path of its Python.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
peers=${FLAVA_CACHE:-$HOME/.cache/flava}/peers
python=$peers/bin/python

if ! "$python" -c "import torch, torchvision, transformers, numpy, PIL" 2>/dev/null; then
  python3 -m venv "$peers"
  "$python" -m pip install --quiet --requirement "$here/requirements.txt" >&2
fi
echo "$python"
