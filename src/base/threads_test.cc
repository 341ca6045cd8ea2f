#include "base/threads.h"

#include <gtest/gtest.h>

#include <time.h>

#include <chrono>
#include <numeric>

namespace thane {
namespace {

TEST(ThreadPool, EveryIndexRunsOnceForEverySize) {
  for (int threads : {1, 2, 3, 8}) {
    ThreadPool pool(threads);
    for (int64_t n : {0, 1, 2, 7, 100, 4096}) {
      std::vector<int> hits(static_cast<size_t>(n), 0);
      pool.parallel_for(n, 1, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) ++hits[static_cast<size_t>(i)];
      });
      for (int hit : hits) ASSERT_EQ(hit, 1) << threads << " threads, n = " << n;
    }
  }
}

TEST(ThreadPool, ManyShortLoopsInARow) {
  ThreadPool pool(4);
  int64_t total = 0;
  for (int round = 0; round < 20000; ++round) {
    std::atomic<int64_t> sum{0};
    pool.run(
        5,
        [](void* context, int64_t begin, int64_t end) {
          for (int64_t i = begin; i < end; ++i) static_cast<std::atomic<int64_t>*>(context)->fetch_add(i);
        },
        &sum);
    total += sum.load();
  }
  EXPECT_EQ(total, 20000 * 10);
}

TEST(ThreadPool, ConcurrentCallersAndNestedLoops) {
  ThreadPool pool(3);
  std::atomic<int64_t> count{0};
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 4; ++caller) {
    callers.emplace_back([&] {
      for (int round = 0; round < 500; ++round) {
        pool.parallel_for(8, 1, [&](int64_t begin, int64_t end) {
          pool.parallel_for(end - begin, 1, [&](int64_t b, int64_t e) { count += e - b; });
        });
      }
    });
  }
  for (auto& caller : callers) caller.join();
  EXPECT_EQ(count.load(), 4 * 500 * 8);
}

TEST(ThreadPool, OthersFinishTheShareOfAThreadThatIsHeldUp) {
  ThreadPool pool(2);
  std::atomic<int64_t> done{0};
  bool all_others = false;
  pool.parallel_for(64, 1, [&](int64_t begin, int64_t end) {
    if (begin == 0) {  // until all the rest is done, which half of this thread's share belongs to
      const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
      while (done.load() < 64 - end && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
      all_others = done.load() == 64 - end && end < 32;
    }
    done += end - begin;
  });
  EXPECT_TRUE(all_others);
  EXPECT_EQ(done.load(), 64);
}

TEST(ThreadPool, IdleWorkersSleep) {
  ThreadPool pool(4);
  pool.parallel_for(64, 1, [](int64_t, int64_t) {});
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  timespec before{}, after{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
  std::this_thread::sleep_for(std::chrono::milliseconds(300));
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
  const double used_ms = double(after.tv_sec - before.tv_sec) * 1e3 + double(after.tv_nsec - before.tv_nsec) / 1e6;
  EXPECT_LT(used_ms, 30.0);
}

}  // namespace
}  // namespace thane
