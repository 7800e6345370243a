// One collective operation in progress.
#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include "kernel.h"
#include "message-passing.h"

namespace flava {

/** Consecutive bytes in memory. */
struct Piece {
  char* data;
  int64_t bytes;
};

/**
 * Tensors of which each process has a slice (see Parts). To reduce, every process sends each
 * slice to the process that it belongs to, which adds all versions of its slice in the order of a fixed binary tree. To
 * gather, every process sends its slice to all others. Together this is an all-reduce; each number is sent twice. Sums of
 * bfloat16 are rounded wherever two are added.
 */
class Exchange {
 public:
  /** @param tensors of one dtype, float32 or bfloat16 */
  Exchange(Parts parts, int32_t channel, const Tensor* tensors, int32_t count);

  /** Bytes that it needs for what it receives before it is added up. */
  int64_t neededBytes(int32_t rank, int32_t size) const;
  /** Those that it has. */
  int64_t heldBytes() const { return heldBytes_; }
  /** Sends and receives the first messages. */
  void begin(const FlavaMessagePassing& messages, int32_t rank, int32_t size);
  bool hasBegun() const { return phase_ != Phase::waiting; }
  std::chrono::steady_clock::time_point begun() const { return begun_; }

  /** Sends and receives what is due; true when everything has been. Called again and again on one thread. */
  bool progress(const FlavaMessagePassing& messages, int32_t rank, int32_t size);
  /** The lowest rank whose message is missing, or that has not taken one; -1 if there is none. */
  int32_t awaited() const;

  bool done = false;  // guarded by the communicator's mutex

 private:
  enum class Phase { waiting, reducing, gathering };

  struct Pending {
    FlavaMessage* message;
    int32_t rank;
  };

  bool gathersOnly() const { return parts_ == Parts::gather || parts_ == Parts::gatherBlocks; }
  std::vector<Piece> slice(int32_t rank, int32_t size) const;
  std::vector<Piece> sliceOfBlocks(int32_t rank, int32_t size) const;
  void send(const FlavaMessagePassing& messages, const std::vector<Piece>& pieces, int32_t to);
  void receive(const FlavaMessagePassing& messages, const std::vector<Piece>& pieces, int32_t from);
  void scatter(const FlavaMessagePassing& messages, int32_t rank, int32_t size);
  void gather(const FlavaMessagePassing& messages, int32_t rank, int32_t size);
  void sum(int32_t rank, int32_t size);
  int32_t tag() const;

  const Parts parts_;
  const int32_t channel_;
  const Dtype dtype_;
  std::vector<Piece> tensors_;
  int64_t count_ = 0;  // of all numbers
  Phase phase_ = Phase::waiting;
  std::chrono::steady_clock::time_point begun_;
  std::vector<Pending> pending_;
  // Other versions of the own slice, by rank. What is received need not be set to zero before.
  std::vector<std::unique_ptr<char[]>> received_;
  int64_t heldBytes_ = 0;
};

}  // namespace flava
