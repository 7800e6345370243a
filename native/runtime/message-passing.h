// What flava needs of MPI: messages between two processes. The library of native/mpi implements it for the MPI that it is
// compiled against, and is loaded at run time, so that the addon itself needs no MPI.
#pragma once

#include <cstdint>

extern "C" {

/** A message on its way. */
typedef struct FlavaMessage FlavaMessage;

/** All functions are called on one thread, the one that called `open`. */
struct FlavaMessagePassing {
  /** Joins the other processes; returns 0, or an error with its text in `error` (256 bytes). */
  int32_t (*open)(int32_t* rank, int32_t* size, char* error);
  /** Messages from one process to another with the same tag arrive in the order in which they were sent. */
  FlavaMessage* (*send)(const void* data, int64_t bytes, int32_t to, int32_t tag);
  FlavaMessage* (*receive)(void* data, int64_t bytes, int32_t from, int32_t tag);
  /** Whether the message has arrived, or its memory may be reused. Then it is freed. */
  int32_t (*isDone)(FlavaMessage* message);
  /** Leaves the others, after all of them have called it. */
  void (*close)();
  /** Ends all processes. */
  void (*abort)(int32_t code);
};

/** The name of the function, without arguments, that returns the `FlavaMessagePassing` of a library. */
#define FLAVA_MESSAGE_PASSING "flavaMessagePassing"
}

namespace flava {

/** Messages are at most this long: MPI counts bytes in an int. */
constexpr int64_t maxMessageBytes = int64_t{1} << 30;

}  // namespace flava
