// Softmax of integers along the last axis. Bytes go through a table of exponentials in float; int16 through two
// interpolated tables in fixed point.
#include <array>

#include "ops/fixed_point/fixed_point.h"
#include "ops/fixed_point/interpolation.h"

namespace thane {
namespace {

template <class T>
void softmax_bytes(const FixedSoftmaxAttrs& attrs, const T* in, T* out, int64_t depth, const float* exponentials) {
  const T largest = *std::max_element(in, in + depth);
  float sum = 0;
  for (int64_t i = 0; i < depth; ++i) sum += exponentials[255 + in[i] - largest];
  const float unit = 1.0f / (sum * attrs.output_scale);
  for (int64_t i = 0; i < depth; ++i) {
    const float scaled = exponentials[255 + in[i] - largest] * unit;
    const int64_t rounded = static_cast<int64_t>(scaled + 0.5f) + attrs.output_zero_point;
    out[i] = static_cast<T>(std::clamp<int64_t>(rounded, std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
  }
}

// exp on [-10, 0] and 1 / (1 + x) on [0, 1], both with 15 bits below the point.
struct WideTables {
  InterpolatedTable exponential{10.0 / 65535, 32767, 2.0 / 65535, 0, [](double x) { return std::exp(x); }};
  InterpolatedTable reciprocal{1.0 / 65535, -32768, 2.0 / 65535, 0, [](double x) { return 1 / (1 + x); }};
};

void softmax_int16(const FixedMultiplier& to_tenths, const WideTables& tables, const int16_t* in, int16_t* out,
                   int64_t depth) {
  const int16_t largest = *std::max_element(in, in + depth);
  int32_t sum = 0;
  for (int64_t i = 0; i < depth; ++i) {
    const int32_t scaled = to_tenths.times(int32_t{in[i]} - largest) + 32767;
    out[i] = tables.exponential(static_cast<int16_t>(std::clamp(scaled, -32768, 32767)));
    sum += out[i];
  }
  const int headroom = sum > 0 ? __builtin_clz(static_cast<unsigned>(sum)) : 32;
  if (headroom < 1 || headroom > 30) return;
  const auto mantissa = static_cast<int32_t>(((int64_t{sum} << (headroom - 1)) + (1 << 13)) >> 14);
  const int32_t centered = mantissa - ((1 << 15) + (1 << 16));
  const int64_t reciprocal = tables.reciprocal(static_cast<int16_t>(std::clamp(centered, -32768, 32767)));
  const int shift = 31 - headroom;
  for (int64_t i = 0; i < depth; ++i) {
    const int64_t product = (int64_t{out[i]} * reciprocal + (int64_t{1} << (shift - 1))) >> shift;
    out[i] = static_cast<int16_t>(std::clamp<int64_t>(product, 0, 32767));
  }
}

}  // namespace

Status eval_fixed_softmax(KernelContext& context) {
  const auto& attrs = context.attrs<FixedSoftmaxAttrs>();
  const Tensor &x = context.input(0), &y = context.output(0);
  if (x.size() == 0) return ok();
  const int64_t depth = x.rank() == 0 ? 1 : x.dim(x.rank() - 1), rows = x.size() / depth;
  if (x.dtype() == DType::kInt16) {
    const WideTables tables;
    const auto factor = FixedMultiplier::of(static_cast<double>(attrs.input_scale) * static_cast<double>(attrs.beta) /
                                            (10.0 / 65535.0));
    for (int64_t r = 0; r < rows; ++r) {
      softmax_int16(factor, tables, x.data<int16_t>() + r * depth, y.data<int16_t>() + r * depth, depth);
    }
    return ok();
  }
  std::array<float, 256> exponentials;
  const float scale = -attrs.input_scale * attrs.beta;
  for (int i = 0; i < 256; ++i) exponentials[static_cast<size_t>(255 - i)] = std::exp(scale * static_cast<float>(i));
  dispatch<int8_t, uint8_t>(x.dtype(), [&]<class T>() {
    context.threads().parallel_for(rows, 4096 / depth + 1, [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; ++r) {
        softmax_bytes(attrs, x.data<T>() + r * depth, y.data<T>() + r * depth, depth, exponentials.data());
      }
    });
  });
  return ok();
}

}  // namespace thane
