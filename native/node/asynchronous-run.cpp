#include "asynchronous-run.h"

#include <cstring>
#include <stdexcept>

namespace flava {

namespace {

/** A run in progress. It keeps the context, the buffers and the abort flag alive until its promise is settled. */
struct AsynchronousRun {
  std::shared_ptr<SharedContext> shared;
  Run run;
  Outcome outcome{};
  napi_deferred deferred = nullptr;
  napi_async_work work = nullptr;
  napi_ref abort = nullptr;
};

// On a libuv worker thread.
void work(napi_env, void* data) {
  AsynchronousRun& task = *static_cast<AsynchronousRun*>(data);
  ThreadPool& pool = task.shared->context.pool();
  const ThreadPool::Vigil vigil(pool);
  task.outcome = execute(*task.run.program, task.run.section, {pool, task.shared->communicator.get()});
}

napi_value fromOutcome(napi_env env, const Outcome& outcome) {
  napi_value result;
  check(env, napi_create_object(env, &result));
  setProperty(env, result, "status", fromInteger(env, static_cast<int64_t>(outcome.status)));
  setProperty(env, result, "instruction", fromInteger(env, outcome.instruction));
  setProperty(env, result, "message", fromString(env, outcome.message));
  return result;
}

// On the JavaScript thread. While its environment is being torn down, JavaScript can no longer be called; the run is
// only released.
void finish(napi_env env, napi_status, void* data) {
  const std::unique_ptr<AsynchronousRun> task(static_cast<AsynchronousRun*>(data));
  task->shared->running = false;
  try {
    napi_resolve_deferred(env, task->deferred, fromOutcome(env, task->outcome));
  } catch (const std::exception& exception) {
    napi_reject_deferred(env, task->deferred, errorFor(env, exception));
  }
  napi_delete_reference(env, task->abort);
  napi_delete_async_work(env, task->work);
}

void copyInputs(napi_env env, const Context& context, napi_value inputs) {
  const int64_t count = arrayLength(env, inputs, "inputs");
  for (int64_t index = 0; index < count; ++index) {
    napi_value input;
    check(env, napi_get_element(env, inputs, static_cast<uint32_t>(index), &input));
    const int64_t id = toInteger(env, property(env, input, "id"), "id of an input");
    const int64_t offset = toInteger(env, property(env, input, "offset"), "offset of an input");
    const TypedArray data = toTypedArray(env, property(env, input, "data"), "data of an input");
    char* target = context.at(id, offset, data.bytes);
    if (data.bytes > 0) std::memcpy(target, data.data, static_cast<size_t>(data.bytes));
  }
}

void start(napi_env env, std::unique_ptr<AsynchronousRun> task, napi_value abort) {
  napi_value name = fromString(env, "flava run");
  check(env, napi_create_reference(env, abort, 1, &task->abort));
  napi_status status = napi_create_async_work(env, nullptr, name, work, finish, task.get(), &task->work);
  if (status == napi_ok) {
    status = napi_queue_async_work(env, task->work);
    if (status != napi_ok) napi_delete_async_work(env, task->work);
  }
  if (status != napi_ok) napi_delete_reference(env, task->abort);
  check(env, status);
  task.release()->shared->running = true;
}

}  // namespace

napi_value runAsynchronously(napi_env env, const std::shared_ptr<SharedContext>& shared, const Arguments& arguments) {
  napi_deferred deferred;
  napi_value promise;
  check(env, napi_create_promise(env, &deferred, &promise));
  try {
    if (shared->running) throw std::runtime_error("a run is already in progress on this context");
    const TypedArray abort = toTypedArrayOf(env, arguments[5], napi_int32_array, "abort");
    if (abort.length < 1) throw std::runtime_error("abort must have one element");
    const Section section = {toInteger(env, arguments[2], "first"), toInteger(env, arguments[3], "last"),
                             toBoolean(env, arguments[4], "inspect"), reinterpret_cast<const int32_t*>(abort.data)};
    auto task = std::make_unique<AsynchronousRun>();
    task->shared = shared;
    task->deferred = deferred;
    task->run = shared->context.prepare(toInteger(env, arguments[1], "programId"), section);
    copyInputs(env, shared->context, arguments[6]);
    start(env, std::move(task), arguments[5]);
  } catch (const std::exception& exception) {
    check(env, napi_reject_deferred(env, deferred, errorFor(env, exception)));
  }
  return promise;
}

}  // namespace flava
