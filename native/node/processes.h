// The processes of a run, as JavaScript sees them.
#pragma once

#include <memory>

#include "../runtime/communicator.h"
#include "node-values.h"

namespace flava {

/** The communicator in the options of `open`; null if there is none. */
std::shared_ptr<Communicator> joinedOption(napi_env env, napi_value options);

/** join(library, timeoutSeconds) -> communicator: joins the processes that were started together with this one. */
napi_value join(napi_env env, const Arguments& arguments);

/** joinThreads(size, timeoutSeconds) -> communicators: as many that act as processes, all of them in this one. */
napi_value joinThreads(napi_env env, const Arguments& arguments);

/** gather(communicator, channel, values) -> Promise<ArrayBuffer>: the float32 values of all, in the order of ranks. */
napi_value gather(napi_env env, const Arguments& arguments);

/** leave(communicator): waits until all others leave, too. */
napi_value leave(napi_env env, const Arguments& arguments);

/** abort(communicator, code): ends all processes. */
napi_value abort(napi_env env, const Arguments& arguments);

}  // namespace flava
