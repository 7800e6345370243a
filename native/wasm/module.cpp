// The functions of the WebAssembly module, called by src/backend/wasm. There is no other state than that of the module:
// a backend is a memory of its own, with one instance for each thread.
#include "../runtime/kernel.h"
#include "heap.h"
#include "registry.h"
#include "threads.h"

#define FLAVA_EXPORT(name) extern "C" [[clang::export_name(#name)]]

extern "C" void __wasm_call_ctors();  // the linker's

namespace flava {

namespace {

Threads threads;
char message[256];

/** Memory for the tensors of one instruction, valid until the next call. */
Tensor* operandsFor(int32_t count) {
  static char* memory = nullptr;
  static int32_t capacity = 0;
  if (count > capacity) {
    release(memory);
    memory = allocate(int64_t{count} * static_cast<int64_t>(sizeof(Tensor)));
    capacity = count;
    if (memory == nullptr) endForMemory();
  }
  return reinterpret_cast<Tensor*>(memory);
}

int64_t integer(const double*& word) { return static_cast<int64_t>(*word++); }

/** Reads buffer, byte offset, dtype, rank and sizes. Buffer 0 is the arena; offsets in buffer 1 are addresses. */
Tensor tensorAt(const double*& word, char* arena) {
  Tensor tensor{};
  char* const base = integer(word) == 0 ? arena : nullptr;
  tensor.data = reinterpret_cast<char*>(reinterpret_cast<size_t>(base) + static_cast<size_t>(integer(word)));
  tensor.dtype = static_cast<Dtype>(integer(word));
  tensor.rank = static_cast<int32_t>(integer(word));
  tensor.size = 1;
  for (int32_t axis = 0; axis < tensor.rank; ++axis) tensor.size *= tensor.dims[axis] = integer(word);
  return tensor;
}

}  // namespace

}  // namespace flava

using namespace flava;

/** Registers the kernels. Called once, by the first instance on a memory, before anything else. */
FLAVA_EXPORT(initialize) void initialize(int32_t threadCount) {
  __wasm_call_ctors();
  threads.setCount(threadCount);
}

/** The signature of the kernel of this index, terminated by zero; null behind the last one. */
FLAVA_EXPORT(signature) const char* signature(int32_t kernel) {
  const RegisteredKernel* found = kernelAt(kernel);
  return found ? found->signature : nullptr;
}

/** Zeroed memory; null if there is not enough. */
FLAVA_EXPORT(allocate) char* allocateBytes(double bytes) { return allocate(static_cast<int64_t>(bytes)); }

FLAVA_EXPORT(release) void releaseBytes(char* data) { release(data); }

/**
 * Runs the instruction that begins at `word`, encoded as src/backend/encode.ts describes, with the index of the kernel in
 * place of that of its signature. Returns where the next one begins; null if the kernel failed, and `error` says why.
 */
FLAVA_EXPORT(execute) const double* execute(const double* word, char* arena) {
  Call call{};
  const int64_t kernel = integer(word);
  call.inputCount = static_cast<int32_t>(integer(word));
  call.outputCount = static_cast<int32_t>(integer(word));
  ++word;  // how many outputs must be finite, which only an inspection asks
  call.attributeCount = static_cast<int32_t>(integer(word));
  const int32_t count = call.inputCount + call.outputCount;
  Tensor* const operands = operandsFor(count);
  for (int32_t index = 0; index < count; ++index) operands[index] = tensorAt(word, arena);
  call.inputs = operands;
  call.outputs = operands + call.inputCount;
  call.attributes = word;
  call.parallel = &threads;
  call.error = message;
  message[0] = '\0';
  kernelAt(static_cast<int32_t>(kernel))->run(call);
  return message[0] == '\0' ? word + call.attributeCount : nullptr;
}

/** The message of the kernel that failed last, terminated by zero. */
FLAVA_EXPORT(error) const char* error() { return message; }

/** Whether a kernel ended because there was no scratch memory. The module cannot be used any more. */
FLAVA_EXPORT(isOutOfMemory) bool isOutOfMemory() { return outOfMemory; }

/** Makes the calling instance thread `thread` of the module, from 1 on. Never returns. */
FLAVA_EXPORT(join) void join(int32_t thread) { threads.join(thread); }
