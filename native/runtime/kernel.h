// The interface of kernels: tensors, attributes, threads, scratch memory, and failure with a message.
//
// Kernel files include this header and those of simd/ only. They are compiled once per processor level, each time in a
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

/** Distributes work over threads; implemented by the thread pool. */
struct Parallel {
  using Body = void (*)(void* closure, int64_t begin, int64_t end, int thread);
  /**
   * Calls body on disjoint ranges that cover [0, count), each at most `grain` long and starting at a multiple of
   * `grain`, on any of the threads. Which thread runs which range is not determined: results must depend on the range
   * only. Runs on the calling thread if count <= grain.
   */
  virtual void run(int64_t count, int64_t grain, Body body, void* closure) = 0;
  virtual int threads() const = 0;
  /** Memory of one thread, aligned to 64 bytes, valid until the kernel returns; a later call may move it. */
  virtual void* scratch(int thread, int64_t bytes) = 0;
  /** Memory shared by all threads of this kernel call, aligned to 64 bytes; call it once, outside `run`. */
  virtual void* shared(int64_t bytes) = 0;

 protected:
  ~Parallel() = default;
};

/**
 * What a collective operation does with tensors of which each process has a slice: of all of them seen as one row of numbers, or,
 * by blocks, of each tensor the same share of its blocks of `numbersPerBlock` numbers, rounded to whole ones.
 */
enum class Parts : int32_t {
  /** Each process gets the sum of all versions of its slice. */
  reduce = 0,
  /** All processes get the slice of each. */
  gather = 1,
  /** One after the other: all processes get the sum. */
  reduceAndGather = 2,
  reduceBlocks = 3,
  gatherBlocks = 4,
};
constexpr int64_t numbersPerBlock = 8192;

/** Operations in which all processes of a run take part; implemented by the communicator. */
struct Collectives {
  /**
   * Starts an operation on tensors, which belong to it until the call of `wait` with the ticket that is returned.
   * All processes start the operations of one channel in the same order.
   */
  virtual int64_t start(Parts parts, int32_t channel, const Tensor* tensors, int32_t count) = 0;
  /** Blocks until the operation is done; false, with a message of at most 256 bytes, if it fails. */
  virtual bool wait(int64_t ticket, char* error) = 0;

 protected:
  ~Collectives() = default;
};

/** How a product of `ofRows` rows is cut into blocks: of so many rows and panels. */
struct BlockChoice {
  int64_t ofRows, rows, panels;
};
/** Choices of an instruction: for a right operand in place, and for one to be packed. */
constexpr int choicesOfInstruction = 2;

/** One call of a kernel. */
struct Call {
  const Tensor* inputs;
  int32_t inputCount;
  const Tensor* outputs;
  int32_t outputCount;
  const double* attributes;  // in the order of the kernel's attribute type; see FLAVA_KERNEL
  int32_t attributeCount;
  Parallel* parallel;
  Collectives* collectives;  // null if there are no other processes
  BlockChoice* choices;  // made in the instruction's first run and kept with it, at first zero; null if none are kept
  char* error;  // 256 bytes; the kernel fails when it writes a message here

  const Tensor& in(int index) const { return inputs[index]; }
  const Tensor& out(int index) const { return outputs[index]; }
};

using Kernel = void (*)(const Call& call);

/**
 * Processor levels: those of x86 and those of Arm follow `portable`, each with the instructions of the ones before.
 * The emulated levels test code for AVX-512 and AMX on processors without them, and are built on request only.
 */
enum class Level : int32_t {
  portable = 0,
  avx2 = 1,
  avx512 = 2,
  avx512bf16 = 3,
  amx = 4,
  avx512Emulated = 5,
  avx512bf16Emulated = 6,
  amxEmulated = 7,
  neonBf16 = 8,
};
constexpr int levelCount = 9;

/** Adds a kernel to the registry; called by static initializers through FLAVA_KERNEL. */
bool registerKernel(Level level, const char* name, Kernel kernel);
/** Appends to the attributes of a registered kernel. */
void declareAttribute(Level level, const char* kernel, const char* attribute);

/** An attribute that is a list of numbers; it comes last. */
struct Numbers {
  const double* values;

  int64_t operator[](int index) const { return static_cast<int64_t>(values[index]); }
};

/** Fills the fields of an attribute type, in order, from the attributes of a call. */
struct AttributeReader {
  const double* next;

  template <class Field>
  void operator()(const char*, Field& field) {
    field = static_cast<Field>(*next++);
  }
  void operator()(const char*, Numbers& field) { field.values = next; }
};

/** Declares the fields of an attribute type to the registry. */
struct AttributeDeclarer {
  Level level;
  const char* kernel;

  template <class Field>
  void operator()(const char* attribute, Field&) {
    declareAttribute(level, kernel, attribute);
  }
};

/** Registers a kernel function without attributes, ... */
template <auto function>
struct KernelEntry;

template <void (*function)(const Call&)>
struct KernelEntry<function> {
  static bool enter(Level level, const char* name) { return registerKernel(level, name, function); }
};

/** ... or one that is called with its attributes. */
template <class Attributes, void (*function)(const Call&, const Attributes&)>
struct KernelEntry<function> {
  static void run(const Call& call) {
    Attributes attributes{};
    AttributeReader reader{call.attributes};
    attributes.list(reader);
    function(call, attributes);
  }
  static bool enter(Level level, const char* name) {
    registerKernel(level, name, run);
    // Not initialized: this runs on every processor, and zeros would be stored by instructions that some lack.
    Attributes attributes;
    AttributeDeclarer declarer{level, name};
    attributes.list(declarer);
    return true;
  }
};

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

// FLAVA_LEVEL is given by the build: a name of the enumeration Level. Kernel files put all their code in FLAVA_NAMESPACE
// and name their kernels with FLAVA_KERNEL("name", function).
//
// A kernel with attributes takes them as its second parameter. Their type lists them in the order of the operation's
// schema in TypeScript, an enumeration with its values, a list of numbers with brackets:
//
//   struct Attributes {
//     float scale;
//     MaskKind mask;
//     Numbers starts;
//
//     template <class Field>
//     void list(Field& field) {
//       field("scale", scale);
//       field("mask:none|lengths", mask);
//       field("starts[]", starts);
//     }
//   };
#ifdef FLAVA_LEVEL
#define FLAVA_JOIN_(a, b) a##b
#define FLAVA_JOIN(a, b) FLAVA_JOIN_(a, b)
#define FLAVA_NAMESPACE flava::FLAVA_JOIN(FLAVA_LEVEL, Level)
#define FLAVA_KERNEL(name, function)                              \
  static const bool FLAVA_JOIN(registered_, function) [[gnu::used]] = \
      ::flava::KernelEntry<function>::enter(::flava::Level::FLAVA_LEVEL, name)
#endif
