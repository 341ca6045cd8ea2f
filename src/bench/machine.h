// Facts about this machine that explain how fast, and how evenly, models run on it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace thane::bench {

struct Machine {
  int64_t memory_bytes = 0, available_bytes = 0;  // 0: unknown
  double cpu_quota = 0;                           // cores a container may use; 0: no limit
  double load = 0;                                // mean number of runnable threads over the last minute
  std::string governor;                           // of core 0's frequency; empty: unknown
};
Machine read_machine();

// The same piece of work (about a millisecond) done again and again for `milliseconds`: how much its time varies.
struct Noise {
  int samples = 0;
  double median_us = 0;
  double spread = 0;  // (90th percentile - median) / median
};
Noise measure_noise(int milliseconds);

}  // namespace thane::bench
