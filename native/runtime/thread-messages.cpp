#include "thread-messages.h"

#include <unistd.h>

#include <cstring>
#include <deque>
#include <map>
#include <mutex>
#include <tuple>

struct FlavaMessage {
  void* data;
  int64_t bytes;
  bool done = false;  // guarded by the group's mutex
};

namespace flava {

/** What was sent and not yet received, and the reverse. The second of two that belong together carries the bytes over. */
class ThreadGroup {
 public:
  explicit ThreadGroup(int32_t size) : size(size) {}

  const int32_t size;

  FlavaMessage* post(FlavaMessage* message, int32_t from, int32_t to, int32_t tag, bool isSent) {
    const std::lock_guard<std::mutex> lock(mutex_);
    Queue& queue = queues_[{from, to, tag}];
    auto& others = isSent ? queue.received : queue.sent;
    if (others.empty()) {
      (isSent ? queue.sent : queue.received).push_back(message);
      return message;
    }
    FlavaMessage* other = others.front();
    others.pop_front();
    const auto& [source, target] = isSent ? std::tie(*message, *other) : std::tie(*other, *message);
    std::memcpy(target.data, source.data, static_cast<size_t>(source.bytes));
    message->done = other->done = true;
    return message;
  }

  bool isDone(const FlavaMessage& message) {
    const std::lock_guard<std::mutex> lock(mutex_);
    return message.done;
  }

 private:
  struct Queue {
    std::deque<FlavaMessage*> sent, received;
  };

  std::mutex mutex_;
  std::map<std::tuple<int32_t, int32_t, int32_t>, Queue> queues_;  // by sender, receiver and tag
};

namespace {

struct Member {
  std::shared_ptr<ThreadGroup> group;
  int32_t rank = 0;
};
thread_local Member self;

int32_t open(int32_t* rank, int32_t* size, char*) {
  *rank = self.rank;
  *size = self.group->size;
  return 0;
}

FlavaMessage* send(const void* data, int64_t bytes, int32_t to, int32_t tag) {
  return self.group->post(new FlavaMessage{const_cast<void*>(data), bytes}, self.rank, to, tag, true);
}

FlavaMessage* receive(void* data, int64_t bytes, int32_t from, int32_t tag) {
  return self.group->post(new FlavaMessage{data, bytes}, from, self.rank, tag, false);
}

int32_t isDone(FlavaMessage* message) {
  if (!self.group->isDone(*message)) return 0;
  delete message;
  return 1;
}

void close() { self.group.reset(); }

void abort(int32_t code) { _exit(code); }

constexpr FlavaMessagePassing messagePassing{open, send, receive, isDone, close, abort};

}  // namespace

std::shared_ptr<ThreadGroup> makeThreadGroup(int32_t size) { return std::make_shared<ThreadGroup>(size); }

const FlavaMessagePassing* joinThreadGroup(std::shared_ptr<ThreadGroup> group, int32_t rank) {
  self = {std::move(group), rank};
  return &messagePassing;
}

}  // namespace flava
