// Resampling of images.
#pragma once

#include "node-values.h"

namespace flava {

/**
 * resample(axis, source, width, taps, target, level): one pass over 8-bit pixels [H, width, 3] on the calling thread.
 * Along "rows" the target is [H, outputs, 3], along "columns" [outputs, width, 3]. `taps` is an Int32Array [outputs,
 * n]: the first input of each output, how many, and their weights in units of 2^-22 (src/data/image/filter.ts).
 */
napi_value resample(napi_env env, const Arguments& arguments);

}  // namespace flava
