#!/usr/bin/env bash
# Creates the Python environment of the benchmarks' peers, outside the repository; if it exists, this takes a second.
# Prints the path of its Python.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
peers=${FLAVA_CACHE:-$HOME/.cache/flava}/peers
python=$peers/bin/python

[[ -x $python ]] || python3 -m venv "$peers"
"$python" -m pip install --quiet --disable-pip-version-check --requirement "$here/requirements.txt" >&2
echo "$python"
