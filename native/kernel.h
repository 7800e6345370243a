// What a kernel sees: tensors, attributes, threads, scratch memory, and a way to fail in words.
//
// Kernel files include this header and "simd.h" only. They are compiled once per processor level, each time in a
// namespace of its own (FLAVA_LEVEL), so they must not instantiate standard-library templates: the linker would merge
// copies built for different processors.
#pragma once

#include <cstddef>
#include <cstdint>

namespace flava {

enum class Dtype : int32_t { float32 = 0, bfloat16 = 1, int8 = 2, int32 = 3 };

constexpr int64_t bytesOf(Dtype dtype) {
  return dtype == Dtype::float32 || dtype == Dtype::int32 ? 4 : dtype == Dtype::bfloat16 ? 2 : 1;
}

constexpr int maxRank = 8;

/** A dense, row-major tensor. `data` is aligned to 64 bytes unless it is a view into another tensor. */
struct Tensor {
  void* data;
  Dtype dtype;
  int32_t rank;
  int64_t dims[maxRank];
  int64_t size;  // number of elements

  template <class T>
  T* as() const {
    return static_cast<T*>(data);
  }
  /** Size of axis `axis`; negative axes count from the end. */
  int64_t dim(int axis) const { return dims[axis < 0 ? rank + axis : axis]; }
  /** Product of all axes but the last: the rows of a [..., D] tensor. */
  int64_t rows() const {
    int64_t rows = 1;
    for (int axis = 0; axis < rank - 1; ++axis) rows *= dims[axis];
    return rows;
  }
};

/** Splits work among threads; implemented by the thread pool. */
struct Parallel {
  using Body = void (*)(void* closure, int64_t begin, int64_t end, int thread);
  /**
   * Calls body on disjoint ranges that cover [0, count), each at most `grain` long and starting at a multiple of
   * `grain`, on any of the threads. Which thread runs which range is not determined: a result must depend on the range
   * alone. Runs on the calling thread alone when count <= grain.
   */
  virtual void run(int64_t count, int64_t grain, Body body, void* closure) = 0;
  virtual int threads() const = 0;
  /** Memory of one thread, aligned to 64 bytes, valid until the kernel returns; a later call may move it. */
  virtual void* scratch(int thread, int64_t bytes) = 0;
  /** Memory shared by all threads of this kernel call, aligned to 64 bytes; ask once, outside of `run`. */
  virtual void* shared(int64_t bytes) = 0;

 protected:
  ~Parallel() = default;
};

/** One call of a kernel. */
struct Call {
  const Tensor* inputs;
  int32_t inputCount;
  const Tensor* outputs;
  int32_t outputCount;
  const double* attributes;
  int32_t attributeCount;
  Parallel* parallel;
  char* error;  // 256 bytes; the kernel fails when it writes a message here

  const Tensor& in(int index) const { return inputs[index]; }
  const Tensor& out(int index) const { return outputs[index]; }
  double attribute(int index) const { return attributes[index]; }
  int64_t integer(int index) const { return static_cast<int64_t>(attributes[index]); }
};

using Kernel = void (*)(const Call& call);

enum class Level : int32_t { portable = 0, avx2 = 1, avx512 = 2, avx512bf16 = 3 };
constexpr int levelCount = 4;

/** Adds a kernel to the table of its level; called by static initializers through FLAVA_KERNEL. */
bool registerKernel(Level level, const char* name, Kernel kernel);

/** Calls `body(begin, end, thread)` in parallel over [0, count). See Parallel::run. */
template <class Body>
void parallelFor(const Call& call, int64_t count, int64_t grain, Body body) {
  if (count <= 0) return;
  call.parallel->run(
      count, grain < 1 ? 1 : grain,
      [](void* closure, int64_t begin, int64_t end, int thread) {
        (*static_cast<Body*>(closure))(begin, end, thread);
      },
      &body);
}

}  // namespace flava

// FLAVA_LEVEL is given by the build: portable, avx2, avx512 or avx512bf16. Kernel files put all their code in
// FLAVA_NAMESPACE and name their kernels with FLAVA_KERNEL("name", function).
#ifdef FLAVA_LEVEL
#define FLAVA_JOIN_(a, b) a##b
#define FLAVA_JOIN(a, b) FLAVA_JOIN_(a, b)
#define FLAVA_NAMESPACE flava::FLAVA_JOIN(FLAVA_LEVEL, Level)
#define FLAVA_KERNEL(name, function)                              \
  static const bool FLAVA_JOIN(registered_, function) [[gnu::used]] = \
      ::flava::registerKernel(::flava::Level::FLAVA_LEVEL, name, function)
#endif
