#include "communicator.h"

#include <dlfcn.h>
#include <unistd.h>

#include <cstdio>
#include <stdexcept>

#include "exchange.h"

namespace flava {

namespace {

// Messages are looked for again and again, first eagerly, then in intervals that leave the processor to kernels.
constexpr int eagerRounds = 200;
constexpr auto shortInterval = std::chrono::microseconds(20);
constexpr auto longInterval = std::chrono::microseconds(200);
constexpr int shortRounds = 1000;

constexpr size_t hostBytes = 64;  // of a machine's name; longer ones are cut

// Versions of gradients that are received at a time, from all processes together; a single operation may need more.
constexpr int64_t maxBufferedBytes = int64_t{64} << 20;

}  // namespace

const FlavaMessagePassing* loadMessagePassing(const std::string& library) {
  // Open MPI's plug-ins look for symbols of its libraries among the global ones.
  void* handle = dlopen(library.c_str(), RTLD_NOW | RTLD_GLOBAL);
  if (handle == nullptr) throw std::runtime_error(dlerror());
  using Function = const FlavaMessagePassing* (*)();
  const auto function = reinterpret_cast<Function>(dlsym(handle, FLAVA_MESSAGE_PASSING));
  if (function == nullptr) throw std::runtime_error(library + " has no " FLAVA_MESSAGE_PASSING);
  return function();
}

Communicator::Communicator(Load load, double timeoutSeconds)
    : timeout_(std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(timeoutSeconds))),
      thread_(&Communicator::communicate, this, std::move(load)) {}

void Communicator::awaitOthers() {
  std::unique_lock<std::mutex> lock(mutex_);
  changes_.wait(lock, [this] { return isOpen_ || !failure_.empty(); });
  if (!isOpen_) throw std::runtime_error(failure_);
}

Communicator::~Communicator() {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    stopping_ = true;
  }
  news_.notify_all();
  thread_.join();
}

int64_t Communicator::start(Parts parts, int32_t channel, const Tensor* tensors, int32_t count) {
  auto exchange = std::make_shared<Exchange>(parts, channel, tensors, count);
  std::lock_guard<std::mutex> lock(mutex_);
  const int64_t ticket = nextTicket_++;
  exchanges_.emplace(ticket, exchange);
  started_.push_back(std::move(exchange));
  news_.notify_all();
  return ticket;
}

bool Communicator::wait(int64_t ticket, char* error) {
  std::unique_lock<std::mutex> lock(mutex_);
  const auto found = exchanges_.find(ticket);
  if (found == exchanges_.end()) {
    std::snprintf(error, 256, "nothing was started with ticket %lld", static_cast<long long>(ticket));
    return false;
  }
  const std::shared_ptr<Exchange> exchange = found->second;
  changes_.wait(lock, [&] { return exchange->done || !failure_.empty(); });
  exchanges_.erase(ticket);
  if (exchange->done) return true;
  std::snprintf(error, 256, "%s", failure_.c_str());
  return false;
}

void Communicator::abort(int32_t code) {
  std::unique_lock<std::mutex> lock(mutex_);
  aborting_ = true;
  abortCode_ = code;
  news_.notify_all();
  // The library ends this process, too, unless its exit handlers wait for this very thread.
  changes_.wait_for(lock, std::chrono::seconds(1), [] { return false; });
  _exit(code);
}

void Communicator::communicate(const Load& load) {
  char error[256] = "";
  try {
    messages_ = load();
    if (messages_->open(&rank_, &size_, error) != 0) throw std::runtime_error(error);
    nameHosts();
  } catch (const std::exception& exception) {
    return fail(exception.what());
  }
  {
    std::lock_guard<std::mutex> lock(mutex_);
    isOpen_ = true;
  }
  changes_.notify_all();
  serve();
}

/** The first operation: all tell all others where they run. */
void Communicator::nameHosts() {
  std::vector<char> names(hostBytes * static_cast<size_t>(size_));
  gethostname(names.data() + hostBytes * static_cast<size_t>(rank_), hostBytes - 1);
  Tensor tensor{};
  tensor.data = names.data();
  tensor.size = static_cast<int64_t>(names.size() / sizeof(float));
  Exchange exchange(Parts::gather, 0, &tensor, 1);
  exchange.begin(*messages_, rank_, size_);
  while (!exchange.progress(*messages_, rank_, size_)) {
    if (Clock::now() - exchange.begun() > timeout_) throw std::runtime_error("the other processes do not answer");
    std::this_thread::sleep_for(longInterval);
  }
  for (size_t begin = 0; begin < names.size(); begin += hostBytes) hosts_.emplace_back(names.data() + begin);
}

void Communicator::serve() {
  int idleRounds = 0;
  for (;;) {
    {
      std::unique_lock<std::mutex> lock(mutex_);
      if (active_.empty()) news_.wait(lock, [this] { return stopping_ || aborting_ || !started_.empty(); });
      if (aborting_) return messages_->abort(abortCode_);
      if (stopping_ && active_.empty() && started_.empty()) break;
      if (!started_.empty()) idleRounds = 0;
      active_.insert(active_.end(), started_.begin(), started_.end());
      started_.clear();
    }
    if (progress()) {
      idleRounds = 0;
    } else if (++idleRounds > eagerRounds) {
      std::unique_lock<std::mutex> lock(mutex_);
      const auto interval = idleRounds < shortRounds ? shortInterval : longInterval;
      news_.wait_for(lock, interval, [this] { return aborting_ || !started_.empty(); });
    } else {
      std::this_thread::yield();
    }
  }
  if (failure_.empty()) messages_->close();
}

/**
 * Begins operations in the order in which they were started, while there is room for what they receive. All processes start those
 * that need room in one order: each of them comes to be the oldest everywhere, and then has room.
 */
void Communicator::begin() {
  int64_t held = 0;
  bool isFull = false;
  for (const std::shared_ptr<Exchange>& each : active_) {
    if (each->hasBegun()) {
      held += each->heldBytes();
      continue;
    }
    const int64_t needed = each->neededBytes(rank_, size_);
    isFull = isFull || (held > 0 && held + needed > maxBufferedBytes);
    if (needed > 0 && isFull) continue;
    each->begin(*messages_, rank_, size_);
    held += needed;
  }
}

/** Moves all operations on; true if one is done. One that takes too long ends the communication. */
bool Communicator::progress() {
  bool any = false;
  begin();
  for (auto each = active_.begin(); each != active_.end();) {
    Exchange& exchange = **each;
    if (!exchange.hasBegun()) {
      ++each;
      continue;
    }
    if (exchange.progress(*messages_, rank_, size_)) {
      {
        std::lock_guard<std::mutex> lock(mutex_);
        exchange.done = true;
      }
      changes_.notify_all();
      each = active_.erase(each);
      any = true;
      continue;
    }
    if (Clock::now() - exchange.begun() > timeout_) {
      const double seconds = std::chrono::duration<double>(timeout_).count();
      const int32_t awaited = exchange.awaited();
      char reason[256];
      std::snprintf(reason, sizeof reason, "process %d on %s has not answered for %g seconds", awaited,
                    hosts_[static_cast<size_t>(awaited)].c_str(), seconds);
      active_.clear();
      fail(reason);
      return true;
    }
    ++each;
  }
  return any;
}

void Communicator::fail(const std::string& reason) {
  {
    std::lock_guard<std::mutex> lock(mutex_);
    failure_ = reason;
  }
  changes_.notify_all();
}

}  // namespace flava
