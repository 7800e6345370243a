#!/usr/bin/env bash
# Installs Debian's packages for tests that need more than Node and a C++ compiler. A test that finds
# its program missing is skipped and prints the reason.
set -euo pipefail

packages=(
  chromium libvulkan1            # the web page and the browser backends; WebGPU without a GPU
  clang lld wasi-libc libc++-dev-wasm32 libclang-rt-dev-wasm32  # WebAssembly
  openmpi-bin libopenmpi-dev     # many processes
  mpich libmpich-dev             # the same with another library
)

if ! command -v apt-get > /dev/null || [[ $(id -u) != 0 ]]; then
  echo "Not installed, for want of apt-get or root: ${packages[*]}"
  exit 0
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq && apt-get install -qq -y --no-install-recommends "${packages[@]}" > /dev/null ||
  echo "Debian's packages could not be installed: ${packages[*]}"
