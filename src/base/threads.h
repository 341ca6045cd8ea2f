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
    // A few parts per thread even out unequal speeds.
    const int64_t threads = size();
    int64_t parts = std::min((n + grain - 1) / grain, 8 * threads);
    if (parts > threads) parts -= parts % threads;
    struct Context {
      const Body* body;
      int64_t n, parts;
    } context{&body, n, parts};
    run(
        parts,
        [](void* raw, int64_t begin, int64_t end) {
          const auto& c = *static_cast<Context*>(raw);
          (*c.body)(c.n * begin / c.parts, c.n * end / c.parts);
        },
        &context);
  }

  // Calls task(context, begin, end) over disjoint ranges covering [0, count), count < 65536.
  using Task = void (*)(void* context, int64_t begin, int64_t end);
  void run(int64_t count, Task task, void* context);

 private:
  // A thread's own part of a loop, the same one in loop after loop: what it wrote is in its cache when it reads it, and
  // the lines it writes are nobody else's, which a core that has read them would have to give up first. The owner takes
  // from the front, half of what is left each time; who is done with its own share takes from the back of others'.
  struct alignas(64) Share {
    std::atomic<uint64_t> left{0};  // epoch, front, back: 32, 16 and 16 bits
  };

  void work(size_t self);
  void run_some(size_t self);
  bool run_part_of(Share& share, bool own);

  std::unique_ptr<Share[]> shares_;  // size() of them, the caller's first
  alignas(64) std::atomic<uint32_t> epoch_{0};
  std::atomic<uint32_t> count_{0};
  std::atomic<Task> task_{nullptr};
  std::atomic<void*> context_{nullptr};
  std::atomic<int> sleepers_{0};
  std::atomic<bool> stop_{false};
  alignas(64) std::atomic<uint32_t> done_{0};
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
