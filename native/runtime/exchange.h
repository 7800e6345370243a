// One collective operation in progress.
#pragma once

#include <chrono>
#include <vector>

#include "kernel.h"
#include "message-passing.h"

namespace flava {

/** Consecutive numbers in memory. */
struct Piece {
  float* data;
  int64_t count;
};

/**
 * Tensors seen as one row of numbers, which is cut into a slice for each process. To reduce, every process sends each
 * slice to the process that it belongs to, which adds all versions of its slice in the order of a fixed binary tree. To
 * gather, every process sends its slice to all others. Together this is an all-reduce; each number is sent twice.
 */
class Exchange {
 public:
  Exchange(Parts parts, int32_t channel, const Tensor* tensors, int32_t count);

  /** Sends and receives what is due; true when everything has been. Called again and again on one thread. */
  bool progress(const FlavaMessagePassing& messages, int32_t rank, int32_t size);
  /** The lowest rank whose message is missing, or that has not taken one; -1 if there is none. */
  int32_t awaited() const;

  const std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();
  bool done = false;  // guarded by the communicator's mutex

 private:
  enum class Phase { begin, reducing, gathering };

  struct Pending {
    FlavaMessage* message;
    int32_t rank;
  };

  std::vector<Piece> slice(int32_t rank, int32_t size) const;
  void send(const FlavaMessagePassing& messages, const std::vector<Piece>& pieces, int32_t to);
  void receive(const FlavaMessagePassing& messages, const std::vector<Piece>& pieces, int32_t from);
  void scatter(const FlavaMessagePassing& messages, int32_t rank, int32_t size);
  void gather(const FlavaMessagePassing& messages, int32_t rank, int32_t size);
  void sum(int32_t rank, int32_t size);
  int32_t tag() const;

  const Parts parts_;
  const int32_t channel_;
  std::vector<Piece> tensors_;
  int64_t count_ = 0;
  Phase phase_ = Phase::begin;
  std::vector<Pending> pending_;
  std::vector<std::vector<float>> received_;  // other versions of the own slice, by rank
};

/**
 * The sum of `count` rows of numbers in the order of a binary tree: the largest power of two below `count` on its left, the
 * rest on its right, and so on. Sums over aligned groups of equal size, added in this way, give the same bits.
 */
void treeSum(const float* const* rows, int32_t count, int64_t length, float* sum);

}  // namespace flava
