#include "resample.h"

#include <memory>
#include <stdexcept>

#include "../runtime/levels.h"
#include "../runtime/registry.h"

namespace flava {

namespace {

/** Only the calling thread: parallelism comes from resampling many images in worker threads. */
struct OneThread final : Parallel {
  void run(int64_t count, int64_t grain, Body body, void* closure) override {
    for (int64_t begin = 0; begin < count; begin += grain) {
      body(closure, begin, begin + grain < count ? begin + grain : count, 0);
    }
  }
  int threads() const override { return 1; }
  void* scratch(int, int64_t bytes) override {
    if (bytes > size) {
      memory.reset(new char[static_cast<size_t>(bytes) + 64]);
      size = bytes;
    }
    const uintptr_t address = reinterpret_cast<uintptr_t>(memory.get());
    return memory.get() + (64 - address % 64) % 64;
  }
  void* shared(int64_t bytes) override { return scratch(0, bytes); }

  std::unique_ptr<char[]> memory;
  int64_t size = 0;
};

/** whole / piece, which must be an integer >= 1. */
int64_t divided(int64_t whole, int64_t piece, const char* what) {
  if (piece < 1 || whole < 1 || whole % piece != 0) {
    throw std::runtime_error(std::string(what) + ": " + std::to_string(whole) + " numbers are not rows of " +
                             std::to_string(piece));
  }
  return whole / piece;
}

TypedArray toPixels(napi_env env, napi_value value, const char* what) {
  const TypedArray array = toTypedArray(env, value, what);
  if (array.type == napi_uint8_array) return array;
  throw std::runtime_error(std::string(what) + " must be a Uint8Array");
}

Tensor tensorOf(const TypedArray& array, Dtype dtype, int64_t rows, int64_t columns, int64_t depth) {
  return {array.data, dtype, depth == 1 ? 2 : 3, {rows, columns, depth}, array.length};
}

/** Throws unless every output is computed from existing inputs. */
void checkTaps(const Tensor& taps, int64_t inputs) {
  for (int64_t output = 0; output < taps.dim(0); ++output) {
    const int32_t* row = taps.as<int32_t>() + output * taps.dim(1);
    const int64_t first = row[0];
    const int64_t count = row[1];
    if (first < 0 || count < 0 || first + count > inputs || count > taps.dim(1) - 2) {
      throw std::runtime_error("the taps of output " + std::to_string(output) + " reach out of " +
                               std::to_string(inputs) + " inputs");
    }
  }
}

}  // namespace

napi_value resample(napi_env env, const Arguments& arguments) {
  const std::string axis = toString(env, arguments[0], "axis");
  if (axis != "rows" && axis != "columns") throw std::runtime_error("axis must be \"rows\" or \"columns\"");
  const bool alongRows = axis == "rows";
  const TypedArray source = toPixels(env, arguments[1], "source");
  const int64_t width = toInteger(env, arguments[2], "width");
  const TypedArray weights = toTypedArrayOf(env, arguments[3], napi_int32_array, "taps");
  const TypedArray target = toPixels(env, arguments[4], "target");
  if (width < 1 || width > INT32_MAX) throw std::runtime_error("width must be from 1 to 2147483647");

  const int64_t height = divided(source.length, 3 * width, "source");
  const int64_t outputs = divided(target.length, 3 * (alongRows ? height : width), "target");
  const Tensor taps = tensorOf(weights, Dtype::int32, outputs, divided(weights.length, outputs, "taps"), 1);
  if (taps.dim(1) < 2) throw std::runtime_error("taps must have at least two numbers for each output");
  checkTaps(taps, alongRows ? width : height);

  const Tensor inputs[] = {tensorOf(source, Dtype::int8, height, width, 3), taps};
  const Tensor result =
      tensorOf(target, Dtype::int8, alongRows ? height : outputs, alongRows ? outputs : width, 3);
  OneThread thread;
  char error[256] = "";
  const Call call = {inputs, 2, &result, 1, nullptr, 0, &thread, nullptr, nullptr, error};
  const Level level = availableLevel(toString(env, arguments[5], "level"));
  findKernel(level, alongRows ? "resampleRows" : "resampleColumns")->run(call);
  return undefined(env);
}

}  // namespace flava
