// Products of 16-bit integers summed in 32 bits, which wrap: exact wherever the true sums fit.
#pragma once

#include <cstdint>

#include "base/isa.h"

namespace thane {

struct DotKernel {
  // sums[r] = Σ a[k] · b[r · stride + k] for r in [0, rows), k in [0, n).
  void (*rows)(const int16_t* a, const int16_t* b, int64_t stride, int64_t n, int64_t rows, int32_t* sums) noexcept;
  // sums[i] += a[i] · b[i] for i in [0, n).
  void (*columns)(const int16_t* a, const int16_t* b, int64_t n, int32_t* sums) noexcept;
};

const DotKernel& dot_kernel(Isa ceiling);

}  // namespace thane
