#include "kernels/peak/peak.h"

#include <algorithm>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "kernels/isa.h"

namespace thane {

THANE_DECLARE_ISA(PeakKernel, kPeak)

namespace {

// The best of several tries of work(thread) on all threads at once: units per second, all together.
template <class Work>
double best_rate(int threads, double seconds, const Work& work) {
  double best = 0;
  for (const double end = monotonic_seconds() + seconds; monotonic_seconds() < end;) {
    std::vector<double> done(static_cast<size_t>(threads));
    std::vector<std::thread> others;
    const double start = monotonic_seconds();
    for (int t = 1; t < threads; ++t) others.emplace_back([&, t] { done[static_cast<size_t>(t)] = work(t); });
    done[0] = work(0);
    for (std::thread& other : others) other.join();
    const double elapsed = monotonic_seconds() - start;
    double total = 0;
    for (const double units : done) total += units;
    best = std::max(best, total / elapsed);
  }
  return best;
}

}  // namespace

const PeakKernel& peak_kernel(Isa ceiling) { return THANE_SELECT_ISA(ceiling, kPeak); }

Roof measure_roof(Isa ceiling, int threads, double seconds) {
  const PeakKernel& kernel = peak_kernel(ceiling);
  std::vector<float> sinks(static_cast<size_t>(threads) * 16);
  Roof roof;
  roof.flops_per_second = best_rate(threads, seconds, [&](int t) {
    return 2.0 * static_cast<double>(kernel.multiply_add(300'000, &sinks[static_cast<size_t>(t) * 16]));
  });
  // Far beyond the last cache, and each thread its own part.
  constexpr int64_t kFloats = int64_t{48} << 20;
  const std::vector<float> memory(static_cast<size_t>(kFloats), 1.0f);
  roof.bytes_per_second = best_rate(threads, seconds, [&](int t) {
    const int64_t part = kFloats / threads;
    kernel.read(memory.data() + t * part, part, &sinks[static_cast<size_t>(t) * 16]);
    return static_cast<double>(part * 4);
  });
  return roof;
}

}  // namespace thane
