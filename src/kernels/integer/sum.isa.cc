// The body of sum.h: one product of pairs first, which is nearly always sure; where it is not, the definition.
#include "kernels/integer/sum.h"

#include "kernels/integer/pair_sum.h"

namespace thane::THANE_ISA {
namespace {

constexpr int kBlock = PairSum::kBlock;

struct Operands {
  const uint8_t *a, *b;
};

// As TensorFlow Lite rounds.
class WholeSum {
 public:
  explicit WholeSum(const IntegerSum& sum)
      : sum_(sum), a_(factor_of(sum.a)), b_(factor_of(sum.b)), result_(factor_of(sum)) {}

  THANE_APART void block(const Operands& operands, int8_t* to) const {
    for (int i = 0; i < kBlock; i += kLanes) {
      const IntVec addend = contribution(sum_.b, b_, operands.b + i);
      const IntVec total = contribution(sum_.a, a_, operands.a + i) + (sum_.subtracts ? -addend : addend);
      const IntVec low = splat_int(sum_.low - sum_.zero), high = splat_int(sum_.high - sum_.zero);
      store_as(to + i, low_bytes(min_int(max_int(result_.times(total), low), high) + sum_.zero));
    }
  }

 private:
  template <class Scaled>
  static FixedFactor factor_of(const Scaled& scaled) {
    return FixedFactor(splat_int(scaled.fraction), splat_int(scaled.shift));
  }
  THANE_INLINE IntVec contribution(const IntegerSum::Operand& operand, const FixedFactor& factor,
                                   const uint8_t* from) const {
    const IntVec number =
        operand.is_signed ? to_ints(load_as<NarrowVec<int8_t>>(from)) : to_ints(load_as<NarrowVec<uint8_t>>(from));
    return factor.times((number - operand.zero) << sum_.headroom);
  }

  const IntegerSum& sum_;
  FixedFactor a_, b_, result_;
};

template <class Scaled>
double value_of(const Scaled& scaled) {
  const double power = static_cast<double>(1u << (scaled.shift < 0 ? -scaled.shift : scaled.shift));
  return scaled.fraction / 2147483648.0 * (scaled.shift < 0 ? 1 / power : power);
}

PairSum pair_sum(const IntegerSum& sum) {
  const double factor = value_of(sum), unit = static_cast<double>(1 << sum.headroom) * factor;
  const PairSum::Terms terms{value_of(sum.a) * unit, value_of(sum.b) * unit * (sum.subtracts ? -1 : 1), sum.a.zero,
                             sum.b.zero};
  // Two roundings of whole numbers, each, for the operands and the result.
  return {terms, 6 * factor, RoundedBytes(sum.low, sum.high, sum.zero)};
}

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
void run_blocks(const IntegerSum& sum, int64_t n, Blocks& a, Blocks& b, int8_t* to) {
  const WholeSum wholes(sum);
  const PairSum pairs = pair_sum(sum);
  const bool by_pairs = pairs.is_sure() && sum.shift <= 0 && sum.a.is_signed == sum.b.is_signed;
  for (int64_t i = 0; i < n; i += kBlock) {
    const int64_t count = n - i < kBlock ? n - i : kBlock;
    const bool whole = count == kBlock;
    const Operands operands = {whole ? a.at(i) : a.last(i, count), whole ? b.at(i) : b.last(i, count)};
    int8_t last[kBlock];
    int8_t* target = whole ? to + i : last;
    if (!by_pairs || !pairs.block<Byte>(operands.a, operands.b, target)) wholes.block(operands, target);
    for (int64_t j = 0; !whole && j < count; ++j) to[i + j] = last[j];
  }
}

void run(const IntegerSum& sum, int64_t n, const void* a, int64_t a_stride, const void* b, int64_t b_stride,
         void* to) noexcept {
  if (n <= 0) return;
  Blocks left(a, a_stride), right(b, b_stride);
  const auto run_with = sum.a.is_signed ? run_blocks<int8_t> : run_blocks<uint8_t>;
  run_with(sum, n, left, right, static_cast<int8_t*>(to));
}

}  // namespace

extern const IntegerSumRun kIntegerSum;
const IntegerSumRun kIntegerSum = run;

}  // namespace thane::THANE_ISA
