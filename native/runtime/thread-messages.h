// Messages between threads that act as the processes of a run, all of them in this process.
#pragma once

#include <memory>

#include "message-passing.h"

namespace flava {

class ThreadGroup;

/** A group of `size` threads, none of which has joined yet. */
std::shared_ptr<ThreadGroup> makeThreadGroup(int32_t size);

/** Joins a group as `rank`; the calling thread is the one that may use the result. */
const FlavaMessagePassing* joinThreadGroup(std::shared_ptr<ThreadGroup> group, int32_t rank);

}  // namespace flava
