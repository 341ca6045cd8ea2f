// What the packed kernels of quantized products share.
#pragma once

#include "ir/context.h"
#include "ir/kernel.h"
#include "ops/integer_product.h"
#include "ops/quantize/requantize.h"

namespace thane {

// Input numbers; SIZE_MAX: there is none.
struct PackedInputs {
  size_t zero, weights, weight_zeros, bias;
};

// Bytes with constant weights whose zero points are constant too; one zero point of x.
std::string refuse_packed(const KernelQuery& query, const PackedInputs& in);
// Inputs 1, `weight_scales`, 6 and 7 are constant, and one but for those of weights.
std::string refuse_scales(const KernelQuery& query, size_t weight_scales);
// Factors x_scale · w_scale / y_scale from inputs 1, `weight_scales` and 6; y's zero point is input 7, `range` its
// bytes.
IntegerColumns scaled_columns(const KernelQuery& query, int64_t columns, size_t weight_scales, QuantizedRange range);

}  // namespace thane
