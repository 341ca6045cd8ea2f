// The body of sum.h.
#include "kernels/integer/sum.h"

#include "kernels/integer/pair_factors.h"
#include "kernels/integer/round.h"

namespace thane::THANE_ISA {
namespace {

constexpr int kVectors = 4, kBlock = kVectors * kLanes;

class PairSums {
 public:
  explicit PairSums(const IntegerSum& sum)
      : factors_(sum.a, sum.b),
        offset_(splat_int(sum.offset)),
        shift_(sum.shift),
        rounded_(sum.low, sum.high, sum.zero) {}

  template <class Byte>
  THANE_INLINE void block(const uint8_t* x, const uint8_t* z, int8_t* to) const {
    IntVec wholes[kVectors];
#pragma GCC unroll 4
    for (int v = 0; v < kVectors; ++v) {
      wholes[v] = factors_.sum(ints<Byte>(x + v * kLanes), ints<Byte>(z + v * kLanes), offset_) >> shift_;
    }
    rounded_.store(to, wholes);
  }

 private:
  template <class Byte>
  static THANE_INLINE IntVec ints(const uint8_t* from) {
    return to_ints(load_as<NarrowVec<Byte>>(from));
  }

  PairFactors factors_;
  IntVec offset_;
  int shift_;
  RoundedBytes rounded_;
};

// The bytes of an operand in blocks. One byte for all stands in a block of its own, as the last bytes do.
class Blocks {
 public:
  Blocks(const void* from, int64_t stride) : from_(static_cast<const uint8_t*>(from)), stride_(stride) {
    if (stride == 0) copy(0, kBlock);
  }
  THANE_INLINE const uint8_t* at(int64_t i) const { return stride_ ? from_ + i : apart_; }
  const uint8_t* last(int64_t i, int64_t n) {
    copy(i, n);
    return apart_;
  }

 private:
  void copy(int64_t i, int64_t n) {
    for (int64_t j = 0; j < n; ++j) apart_[j] = from_[(i + j) * stride_];
  }

  const uint8_t* from_;
  int64_t stride_;
  uint8_t apart_[kBlock] = {};
};

template <class Byte>
void run_blocks(const IntegerSum& sum, int64_t n, Blocks& x, Blocks& z, int8_t* to) {
  const PairSums sums(sum);
  int64_t i = 0;
  for (; i + kBlock <= n; i += kBlock) sums.block<Byte>(x.at(i), z.at(i), to + i);
  if (i == n) return;
  int8_t last[kBlock];
  sums.block<Byte>(x.last(i, n - i), z.last(i, n - i), last);
  for (int64_t j = 0; i + j < n; ++j) to[i + j] = last[j];
}

void run(const IntegerSum& sum, int64_t n, const void* x, int64_t x_stride, const void* z, int64_t z_stride,
         void* to) noexcept {
  if (n <= 0) return;
  Blocks left(x, x_stride), right(z, z_stride);
  const auto run_with = sum.is_signed ? run_blocks<int8_t> : run_blocks<uint8_t>;
  run_with(sum, n, left, right, static_cast<int8_t*>(to));
}

}  // namespace

extern const IntegerSumRun kIntegerSum;
const IntegerSumRun kIntegerSum = run;

}  // namespace thane::THANE_ISA
