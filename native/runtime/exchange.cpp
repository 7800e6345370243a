#include "exchange.h"

#include <algorithm>
#include <cstring>

namespace flava {

namespace {

constexpr int64_t blockLength = 2048;  // numbers summed at a time, which fit into the first-level cache

void addTree(const float* const* rows, int32_t count, int64_t offset, int64_t length, float* sum) {
  if (count == 1) {
    std::memcpy(sum, rows[0] + offset, static_cast<size_t>(length) * sizeof(float));
    return;
  }
  int32_t left = 1;
  while (2 * left < count) left *= 2;
  float right[blockLength];
  addTree(rows, left, offset, length, sum);
  addTree(rows + left, count - left, offset, length, right);
  for (int64_t i = 0; i < length; ++i) sum[i] += right[i];
}

/** Calls `transfer(data, bytes)` for each message that the pieces are cut into. */
template <class Transfer>
void inMessages(const std::vector<Piece>& pieces, Transfer transfer) {
  constexpr int64_t most = maxMessageBytes / static_cast<int64_t>(sizeof(float));
  for (const Piece& piece : pieces) {
    for (int64_t begin = 0; begin < piece.count; begin += most) {
      transfer(piece.data + begin, std::min(most, piece.count - begin) * static_cast<int64_t>(sizeof(float)));
    }
  }
}

}  // namespace

void treeSum(const float* const* rows, int32_t count, int64_t length, float* sum) {
  float block[blockLength];  // as `sum` may be one of the rows
  for (int64_t offset = 0; offset < length; offset += blockLength) {
    const int64_t size = std::min(blockLength, length - offset);
    addTree(rows, count, offset, size, block);
    std::memcpy(sum + offset, block, static_cast<size_t>(size) * sizeof(float));
  }
}

Exchange::Exchange(Parts parts, int32_t channel, const Tensor* tensors, int32_t count)
    : parts_(parts), channel_(channel) {
  for (int32_t index = 0; index < count; ++index) {
    tensors_.push_back({tensors[index].as<float>(), tensors[index].size});
    count_ += tensors[index].size;
  }
}

/** The two phases of one operation have tags of their own. */
int32_t Exchange::tag() const { return 2 * channel_ + (phase_ == Phase::gathering ? 1 : 0); }

std::vector<Piece> Exchange::slice(int32_t rank, int32_t size) const {
  const auto border = [=](int64_t index) { return count_ / size * index + count_ % size * index / size; };
  int64_t begin = border(rank), left = border(rank + 1) - begin;
  std::vector<Piece> pieces;
  for (const Piece& tensor : tensors_) {
    const int64_t taken = std::min(left, tensor.count - begin);
    if (taken > 0) {
      pieces.push_back({tensor.data + begin, taken});
      left -= taken;
      begin = 0;
    } else {
      begin -= tensor.count;
    }
    if (left == 0) break;
  }
  return pieces;
}

void Exchange::send(const FlavaMessagePassing& messages, const std::vector<Piece>& pieces, int32_t to) {
  inMessages(pieces, [&](float* data, int64_t bytes) { pending_.push_back({messages.send(data, bytes, to, tag()), to}); });
}

void Exchange::receive(const FlavaMessagePassing& messages, const std::vector<Piece>& pieces, int32_t from) {
  inMessages(pieces,
             [&](float* data, int64_t bytes) { pending_.push_back({messages.receive(data, bytes, from, tag()), from}); });
}

void Exchange::scatter(const FlavaMessagePassing& messages, int32_t rank, int32_t size) {
  phase_ = Phase::reducing;
  const std::vector<Piece> own = slice(rank, size);
  int64_t length = 0;
  for (const Piece& piece : own) length += piece.count;
  received_.resize(static_cast<size_t>(size));
  // Each process begins with its right neighbor, so that not all send to the same one first.
  for (int32_t distance = 1; distance < size; ++distance) {
    const int32_t from = (rank - distance + size) % size;
    std::vector<float>& version = received_[static_cast<size_t>(from)];
    version.resize(static_cast<size_t>(length));
    // In the same pieces as they are sent.
    std::vector<Piece> pieces;
    float* next = version.data();
    for (const Piece& piece : own) {
      pieces.push_back({next, piece.count});
      next += piece.count;
    }
    receive(messages, pieces, from);
  }
  for (int32_t distance = 1; distance < size; ++distance) {
    const int32_t to = (rank + distance) % size;
    send(messages, slice(to, size), to);
  }
}

void Exchange::sum(int32_t rank, int32_t size) {
  std::vector<const float*> rows(static_cast<size_t>(size));
  int64_t offset = 0;
  for (const Piece& piece : slice(rank, size)) {
    for (int32_t each = 0; each < size; ++each) {
      rows[static_cast<size_t>(each)] = each == rank ? piece.data : received_[static_cast<size_t>(each)].data() + offset;
    }
    treeSum(rows.data(), size, piece.count, piece.data);
    offset += piece.count;
  }
  received_.clear();
}

void Exchange::gather(const FlavaMessagePassing& messages, int32_t rank, int32_t size) {
  phase_ = Phase::gathering;
  const std::vector<Piece> own = slice(rank, size);
  for (int32_t distance = 1; distance < size; ++distance) {
    const int32_t from = (rank - distance + size) % size;
    receive(messages, slice(from, size), from);
  }
  for (int32_t distance = 1; distance < size; ++distance) send(messages, own, (rank + distance) % size);
}

bool Exchange::progress(const FlavaMessagePassing& messages, int32_t rank, int32_t size) {
  if (phase_ == Phase::begin) {
    if (parts_ == Parts::gather) {
      gather(messages, rank, size);
    } else {
      scatter(messages, rank, size);
    }
  }
  const auto arrived = [&](const Pending& each) { return messages.isDone(each.message) != 0; };
  pending_.erase(std::remove_if(pending_.begin(), pending_.end(), arrived), pending_.end());
  if (!pending_.empty()) return false;
  if (phase_ == Phase::gathering) return true;
  sum(rank, size);
  if (parts_ == Parts::reduce) return true;
  gather(messages, rank, size);
  return false;
}

int32_t Exchange::awaited() const {
  const auto lower = [](const Pending& a, const Pending& b) { return a.rank < b.rank; };
  const auto lowest = std::min_element(pending_.begin(), pending_.end(), lower);
  return lowest == pending_.end() ? -1 : lowest->rank;
}

}  // namespace flava
