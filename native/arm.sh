#!/bin/sh
# Builds the kernels for Arm with a cross compiler, runs exported programs (native/check/main.cpp describes the files) under
# QEMU at every level, and compares the results with those of this machine. On Debian:
#
#   apt-get install g++-aarch64-linux-gnu qemu-user
#   native/arm.sh <folder of .program files>
set -eu
programs=${1:?usage: native/arm.sh <folder of .program files>}
native=$(dirname "$0")
build=$native/../build
results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT
node "$native/build.mjs" --check native-here
"$build/native-here/check" "$programs" "$results/here"
CXX=aarch64-linux-gnu-g++ node "$native/build.mjs" --check native-arm
qemu-aarch64 -L /usr/aarch64-linux-gnu "$build/native-arm/check" "$programs" "$results/arm"
node "$native/check/compare.mjs" "$results/here" "$results/arm"
