// Collective operations between the processes of a run, carried out by a thread of their own while others compute.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "kernel.h"
#include "message-passing.h"

namespace flava {

class Exchange;

/** Loads a library that was compiled from native/mpi; throws std::runtime_error if that fails. */
const FlavaMessagePassing* loadMessagePassing(const std::string& library);

/**
 * The processes of a run, as one of them sees the others. One thread makes all calls of the message-passing library. An
 * operation that is not done within the timeout fails, as do all others from then on: the run must end.
 */
class Communicator final : public Collectives {
 public:
  using Load = std::function<const FlavaMessagePassing*()>;

  /**
   * Joins the other processes, on a thread of its own.
   * @param load gives the functions that the thread sends and receives messages by
   */
  Communicator(Load load, double timeoutSeconds);
  /** Leaves the other processes, if nothing has failed. */
  ~Communicator();

  /** Waits until all processes have joined; throws std::runtime_error if that fails. */
  void awaitOthers();

  int32_t rank() const { return rank_; }
  int32_t size() const { return size_; }
  /** The name of each process's machine, in the order of ranks. */
  const std::vector<std::string>& hosts() const { return hosts_; }

  int64_t start(Parts parts, int32_t channel, const Tensor* tensors, int32_t count) override;
  bool wait(int64_t ticket, char* error) override;
  /** Ends all processes, this one included. */
  [[noreturn]] void abort(int32_t code);

 private:
  using Clock = std::chrono::steady_clock;

  void communicate(const Load& load);
  void nameHosts();
  void serve();
  bool progress();
  void begin();
  void fail(const std::string& reason);

  const Clock::duration timeout_;
  const FlavaMessagePassing* messages_ = nullptr;
  int32_t rank_ = 0;
  int32_t size_ = 1;
  std::vector<std::string> hosts_;

  std::mutex mutex_;
  std::condition_variable news_;     // for the communicating thread
  std::condition_variable changes_;  // for all others
  std::unordered_map<int64_t, std::shared_ptr<Exchange>> exchanges_;  // by ticket, until they were waited for
  std::vector<std::shared_ptr<Exchange>> active_;   // of the communicating thread
  std::vector<std::shared_ptr<Exchange>> started_;  // not yet seen by it
  int64_t nextTicket_ = 1;
  std::string failure_;
  bool isOpen_ = false;
  bool stopping_ = false;
  bool aborting_ = false;
  int32_t abortCode_ = 0;
  std::thread thread_;
};

}  // namespace flava
