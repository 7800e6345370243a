// Runs a program off the JavaScript thread.
#pragma once

#include <memory>
#include <utility>

#include "../runtime/communicator.h"
#include "../runtime/context.h"
#include "node-values.h"

namespace flava {

/** A context as JavaScript holds it: `running` belongs to the JavaScript thread. */
struct SharedContext {
  Context context;
  const std::shared_ptr<Communicator> communicator;  // null if there are no other processes
  bool running = false;

  SharedContext(Level level, int threads, std::shared_ptr<Communicator> joined)
      : context(level, threads), communicator(std::move(joined)) {}
};

/**
 * The JavaScript function
 * run(context, programId, first, last, inspect, abort, inputs) -> Promise<{ status, instruction, message }>,
 * given the context behind its first argument. Misuse rejects the promise.
 */
napi_value runAsynchronously(napi_env env, const std::shared_ptr<SharedContext>& shared, const Arguments& arguments);

}  // namespace flava
