// Node-API bindings: the functions called by src/backend/native.ts. There is no per-process state, so every worker
// thread may load the module.
#include <chrono>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <thread>

#include "asynchronous-run.h"
#include "../runtime/context.h"
#include "../runtime/levels.h"
#include "node-values.h"
#include "processes.h"
#include "resample.h"

namespace flava {

namespace {

// Marks the objects returned by `open`, so that no other object is mistaken for a context.
constexpr napi_type_tag contextTag = {0x8d1f7c0a52b94e63, 0xa6f03be19d7c4285};
constexpr int64_t maxThreads = 1024;

using ContextHandle = std::shared_ptr<SharedContext>;

ContextHandle& handleOf(napi_env env, napi_value value) {
  bool isContext = false;
  void* handle = nullptr;
  if (hasType(env, value, napi_object)) {
    check(env, napi_check_object_type_tag(env, value, &contextTag, &isContext));
  }
  if (!isContext) throw std::runtime_error("the first argument must be a context that open() returned");
  check(env, napi_unwrap(env, value, &handle));
  return *static_cast<ContextHandle*>(handle);
}

ContextHandle& openHandleOf(napi_env env, napi_value value) {
  ContextHandle& handle = handleOf(env, value);
  if (!handle) throw std::runtime_error("the context is closed");
  return handle;
}

Context& contextOf(napi_env env, napi_value value) { return openHandleOf(env, value)->context; }

napi_value levels(napi_env env, const Arguments&) {
  napi_value names;
  check(env, napi_create_array(env, &names));
  uint32_t index = 0;
  for (Level level : availableLevels()) {
    check(env, napi_set_element(env, names, index++, fromString(env, nameOf(level))));
  }
  return names;
}

int threadsOption(napi_env env, napi_value options) {
  const napi_value value = hasType(env, options, napi_undefined) ? options : property(env, options, "threads");
  if (hasType(env, value, napi_undefined)) {
    const unsigned cores = std::thread::hardware_concurrency();
    return cores < 1 ? 1 : static_cast<int>(cores);
  }
  const int64_t threads = toInteger(env, value, "threads");
  if (threads < 1 || threads > maxThreads) {
    throw std::runtime_error("threads must be from 1 to " + std::to_string(maxThreads) + ", not " +
                             std::to_string(threads));
  }
  return static_cast<int>(threads);
}

void transposeMatrices(const uint32_t* from, uint32_t* to, int64_t count, int64_t rows, int64_t columns) {
  for (int64_t matrix = 0; matrix < count; ++matrix, from += rows * columns) {
    for (int64_t column = 0; column < columns; ++column) {
      for (int64_t row = 0; row < rows; ++row) *to++ = from[row * columns + column];
    }
  }
}

Level levelOption(napi_env env, napi_value options) {
  const napi_value value = hasType(env, options, napi_undefined) ? options : property(env, options, "level");
  return hasType(env, value, napi_undefined) ? availableLevels().back() : availableLevel(toString(env, value, "level"));
}

napi_value open(napi_env env, const Arguments& arguments) {
  const int threads = threadsOption(env, arguments[0]);
  const Level level = levelOption(env, arguments[0]);
  auto handle =
      std::make_unique<ContextHandle>(std::make_shared<SharedContext>(level, threads, joinedOption(env, arguments[0])));
  const auto finalize = [](napi_env, void* data, void*) { delete static_cast<ContextHandle*>(data); };
  napi_value object;
  check(env, napi_create_object(env, &object));
  check(env, napi_wrap(env, object, handle.get(), finalize, nullptr, nullptr));
  handle.release();
  check(env, napi_type_tag_object(env, object, &contextTag));
  return object;
}

napi_value describe(napi_env env, const Arguments& arguments) {
  Context& context = contextOf(env, arguments[0]);
  napi_value description;
  check(env, napi_create_object(env, &description));
  setProperty(env, description, "level", fromString(env, nameOf(context.level())));
  setProperty(env, description, "threads", fromInteger(env, context.pool().threads()));
  return description;
}

napi_value allocate(napi_env env, const Arguments& arguments) {
  return fromInteger(env, contextOf(env, arguments[0]).allocate(toInteger(env, arguments[1], "bytes")));
}

/** A new buffer that maps the first `bytes` bytes of an open file; 0 if it cannot be mapped. */
napi_value map(napi_env env, const Arguments& arguments) {
  Context& context = contextOf(env, arguments[0]);
  const int64_t file = toInteger(env, arguments[1], "file");
  const int64_t bytes = toInteger(env, arguments[2], "bytes");
  const int64_t id = context.allocate(bytes);
  bool mapped = false;
  try {
    mapped = mapFile(static_cast<int>(file), context.at(id, 0, bytes), bytes);
  } catch (...) {
    context.free(id);
    throw;
  }
  if (!mapped) context.free(id);
  return fromInteger(env, mapped ? id : 0);
}

napi_value free(napi_env env, const Arguments& arguments) {
  contextOf(env, arguments[0]).free(toInteger(env, arguments[1], "id"));
  return undefined(env);
}

napi_value reserveArena(napi_env env, const Arguments& arguments) {
  contextOf(env, arguments[0]).reserveArena(toInteger(env, arguments[1], "bytes"));
  return undefined(env);
}

napi_value write(napi_env env, const Arguments& arguments) {
  const TypedArray source = toTypedArray(env, arguments[3], "data");
  char* target = contextOf(env, arguments[0])
                     .at(toInteger(env, arguments[1], "id"), toInteger(env, arguments[2], "byteOffset"), source.bytes);
  if (source.bytes > 0) std::memcpy(target, source.data, static_cast<size_t>(source.bytes));
  return undefined(env);
}

/** Writes matrices of 4-byte elements, one after another, each transposed. */
napi_value writeTransposed(napi_env env, const Arguments& arguments) {
  const TypedArray source = toTypedArrayOf(env, arguments[3], napi_float32_array, "data");
  const int64_t rows = toInteger(env, arguments[4], "rows"), columns = toInteger(env, arguments[5], "columns");
  if (rows < 1 || columns < 1 || source.length % rows != 0 || source.length / rows % columns != 0) {
    throw std::runtime_error("data must consist of whole matrices with at least one row and column");
  }
  char* target = contextOf(env, arguments[0])
                     .at(toInteger(env, arguments[1], "id"), toInteger(env, arguments[2], "byteOffset"), source.bytes);
  transposeMatrices(reinterpret_cast<const uint32_t*>(source.data), reinterpret_cast<uint32_t*>(target),
                    source.length / rows / columns, rows, columns);
  return undefined(env);
}

napi_value read(napi_env env, const Arguments& arguments) {
  const int64_t bytes = toInteger(env, arguments[3], "byteLength");
  const char* source = contextOf(env, arguments[0])
                           .at(toInteger(env, arguments[1], "id"), toInteger(env, arguments[2], "byteOffset"), bytes);
  void* target = nullptr;
  napi_value buffer;
  check(env, napi_create_arraybuffer(env, static_cast<size_t>(bytes), &target, &buffer));
  if (bytes > 0) std::memcpy(target, source, static_cast<size_t>(bytes));
  return buffer;
}

napi_value load(napi_env env, const Arguments& arguments) {
  Context& context = contextOf(env, arguments[0]);
  const std::vector<std::string> signatures = toStrings(env, arguments[1], "signatures");
  const TypedArray words = toTypedArrayOf(env, arguments[2], napi_float64_array, "words");
  return fromInteger(env, context.load(signatures, reinterpret_cast<const double*>(words.data),
                                       static_cast<size_t>(words.length)));
}

napi_value unload(napi_env env, const Arguments& arguments) {
  contextOf(env, arguments[0]).unload(toInteger(env, arguments[1], "programId"));
  return undefined(env);
}

napi_value run(napi_env env, const Arguments& arguments) {
  return runAsynchronously(env, openHandleOf(env, arguments[0]), arguments);
}

/** Runs a section on this thread, again and again for so many milliseconds; returns the seconds of the fastest run. */
napi_value time(napi_env env, const Arguments& arguments) {
  const ContextHandle& handle = openHandleOf(env, arguments[0]);
  if (handle->running) throw std::runtime_error("a run is already in progress on this context");
  Context& context = handle->context;
  const Section section{toInteger(env, arguments[2], "first"), toInteger(env, arguments[3], "last"), false, nullptr};
  const Run run = context.prepare(toInteger(env, arguments[1], "programId"), section);
  const auto limit = std::chrono::milliseconds(toInteger(env, arguments[4], "milliseconds"));
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  double least = 0;
  do {
    const auto begin = Clock::now();
    const Outcome outcome = execute(*run.program, section, {context.pool(), nullptr});
    if (outcome.status != Status::done) throw std::runtime_error(outcome.message);
    const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    if (least == 0 || seconds < least) least = seconds;
  } while (Clock::now() - start < limit);
  napi_value result;
  check(env, napi_create_double(env, least, &result));
  return result;
}

/** Joins the threads and frees all memory; closing again does nothing. */
napi_value close(napi_env env, const Arguments& arguments) {
  ContextHandle& handle = handleOf(env, arguments[0]);
  if (handle && handle->running) throw std::runtime_error("cannot close the context during a run");
  handle.reset();
  return undefined(env);
}

template <napi_value (*function)(napi_env, const Arguments&)>
void exportFunction(napi_env env, napi_value exports, const char* name) {
  napi_value value;
  check(env, napi_create_function(env, name, NAPI_AUTO_LENGTH, guarded<function>, nullptr, &value));
  setProperty(env, exports, name, value);
}

}  // namespace

}  // namespace flava

