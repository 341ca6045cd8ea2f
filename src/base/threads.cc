#include "base/threads.h"

#include <sched.h>

#include <chrono>
#include <limits>

namespace thane {
namespace {

// Where cores are shared, a thread is often that much behind the others.
constexpr auto kSpin = std::chrono::microseconds(50);
thread_local bool inside_task = false;

void relax() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#else
  std::this_thread::yield();
#endif
}

// Spins until ready() or for kSpin; true when ready.
template <class Ready>
bool spin_until(const Ready& ready) {
  const auto deadline = std::chrono::steady_clock::now() + kSpin;
  do {
    for (int i = 0; i < 32; ++i) {
      if (ready()) return true;
      relax();
    }
  } while (std::chrono::steady_clock::now() < deadline);
  return ready();
}

constexpr uint64_t kIndexMask = 0xffffffffu;

}  // namespace

int usable_cores() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) == 0) return std::max(1, CPU_COUNT(&set));
  return std::max(1u, std::thread::hardware_concurrency());
}

ThreadPool::ThreadPool(int threads) {
  if (threads <= 0) threads = usable_cores();
  workers_.reserve(static_cast<size_t>(threads - 1));
  for (int i = 1; i < threads; ++i) workers_.emplace_back([this] { work(); });
}

ThreadPool::~ThreadPool() {
  stop_.store(true);
  ticket_.fetch_add(uint64_t{1} << 32);  // a new epoch wakes everyone; count_ is stale but its indices are used up
  ticket_.notify_all();
  for (auto& worker : workers_) worker.join();
}

void ThreadPool::run(int64_t count, Task task, void* context) {
  const auto inline_loop = [&] {
    for (int64_t i = 0; i < count; ++i) task(context, i);
  };
  if (workers_.empty() || count <= 1 || inside_task || count > std::numeric_limits<int32_t>::max()) {
    return inline_loop();
  }
  std::unique_lock lock(busy_, std::try_to_lock);
  if (!lock) return inline_loop();

  // First an epoch without indices, so that no worker of the last job can mistake the new count for room in the old
  // epoch.
  const uint64_t closed = ((ticket_.load(std::memory_order_relaxed) >> 32) + 1) << 32 | kIndexMask;
  ticket_.store(closed);
  task_.store(task, std::memory_order_relaxed);
  context_.store(context, std::memory_order_relaxed);
  done_.store(0, std::memory_order_relaxed);
  count_.store(static_cast<uint32_t>(count), std::memory_order_release);
  const uint64_t ticket = ((closed >> 32) + 1) << 32;
  ticket_.store(ticket);
  if (sleepers_.load() > 0) ticket_.notify_all();

  run_some(ticket);
  const auto all_done = [&] { return done_.load(std::memory_order_acquire) == static_cast<uint32_t>(count); };
  if (!spin_until(all_done)) {
    for (uint32_t seen = done_.load(std::memory_order_acquire); seen != static_cast<uint32_t>(count);
         seen = done_.load(std::memory_order_acquire)) {
      done_.wait(seen, std::memory_order_acquire);
    }
  }
  // Nobody may take a ticket of this job any more: all indices are used up.
}

// Takes tickets of the epoch of `seen` until none is left. True when it did at least one.
bool ThreadPool::run_some(uint64_t seen) {
  const uint64_t epoch = seen >> 32;
  bool worked = false;
  inside_task = true;
  for (uint64_t ticket = ticket_.load(std::memory_order_acquire);;) {
    const uint32_t count = count_.load(std::memory_order_acquire);
    const Task task = task_.load(std::memory_order_relaxed);
    void* context = context_.load(std::memory_order_relaxed);
    if (ticket >> 32 != epoch || (ticket & kIndexMask) >= count) break;
    // Success proves that the fields read above belong to this epoch: they change only after all its indices are done.
    if (!ticket_.compare_exchange_weak(ticket, ticket + 1, std::memory_order_acq_rel)) continue;
    task(context, static_cast<int64_t>(ticket & kIndexMask));
    worked = true;
    if (done_.fetch_add(1, std::memory_order_acq_rel) + 1 == count) done_.notify_one();
    ticket = ticket_.load(std::memory_order_acquire);
  }
  inside_task = false;
  return worked;
}

void ThreadPool::work() {
  uint64_t epoch = 0;
  while (!stop_.load()) {
    const auto fresh = [&] { return ticket_.load(std::memory_order_acquire) >> 32 != epoch; };
    if (!spin_until(fresh)) {
      sleepers_.fetch_add(1);
      for (uint64_t ticket = ticket_.load(); ticket >> 32 == epoch; ticket = ticket_.load()) ticket_.wait(ticket);
      sleepers_.fetch_sub(1);
    }
    const uint64_t ticket = ticket_.load(std::memory_order_acquire);
    epoch = ticket >> 32;
    run_some(ticket);
  }
}

}  // namespace thane
