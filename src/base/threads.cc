#include "base/threads.h"

#include <sched.h>

#include <chrono>

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

constexpr int64_t kMostParts = 0xffff;

}  // namespace

int usable_cores() {
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof(set), &set) == 0) return std::max(1, CPU_COUNT(&set));
  return std::max(1u, std::thread::hardware_concurrency());
}

ThreadPool::ThreadPool(int threads) {
  if (threads <= 0) threads = usable_cores();
  shares_ = std::make_unique<Share[]>(static_cast<size_t>(threads));
  workers_.reserve(static_cast<size_t>(threads - 1));
  for (size_t i = 1; i < static_cast<size_t>(threads); ++i) workers_.emplace_back([this, i] { work(i); });
}

ThreadPool::~ThreadPool() {
  stop_.store(true);
  epoch_.fetch_add(1);  // wakes everyone; the last loop's shares are used up
  epoch_.notify_all();
  for (auto& worker : workers_) worker.join();
}

void ThreadPool::run(int64_t count, Task task, void* context) {
  if (workers_.empty() || count <= 1 || inside_task || count > kMostParts) return task(context, 0, count);
  std::unique_lock lock(busy_, std::try_to_lock);
  if (!lock) return task(context, 0, count);

  task_.store(task, std::memory_order_relaxed);
  context_.store(context, std::memory_order_relaxed);
  done_.store(0, std::memory_order_relaxed);
  count_.store(static_cast<uint32_t>(count), std::memory_order_relaxed);
  const uint32_t epoch = epoch_.load(std::memory_order_relaxed) + 1;
  for (int64_t i = 0; i < size(); ++i) {
    const auto front = static_cast<uint64_t>(count * i / size()),
               back = static_cast<uint64_t>(count * (i + 1) / size());
    shares_[static_cast<size_t>(i)].left.store(uint64_t{epoch} << 32 | front << 16 | back, std::memory_order_release);
  }
  epoch_.store(epoch);
  if (sleepers_.load() > 0) epoch_.notify_all();

  run_some(0);
  const auto all_done = [&] { return done_.load(std::memory_order_acquire) == static_cast<uint32_t>(count); };
  if (!spin_until(all_done)) {
    for (uint32_t seen = done_.load(std::memory_order_acquire); seen != static_cast<uint32_t>(count);
         seen = done_.load(std::memory_order_acquire)) {
      done_.wait(seen, std::memory_order_acquire);
    }
  }
  // Nobody may take a part of this loop any more: all shares are used up.
}

// Takes a part of the share, where one is left, and does it.
bool ThreadPool::run_part_of(Share& share, bool own) {
  uint64_t left = share.left.load(std::memory_order_acquire);
  for (;;) {
    const uint64_t front = left >> 16 & 0xffff, back = left & 0xffff;
    if (front == back) return false;
    const Task task = task_.load(std::memory_order_relaxed);
    void* context = context_.load(std::memory_order_relaxed);
    const uint32_t count = count_.load(std::memory_order_relaxed);
    const uint64_t taken = own ? (back - front + 1) / 2 : 1;
    // Success proves that the fields read above belong to this epoch: they change only after all its parts are done.
    if (!share.left.compare_exchange_weak(left, own ? left + (taken << 16) : left - taken, std::memory_order_acq_rel,
                                          std::memory_order_acquire))
      continue;
    const auto begin = static_cast<int64_t>(own ? front : back - taken);
    task(context, begin, begin + static_cast<int64_t>(taken));
    const auto parts = static_cast<uint32_t>(taken);
    if (done_.fetch_add(parts, std::memory_order_acq_rel) + parts == count) done_.notify_one();
    return true;
  }
}

void ThreadPool::run_some(size_t self) {
  inside_task = true;
  const auto threads = static_cast<size_t>(size());
  for (size_t i = 0; i < threads; ++i) {
    const size_t whose = (self + i) % threads;
    while (run_part_of(shares_[whose], i == 0)) {
    }
  }
  inside_task = false;
}

void ThreadPool::work(size_t self) {
  uint32_t epoch = 0;
  while (!stop_.load()) {
    if (!spin_until([&] { return epoch_.load(std::memory_order_acquire) != epoch; })) {
      sleepers_.fetch_add(1);
      while (epoch_.load() == epoch) epoch_.wait(epoch);
      sleepers_.fetch_sub(1);
    }
    epoch = epoch_.load(std::memory_order_acquire);
    run_some(self);
  }
}

}  // namespace thane