NAPI_MODULE_INIT() {
  using namespace flava;
  try {
    exportFunction<levels>(env, exports, "levels");
    exportFunction<flava::open>(env, exports, "open");
    exportFunction<describe>(env, exports, "describe");
    exportFunction<allocate>(env, exports, "allocate");
    exportFunction<map>(env, exports, "map");
    exportFunction<flava::free>(env, exports, "free");
    exportFunction<reserveArena>(env, exports, "reserveArena");
    exportFunction<flava::write>(env, exports, "write");
    exportFunction<writeTransposed>(env, exports, "writeTransposed");
    exportFunction<flava::read>(env, exports, "read");
    exportFunction<load>(env, exports, "load");
    exportFunction<unload>(env, exports, "unload");
    exportFunction<run>(env, exports, "run");
    exportFunction<flava::time>(env, exports, "time");
    exportFunction<resample>(env, exports, "resample");
    exportFunction<join>(env, exports, "join");
    exportFunction<joinThreads>(env, exports, "joinThreads");
    exportFunction<gather>(env, exports, "gather");
    exportFunction<leave>(env, exports, "leave");
    exportFunction<flava::abort>(env, exports, "abort");
    exportFunction<flava::close>(env, exports, "close");
    return exports;
  } catch (const std::exception& exception) {
    napi_throw(env, errorFor(env, exception));
    return nullptr;
  }
}
