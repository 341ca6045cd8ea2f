#include <cmath>

#include "base/format.h"
#include "ops/convert.h"
#include "ops/fixed_point/fixed_point.h"
#include "ops/infer_shapes.h"

namespace thane {

Status Requantization::prepare() {
  if (weight_scales.empty()) weight_scales.push_back(1);
  if (!(input_scale > 0) || !(output_scale > 0)) return invalid_model("a scale that is not above 0");
  if (low > high || low < INT32_MIN || high > INT32_MAX || std::abs(output_zero_point) > INT32_MAX) {
    return invalid_model(format("a range of [{}, {}]", low, high));
  }
  for (float scale : weight_scales) {
    if (!(scale >= 0)) return invalid_model("a scale below 0");
    const float factor = input_scale * scale / output_scale;
    scales.push_back(std::isfinite(factor) ? factor : 0);
    multipliers.push_back(FixedMultiplier::of(static_cast<double>(input_scale) * static_cast<double>(scale) /
                                              static_cast<double>(output_scale)));
  }
  return ok();
}

Status Requantization::check(const Dim& channels) const {
  if (multipliers.size() == 1 || !channels.is_number()) return ok();
  if (channels.number() == static_cast<int64_t>(multipliers.size())) return ok();
  return invalid_model(format("{} scales for {} channels", multipliers.size(), channels.number()));
}

Status RequantizeAttrs::prepare() {
  if (!(mask_of(to) & (kFixedInts | mask_of(DType::kInt32)))) return invalid_model("requantization to that dtype");
  return requantization.prepare();
}

Status infer_requantize(InferContext& context) {
  const auto& attrs = context.attrs<RequantizeAttrs>();
  const SymDims* dims = context.dims(0);
  if (dims && attrs.requantization.multipliers.size() > 1) {
    if (dims->empty()) return invalid_model("channels of a scalar");
    THANE_TRY(attrs.requantization.check(dims->back()));
  }
  return infer_same_dims(context, attrs.to);
}

Status eval_requantize(KernelContext& context) {
  const auto& attrs = context.attrs<RequantizeAttrs>();
  const Tensor &x = context.input(0), &y = context.output(0);
  const Requantization& to = attrs.requantization;
  const auto channels = static_cast<int64_t>(to.multipliers.size());
  dispatch<int8_t, uint8_t, int16_t, int32_t, int64_t>(x.dtype(), [&]<class In>() {
    dispatch<int8_t, uint8_t, int16_t, int32_t>(y.dtype(), [&]<class Out>() {
      const In* in = x.data<In>();
      Out* out = y.data<Out>();
      for (int64_t i = 0; i < x.size(); ++i) {
        out[i] = static_cast<Out>(
            to.apply(static_cast<int64_t>(in[i]) - attrs.input_zero_point, static_cast<size_t>(i % channels)));
      }
    });
  });
  return ok();
}

}  // namespace thane
