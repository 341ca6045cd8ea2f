// Plain loops: every instruction set here has a multiply-add of 16-bit pairs, which compilers find.
#include "kernels/dot/dot.h"

namespace thane::THANE_ISA {
namespace {

template <int kRows>
void dot_block(const int16_t* __restrict a, const int16_t* __restrict b, int64_t stride, int64_t n, int32_t* sums) {
  int32_t acc[kRows] = {};
  for (int64_t k = 0; k < n; ++k) {
    for (int r = 0; r < kRows; ++r) acc[r] += int32_t{a[k]} * int32_t{b[r * stride + k]};
  }
  for (int r = 0; r < kRows; ++r) sums[r] = acc[r];
}

void dot_rows(const int16_t* a, const int16_t* b, int64_t stride, int64_t n, int64_t rows, int32_t* sums) noexcept {
  int64_t r = 0;
  for (; r + 4 <= rows; r += 4) dot_block<4>(a, b + r * stride, stride, n, sums + r);
  for (; r < rows; ++r) dot_block<1>(a, b + r * stride, stride, n, sums + r);
}

void dot_columns(const int16_t* __restrict a, const int16_t* __restrict b, int64_t n,
                 int32_t* __restrict sums) noexcept {
  for (int64_t i = 0; i < n; ++i) sums[i] += int32_t{a[i]} * int32_t{b[i]};
}

}  // namespace

extern const DotKernel kDot;
const DotKernel kDot = {dot_rows, dot_columns};

}  // namespace thane::THANE_ISA
