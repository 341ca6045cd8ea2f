// The thread pool: few threads, short spinning, idle costs nothing.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace thane {

// Runs loops over `size()` threads, the caller being one of them. One pool may serve any number of sessions: a loop
// that finds the pool busy runs on its caller alone, so concurrent sessions share cores without waiting for each other.
// Loops split work by index only, never by thread, so results are the same for every pool size.
class ThreadPool {
 public:
  // threads <= 0: one per usable core.
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int size() const { return static_cast<int>(workers_.size()) + 1; }

  // Calls body(begin, end) over disjoint ranges covering [0, n), each of at least `grain` items but the last. Returns
  // when all are done. Choose `grain` so that a range takes 5 µs or more. body must not throw. Nested calls run inline.
  template <class Body>
  void parallel_for(int64_t n, int64_t grain, const Body& body) {
    if (n <= 0) return;
    grain = std::max<int64_t>(grain, 1);
    if (size() == 1 || n <= grain) return body(int64_t{0}, n);
    // A few ranges per thread even out unequal speeds. Tickets are dealt so that each thread tends to get neighbouring
    // ranges, the same ones in loop after loop: what it wrote is in its own cache when it reads it.
    const int64_t threads = size();
    int64_t ranges = std::min((n + grain - 1) / grain, 8 * threads);
    if (ranges > threads) ranges -= ranges % threads;
    struct Context {
      const Body* body;
      int64_t n, ranges, threads;
    } context{&body, n, ranges, threads};
    run(
        ranges,
        [](void* raw, int64_t ticket) {
          const auto& c = *static_cast<Context*>(raw);
          int64_t i = ticket;
          if (c.ranges > c.threads) i = ticket % c.threads * (c.ranges / c.threads) + ticket / c.threads;
          (*c.body)(c.n * i / c.ranges, c.n * (i + 1) / c.ranges);
        },
        &context);
  }

  // Calls task(context, i) for each i in [0, count).
  using Task = void (*)(void* context, int64_t index);
  void run(int64_t count, Task task, void* context);

 private:
  void work();
  bool run_some(uint64_t seen);

  // The ticket: epoch in the high half, next index in the low half. A worker that wakes late holds an old epoch, fails
  // to take a ticket, and never touches a job that is gone.
  std::atomic<uint64_t> ticket_{0};
  std::atomic<uint32_t> count_{0};
  std::atomic<uint32_t> done_{0};
  std::atomic<Task> task_{nullptr};
  std::atomic<void*> context_{nullptr};
  std::atomic<int> sleepers_{0};
  std::atomic<bool> stop_{false};
  std::mutex busy_;
  std::vector<std::thread> workers_;
};

// At least `parts`, and so many that 2, 4 or 8 threads get the same number each, where that takes few more.
constexpr int64_t shared_evenly(int64_t parts) {
  const int64_t step = parts > 16 ? 8 : parts > 8 ? 4 : parts > 1 ? 2 : 1;
  return (parts + step - 1) / step * step;
}

// Cores this process may use (affinity mask), at least 1.
int usable_cores();

}  // namespace thane
