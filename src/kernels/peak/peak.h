// What this processor can do at best, measured: the roof under which kernels are judged.
#pragma once

#include <cstdint>

#include "base/isa.h"

namespace thane {

struct PeakKernel {
  // Multiply-adds of float32 done by `rounds` rounds of independent chains, enough to hide their latency.
  int64_t (*multiply_add)(int64_t rounds, float* sink) noexcept;
  // Reads n floats once.
  void (*read)(const float* from, int64_t n, float* sink) noexcept;
};

const PeakKernel& peak_kernel(Isa ceiling);

struct Roof {
  double flops_per_second = 0;  // two for a multiply-add
  double bytes_per_second = 0;  // read from main memory
};

// Takes about `seconds` for each of the two. `threads` threads at once.
Roof measure_roof(Isa ceiling, int threads, double seconds);

}  // namespace thane
