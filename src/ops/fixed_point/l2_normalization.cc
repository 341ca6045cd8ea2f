#include "ops/fixed_point/fixed_point.h"
#include "ops/fixed_point/inverse_root.h"

namespace thane {
Status eval_fixed_l2_normalization(KernelContext& context) {
  const auto& attrs = context.attrs<FixedL2NormalizationAttrs>();
  const Tensor &x = context.input(0), &y = context.output(0);
  if (x.size() == 0) return ok();
  const int64_t depth = x.rank() == 0 ? 1 : x.dim(x.rank() - 1);
  dispatch<int8_t, uint8_t>(x.dtype(), [&]<class T>() {
    constexpr int64_t kZero = std::is_same_v<T, uint8_t> ? 128 : 0;
    for (int64_t row = 0; row < x.size(); row += depth) {
      const T* in = x.data<T>() + row;
      int64_t sum = 0;
      for (int64_t i = 0; i < depth; ++i) sum += (in[i] - attrs.input_zero_point) * (in[i] - attrs.input_zero_point);
      FixedMultiplier factor = inverse_root(sum);
      factor.shift += 7;
      for (int64_t i = 0; i < depth; ++i) {
        const int64_t scaled = factor.times(static_cast<int32_t>(in[i] - attrs.input_zero_point)) + kZero;
        y.data<T>()[row + i] =
            static_cast<T>(std::clamp<int64_t>(scaled, std::numeric_limits<T>::min(), std::numeric_limits<T>::max()));
      }
    }
  });
  return ok();
}

}  // namespace thane
