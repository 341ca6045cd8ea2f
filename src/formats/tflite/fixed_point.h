// Lowering of operators on quantized operands onto thane's fixed-point ops, which round as TensorFlow Lite does.
#pragma once

#include <functional>

#include "formats/tflite/op.h"

namespace thane::tflite {

// Whether the operator's first operand and first result are quantized integers per tensor.
bool has_fixed_point(const Op& op);

// Activation codes beyond the schema's.
inline constexpr int kReluZeroToOne = 100;

// The integers that a fused activation leaves of the result's range.
struct IntegerRange {
  int32_t low = 0, high = 0;
};
IntegerRange activation_range(Op& op, const TensorInfo& result, int activation);

// A function of one number, as a table over all values of the operand. TensorFlow Lite interpolates some functions of
// int16 between few points.
void lower_table(Op& op, const std::function<double(double)>& f, bool interpolated = false);
// y = table[x]: `map` gives the result for each integer of the operand.
void lower_integer_table(Op& op, const std::function<int32_t(int32_t)>& map);
void lower_logistic_int16(Op& op);
void lower_tanh_int16(Op& op);
void lower_fixed_relu(Op& op, int activation);
void lower_fixed_leaky_relu(Op& op, float alpha);
void lower_fixed_hard_swish(Op& op);

// The same reals under the scale and zero point of `to`; the operand itself where they are equal or stand for nothing.
Edge rescaled(Op& op, const Edge& x, const TensorInfo& from, const TensorInfo& to);
// The same as an operator of its own, which rounds bytes otherwise.
Edge requantized(Op& op, const Edge& x, const TensorInfo& from, const TensorInfo& to);
// Integers that order as the reals they stand for, whatever their scales: in units that all operands share.
Edge comparable(Op& op, const Edge& x, const TensorInfo& info);
void lower_fixed_average_pool(Op& op, AttrMap attrs, int activation);
void lower_fixed_l2_normalization(Op& op);
void lower_fixed_resize(Op& op, bool align_corners, bool half_pixel);
void lower_fixed_sum(Op& op, const Edge& axes, bool keep_dims, bool mean);
void lower_fixed_softmax(Op& op, float beta);

enum class FixedBinary : uint8_t { kAdd, kSub, kMul, kDiv, kSquaredDifference, kPRelu };
void lower_fixed_binary(Op& op, FixedBinary kind, int activation);

}  // namespace thane::tflite
