#include "formats/tflite/builtins.h"
#include "formats/tflite/fixed_point.h"
#include "formats/tflite/hybrid.h"
namespace thane::tflite {
bool has_fixed_point(const Op&) { return false; }
IntegerRange activation_range(Op&, const TensorInfo&, int) { return {}; }
void lower_table(Op&, const std::function<double(double)>&) {}
void lower_integer_table(Op&, const std::function<int32_t(int32_t)>&) {}
void lower_logistic_int16(Op&) {}
void lower_tanh_int16(Op&) {}
void lower_fixed_relu(Op&, int) {}
void lower_fixed_leaky_relu(Op&, float) {}
void lower_fixed_hard_swish(Op&) {}
void lower_fixed_binary(Op&, FixedBinary, int) {}
void lower_fixed_average_pool(Op&, AttrMap, int) {}
void lower_fixed_l2_normalization(Op&) {}
void lower_fixed_resize(Op&, bool, bool) {}
void lower_fixed_sum(Op&, const Edge&, bool, bool) {}
void lower_fixed_softmax(Op&, float) {}
void lower_fixed_log_softmax(Op&) {}
Edge rescaled(Op& op, const Edge& x, const TensorInfo& from, const TensorInfo& to) {
  if (!is_quantized(from) || !is_quantized(to) ||
      (from.quantization.scales == to.quantization.scales &&
       from.quantization.zero_points == to.quantization.zero_points && from.dtype == to.dtype))
    return x;
  return op.quantized(op.dequantized(x, from), to);
}
bool is_hybrid(const Op&) { return false; }
void lower_hybrid_conv(Op&, const Window&, int64_t, const Dims&) {}
Edge hybrid_fully_connected(Op&, const FullyConnected&) { return {}; }
void lower_hybrid_batch_matmul(Op&, const Edge&, const Edge&) {}
Edge dequantized_blocks(Op& op, size_t i) {
  op.unsupported_form("blocks");
  return op.raw(i);
}
bool has_fixed_product(const Op&, size_t, size_t) { return false; }
void lower_fixed_conv(Op&, const Window&, int64_t, const Dims&) {}
void lower_fixed_conv_transpose(Op&, const ProductInputs&, AttrMap, const Dims&, int) {}
Edge fixed_fully_connected(Op&, const FullyConnected&) { return {}; }
void lower_fixed_batch_matmul(Op&, const Edge&, const Edge&) {}
std::span<const Builtin> recurrent_builtins() { return {}; }
std::span<const Builtin> generating_builtins() { return {}; }
std::span<const Builtin> stablehlo_builtins() { return {}; }
std::span<const Builtin> custom_builtins() { return {}; }
}  // namespace thane::tflite
