#include "ops/quantize/packed.h"

#include <algorithm>
#include <cmath>

namespace thane {
namespace {

constexpr DTypeMask kPackedBytes = mask_of(DType::kInt8, DType::kUInt8);

bool is_one(const KernelQuery& query, size_t i) {
  return query.has_input(i) && count_of(*query.inputs[i]->dims).is_number(1);
}

}  // namespace

std::string refuse_packed(const KernelQuery& query, const PackedInputs& in) {
  if (!(mask_of(query.inputs[0]->dtype) & kPackedBytes)) return "data are not int8 or uint8";
  const Tensor* weights = query.constant(in.weights);
  if (!weights) return "the weights are not constant";
  if (!(mask_of(weights->dtype()) & kPackedBytes)) return "weights are not int8 or uint8";
  if (query.has_input(in.weight_zeros) && !query.constant(in.weight_zeros))
    return "zero points of weights are not constant";
  if (query.has_input(in.zero) && !is_one(query, in.zero)) return "several zero points of data";
  return {};
}

std::string refuse_scales(const KernelQuery& query, size_t weight_scales) {
  for (const size_t i : {size_t{1}, size_t{6}, size_t{7}}) {
    if (!query.constant(i) || !is_one(query, i)) return "scales are not constant, or several";
  }
  if (query.inputs[1]->dtype != DType::kFloat32) return "scales are not float32";
  if (!(mask_of(query.inputs[7]->dtype) & kPackedBytes)) return "the result is not int8 or uint8";
  return query.constant(weight_scales) ? "" : "scales of weights are not constant";
}

IntegerColumns scaled_columns(const KernelQuery& query, int64_t columns, size_t weight_scales, QuantizedRange range) {
  const Tensor& scales = *query.constants[weight_scales];
  const float x = *query.constants[1]->data<float>(), y = *query.constants[6]->data<float>();
  IntegerColumns out{.result = IntegerResult::kScaled,
                     .zero = static_cast<int32_t>(query.constants[7]->as_int64(0)),
                     .low = range.low,
                     .high = range.high};
  for (int64_t c = 0; c < columns; ++c) out.scales.push_back(x * scales.data<float>()[scales.size() == 1 ? 0 : c] / y);
  out.shrinks = std::ranges::all_of(out.scales, [](float scale) { return std::fabs(scale) < 1; });
  return out;
}

}  // namespace thane
