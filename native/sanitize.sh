#!/bin/sh
# Runs exported programs (native/check/main.cpp describes the files) under the address, undefined-behavior and thread
# sanitizers, at every processor level this machine has, and the addon in Node under the first two. Fails on the first
# report.
#
#   native/sanitize.sh <folder of .program files>
set -eu
programs=${1:?usage: native/sanitize.sh <folder of .program files>}
native=$(dirname "$0")
for sanitizers in address,undefined thread; do
  node "$native/build.mjs" --sanitize "$sanitizers"
  "$native/../build/native-$sanitizers/check" "$programs"
done
# Node itself is not built with the sanitizer, so its runtime is loaded first; leaks of Node are not ours.
LD_PRELOAD=$(${CXX:-c++} -print-file-name=libasan.so) ASAN_OPTIONS=detect_leaks=0 \
  node "$native/check/addon.mjs" "$native/../build/native-address,undefined/flava.node"
