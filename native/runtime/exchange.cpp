#include "exchange.h"

#include <algorithm>
#include <cstring>

namespace flava {

namespace {

constexpr int64_t blockLength = 2048;  // numbers summed at a time, which fit into the first-level cache

float valueOf(float x) { return x; }
float valueOf(uint16_t bits) {
  const uint32_t word = static_cast<uint32_t>(bits) << 16;
  float x;
  std::memcpy(&x, &word, sizeof x);
  return x;
}

template <class Number>
Number rounded(float x);
template <>
float rounded<float>(float x) {
  return x;
}
/** To the nearest bfloat16, half to even. */
template <>
uint16_t rounded<uint16_t>(float x) {
  uint32_t word;
  std::memcpy(&word, &x, sizeof word);
  const bool isNaN = (word & 0x7fffffffu) > 0x7f800000u;
  return static_cast<uint16_t>(isNaN ? (word >> 16) | 0x40u : (word + 0x7fffu + ((word >> 16) & 1u)) >> 16);
}

template <class Number>
void addTree(const Number* const* rows, int32_t count, int64_t offset, int64_t length, Number* sum) {
  if (count == 1) {
    std::memcpy(sum, rows[0] + offset, static_cast<size_t>(length) * sizeof(Number));
    return;
  }
  int32_t left = 1;
  while (2 * left < count) left *= 2;
  Number right[blockLength];
  addTree(rows, left, offset, length, sum);
  addTree(rows + left, count - left, offset, length, right);
  for (int64_t i = 0; i < length; ++i) sum[i] = rounded<Number>(valueOf(sum[i]) + valueOf(right[i]));
}

/**
 * The sum of rows of numbers in the order of a binary tree: the largest power of two below their number on its left, the rest on
 * its right, and so on. Sums over aligned groups of equal size, added in this way, give the same bits.
 */
template <class Number>
void treeSum(const std::vector<const char*>& rows, int64_t bytes, char* sum) {
  std::vector<const Number*> numbers;
  for (const char* row : rows) numbers.push_back(reinterpret_cast<const Number*>(row));
  const int64_t length = bytes / static_cast<int64_t>(sizeof(Number));
  Number block[blockLength];  // as `sum` may be one of the rows
  for (int64_t offset = 0; offset < length; offset += blockLength) {
    const int64_t size = std::min(blockLength, length - offset);
    addTree(numbers.data(), static_cast<int32_t>(numbers.size()), offset, size, block);
    std::memcpy(reinterpret_cast<Number*>(sum) + offset, block, static_cast<size_t>(size) * sizeof(Number));
  }
}

/** Calls `transfer(data, bytes)` for each message that the pieces are cut into. */
template <class Transfer>
void inMessages(const std::vector<Piece>& pieces, Transfer transfer) {
  for (const Piece& piece : pieces) {
    for (int64_t begin = 0; begin < piece.bytes; begin += maxMessageBytes) {
      transfer(piece.data + begin, std::min(maxMessageBytes, piece.bytes - begin));
    }
  }
}

int64_t bytesOf(const std::vector<Piece>& pieces) {
  int64_t bytes = 0;
  for (const Piece& piece : pieces) bytes += piece.bytes;
  return bytes;
}

}  // namespace

Exchange::Exchange(Parts parts, int32_t channel, const Tensor* tensors, int32_t count)
    : parts_(parts), channel_(channel), dtype_(count > 0 ? tensors[0].dtype : Dtype::float32) {
  for (int32_t index = 0; index < count; ++index) {
    const int64_t bytes = tensors[index].size * bytesOf(dtype_);
    tensors_.push_back({tensors[index].as<char>(), bytes});
    count_ += tensors[index].size;
  }
}

/** The two phases of one operation have tags of their own. */
int32_t Exchange::tag() const { return 2 * channel_ + (phase_ == Phase::gathering ? 1 : 0); }

/** Of each tensor the blocks of this process: none where there are fewer of them than processes before it. */
std::vector<Piece> Exchange::sliceOfBlocks(int32_t rank, int32_t size) const {
  const int64_t block = numbersPerBlock * bytesOf(dtype_);
  std::vector<Piece> pieces;
  for (const Piece& tensor : tensors_) {
    const int64_t blocks = (tensor.bytes + block - 1) / block;
    const auto border = [=](int64_t index) { return std::min(tensor.bytes, blocks * index / size * block); };
    const int64_t begin = border(rank), end = border(rank + 1);
    if (begin < end) pieces.push_back({tensor.data + begin, end - begin});
  }
  return pieces;
}

std::vector<Piece> Exchange::slice(int32_t rank, int32_t size) const {
  if (parts_ == Parts::reduceBlocks || parts_ == Parts::gatherBlocks) return sliceOfBlocks(rank, size);
  const auto border = [=](int64_t index) { return count_ / size * index + count_ % size * index / size; };
  const int64_t number = bytesOf(dtype_);
  int64_t begin = border(rank) * number, left = border(rank + 1) * number - begin;
  std::vector<Piece> pieces;
  for (const Piece& tensor : tensors_) {
    const int64_t taken = std::min(left, tensor.bytes - begin);
    if (taken > 0) {
      pieces.push_back({tensor.data + begin, taken});
      left -= taken;
      begin = 0;
    } else {
      begin -= tensor.bytes;
    }
    if (left == 0) break;
  }
  return pieces;
}

void Exchange::send(const FlavaMessagePassing& messages, const std::vector<Piece>& pieces, int32_t to) {
  inMessages(pieces, [&](char* data, int64_t bytes) { pending_.push_back({messages.send(data, bytes, to, tag()), to}); });
}

void Exchange::receive(const FlavaMessagePassing& messages, const std::vector<Piece>& pieces, int32_t from) {
  inMessages(pieces,
             [&](char* data, int64_t bytes) { pending_.push_back({messages.receive(data, bytes, from, tag()), from}); });
}

void Exchange::scatter(const FlavaMessagePassing& messages, int32_t rank, int32_t size) {
  phase_ = Phase::reducing;
  const std::vector<Piece> own = slice(rank, size);
  received_.resize(static_cast<size_t>(size));
  heldBytes_ = neededBytes(rank, size);
  // Each process begins with its right neighbor, so that not all send to the same one first.
  for (int32_t distance = 1; distance < size; ++distance) {
    const int32_t from = (rank - distance + size) % size;
    std::unique_ptr<char[]>& version = received_[static_cast<size_t>(from)];
    version.reset(new char[static_cast<size_t>(bytesOf(own))]);
    // In the same pieces as they are sent.
    std::vector<Piece> pieces;
    char* next = version.get();
    for (const Piece& piece : own) {
      pieces.push_back({next, piece.bytes});
      next += piece.bytes;
    }
    receive(messages, pieces, from);
  }
  for (int32_t distance = 1; distance < size; ++distance) {
    const int32_t to = (rank + distance) % size;
    send(messages, slice(to, size), to);
  }
}

void Exchange::sum(int32_t rank, int32_t size) {
  std::vector<const char*> rows(static_cast<size_t>(size));
  int64_t offset = 0;
  for (const Piece& piece : slice(rank, size)) {
    for (int32_t each = 0; each < size; ++each) {
      rows[static_cast<size_t>(each)] = each == rank ? piece.data : received_[static_cast<size_t>(each)].get() + offset;
    }
    (dtype_ == Dtype::bfloat16 ? treeSum<uint16_t> : treeSum<float>)(rows, piece.bytes, piece.data);
    offset += piece.bytes;
  }
  received_.clear();
  heldBytes_ = 0;
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

int64_t Exchange::neededBytes(int32_t rank, int32_t size) const {
  return gathersOnly() ? 0 : bytesOf(slice(rank, size)) * (size - 1);
}

void Exchange::begin(const FlavaMessagePassing& messages, int32_t rank, int32_t size) {
  begun_ = std::chrono::steady_clock::now();
  if (gathersOnly()) {
    gather(messages, rank, size);
  } else {
    scatter(messages, rank, size);
  }
}

bool Exchange::progress(const FlavaMessagePassing& messages, int32_t rank, int32_t size) {
  const auto arrived = [&](const Pending& each) { return messages.isDone(each.message) != 0; };
  pending_.erase(std::remove_if(pending_.begin(), pending_.end(), arrived), pending_.end());
  if (!pending_.empty()) return false;
  if (phase_ == Phase::gathering) return true;
  sum(rank, size);
  if (parts_ != Parts::reduceAndGather) return true;
  gather(messages, rank, size);
  return false;
}

int32_t Exchange::awaited() const {
  const auto lower = [](const Pending& a, const Pending& b) { return a.rank < b.rank; };
  const auto lowest = std::min_element(pending_.begin(), pending_.end(), lower);
  return lowest == pending_.end() ? -1 : lowest->rank;
}

}  // namespace flava
