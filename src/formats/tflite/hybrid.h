// Dynamic-range models: real data, integer weights. The data are quantized while running, as TensorFlow Lite does.
#pragma once

#include "formats/tflite/window.h"

namespace thane::tflite {

struct FullyConnected {
  Edge x;  // [rows, depth]
  int activation;
};

// Real data by weights of int8 or int4 per tensor or per channel.
bool is_hybrid(const Op& op);
void lower_hybrid_conv(Op& op, const Window& window, int64_t group, const Dims& perm);
// The scales of weights quantized in blocks; empty when they are not of that kind.
std::vector<float> block_scales(Op& op, size_t input);
Edge hybrid_fully_connected(Op& op, const FullyConnected& parts);
void lower_hybrid_batch_matmul(Op& op, const Edge& a, const Edge& b);
// Weights quantized in blocks along their last axis, as reals.
Edge dequantized_blocks(Op& op, size_t input);

// Integer data by integer weights.
bool has_fixed_product(const Op& op, size_t data = 0, size_t weights = 1);
void lower_fixed_conv(Op& op, const Window& window, int64_t group, const Dims& perm);
struct ProductInputs {
  size_t data, weights, bias;
};
void lower_fixed_conv_transpose(Op& op, const ProductInputs& inputs, AttrMap attrs, const Dims& perm, int activation);
Edge fixed_fully_connected(Op& op, const FullyConnected& parts);
void lower_fixed_batch_matmul(Op& op, const Edge& a, const Edge& b);

}  // namespace thane::tflite
