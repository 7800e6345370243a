#include "processes.h"

#include <cstring>
#include <stdexcept>
#include <vector>

#include "../runtime/thread-messages.h"

namespace flava {

namespace {

// Marks the objects returned by `join`, so that no other object is mistaken for a communicator.
constexpr napi_type_tag communicatorTag = {0x5c3be0a7d1f24896, 0x9e27c46a03bd815f};

using Handle = std::shared_ptr<Communicator>;

Handle& handleOf(napi_env env, napi_value value) {
  bool isCommunicator = false;
  void* handle = nullptr;
  if (hasType(env, value, napi_object)) {
    check(env, napi_check_object_type_tag(env, value, &communicatorTag, &isCommunicator));
  }
  if (!isCommunicator) throw std::runtime_error("this is not a communicator that join() returned");
  check(env, napi_unwrap(env, value, &handle));
  Handle& communicator = *static_cast<Handle*>(handle);
  if (!communicator) throw std::runtime_error("this process has left the others");
  return communicator;
}

/** Values on their way to all processes, and those of all. */
struct Gathering {
  Handle communicator;
  int32_t channel;
  std::vector<float> values;  // of all processes
  char error[256] = "";
  napi_deferred deferred = nullptr;
  napi_async_work work = nullptr;
};

// On a libuv worker thread.
void exchange(napi_env, void* data) {
  Gathering& task = *static_cast<Gathering*>(data);
  Tensor tensor{};
  tensor.data = task.values.data();
  tensor.size = static_cast<int64_t>(task.values.size());
  task.communicator->wait(task.communicator->start(Parts::gather, task.channel, &tensor, 1), task.error);
}

// On the JavaScript thread.
void finish(napi_env env, napi_status, void* data) {
  const std::unique_ptr<Gathering> task(static_cast<Gathering*>(data));
  try {
    if (task->error[0] != '\0') throw std::runtime_error(task->error);
    void* target = nullptr;
    napi_value buffer;
    const size_t bytes = task->values.size() * sizeof(float);
    check(env, napi_create_arraybuffer(env, bytes, &target, &buffer));
    if (bytes > 0) std::memcpy(target, task->values.data(), bytes);
    napi_resolve_deferred(env, task->deferred, buffer);
  } catch (const std::exception& exception) {
    napi_reject_deferred(env, task->deferred, errorFor(env, exception));
  }
  napi_delete_async_work(env, task->work);
}

/** What JavaScript knows of a communicator, once all processes have joined. */
napi_value toObject(napi_env env, Handle communicator) {
  communicator->awaitOthers();
  auto handle = std::make_unique<Handle>(std::move(communicator));
  napi_value object;
  check(env, napi_create_object(env, &object));
  setProperty(env, object, "rank", fromInteger(env, (*handle)->rank()));
  setProperty(env, object, "size", fromInteger(env, (*handle)->size()));
  napi_value hosts;
  uint32_t index = 0;
  check(env, napi_create_array(env, &hosts));
  for (const std::string& host : (*handle)->hosts()) {
    check(env, napi_set_element(env, hosts, index++, fromString(env, host)));
  }
  setProperty(env, object, "hosts", hosts);
  const auto finalize = [](napi_env, void* data, void*) { delete static_cast<Handle*>(data); };
  check(env, napi_wrap(env, object, handle.get(), finalize, nullptr, nullptr));
  handle.release();
  check(env, napi_type_tag_object(env, object, &communicatorTag));
  return object;
}

}  // namespace

std::shared_ptr<Communicator> joinedOption(napi_env env, napi_value options) {
  if (hasType(env, options, napi_undefined)) return nullptr;
  const napi_value value = property(env, options, "communicator");
  return hasType(env, value, napi_undefined) ? nullptr : handleOf(env, value);
}

napi_value join(napi_env env, const Arguments& arguments) {
  const std::string library = toString(env, arguments[0], "library");
  const auto timeout = static_cast<double>(toInteger(env, arguments[1], "timeoutSeconds"));
  const auto load = [library] { return loadMessagePassing(library); };
  return toObject(env, std::make_shared<Communicator>(load, timeout));
}

napi_value joinThreads(napi_env env, const Arguments& arguments) {
  const auto size = static_cast<int32_t>(toInteger(env, arguments[0], "size"));
  const auto timeout = static_cast<double>(toInteger(env, arguments[1], "timeoutSeconds"));
  const auto group = makeThreadGroup(size);
  std::vector<Handle> handles;
  for (int32_t rank = 0; rank < size; ++rank) {
    const auto load = [group, rank] { return joinThreadGroup(group, rank); };
    handles.push_back(std::make_shared<Communicator>(load, timeout));
  }
  napi_value array;
  check(env, napi_create_array(env, &array));
  for (uint32_t rank = 0; rank < handles.size(); ++rank) {
    check(env, napi_set_element(env, array, rank, toObject(env, handles[rank])));
  }
  return array;
}

napi_value gather(napi_env env, const Arguments& arguments) {
  const TypedArray given = toTypedArrayOf(env, arguments[2], napi_float32_array, "values");
  auto task = std::make_unique<Gathering>();
  task->communicator = handleOf(env, arguments[0]);
  task->channel = static_cast<int32_t>(toInteger(env, arguments[1], "channel"));
  const Communicator& communicator = *task->communicator;
  task->values.resize(static_cast<size_t>(given.length * communicator.size()));
  if (given.bytes > 0) {
    std::memcpy(task->values.data() + communicator.rank() * given.length, given.data, static_cast<size_t>(given.bytes));
  }
  napi_value promise;
  check(env, napi_create_promise(env, &task->deferred, &promise));
  napi_value name = fromString(env, "flava gather");
  check(env, napi_create_async_work(env, nullptr, name, exchange, finish, task.get(), &task->work));
  check(env, napi_queue_async_work(env, task->work));
  task.release();
  return promise;
}

napi_value leave(napi_env env, const Arguments& arguments) {
  handleOf(env, arguments[0]).reset();
  return undefined(env);
}

napi_value abort(napi_env env, const Arguments& arguments) {
  handleOf(env, arguments[0])->abort(static_cast<int32_t>(toInteger(env, arguments[1], "code")));
}

}  // namespace flava
