#!/bin/sh
# Runs exported programs (native/check/main.cpp describes the files) under the address, undefined-behavior and thread
# sanitizers, at every processor level this machine has. Fails on the first report.
#
#   native/sanitize.sh <folder of .program files>
set -eu
programs=${1:?usage: native/sanitize.sh <folder of .program files>}
native=$(dirname "$0")
for sanitizers in address,undefined thread; do
  node "$native/build.mjs" --sanitize "$sanitizers"
  "$native/../build/native-$sanitizers/check" "$programs"
done
