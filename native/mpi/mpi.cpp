// Messages between processes by MPI.
#include <mpi.h>

#include <cstdio>

#include "../runtime/message-passing.h"

struct FlavaMessage {
  MPI_Request request;
};

namespace {

int32_t open(int32_t* rank, int32_t* size, char* error) {
  int provided = 0, isInitialized = 0;
  MPI_Initialized(&isInitialized);
  if (isInitialized) {
    std::snprintf(error, 256, "this process has already joined; it can do so once");
    return 1;
  }
  const int code = MPI_Init_thread(nullptr, nullptr, MPI_THREAD_FUNNELED, &provided);
  if (code != MPI_SUCCESS || provided < MPI_THREAD_FUNNELED) {
    std::snprintf(error, 256, "MPI_Init_thread failed with code %d, thread level %d", code, provided);
    return 1;
  }
  MPI_Comm_rank(MPI_COMM_WORLD, rank);
  MPI_Comm_size(MPI_COMM_WORLD, size);
  return 0;
}

FlavaMessage* send(const void* data, int64_t bytes, int32_t to, int32_t tag) {
  auto* message = new FlavaMessage;
  MPI_Isend(data, static_cast<int>(bytes), MPI_BYTE, to, tag, MPI_COMM_WORLD, &message->request);
  return message;
}

FlavaMessage* receive(void* data, int64_t bytes, int32_t from, int32_t tag) {
  auto* message = new FlavaMessage;
  MPI_Irecv(data, static_cast<int>(bytes), MPI_BYTE, from, tag, MPI_COMM_WORLD, &message->request);
  return message;
}

int32_t isDone(FlavaMessage* message) {
  int done = 0;
  MPI_Test(&message->request, &done, MPI_STATUS_IGNORE);
  if (done) delete message;
  return done;
}

void close() { MPI_Finalize(); }

void abort(int32_t code) { MPI_Abort(MPI_COMM_WORLD, code); }

constexpr FlavaMessagePassing messagePassing{open, send, receive, isDone, close, abort};

}  // namespace

extern "C" [[gnu::visibility("default")]] const FlavaMessagePassing* flavaMessagePassing() { return &messagePassing; }
