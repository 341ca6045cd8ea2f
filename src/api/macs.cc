#include "api/macs.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include "ops/conv/conv.h"

namespace thane {
namespace {

using Types = std::span<const Type* const>;
using Count = std::optional<double>;

// ---- pieces: all nothing when something is unknown

Count dim(Types types, size_t i, int axis) {
  if (i >= types.size() || !types[i] || !types[i]->has_concrete_dims()) return std::nullopt;
  const auto& dims = *types[i]->dims;
  const auto at = axis < 0 ? static_cast<int>(dims.size()) + axis : axis;
  if (at < 0 || at >= static_cast<int>(dims.size())) return std::nullopt;
  return static_cast<double>(dims[static_cast<size_t>(at)].number());
}

Count size(Types types, size_t i, size_t from_axis = 0) {
  if (i >= types.size() || !types[i] || !types[i]->has_concrete_dims()) return std::nullopt;
  double product = 1;
  for (size_t axis = from_axis; axis < types[i]->dims->size(); ++axis) {
    product *= static_cast<double>((*types[i]->dims)[axis].number());
  }
  return product;
}

Count times(Count a, Count b) { return a && b ? Count(*a * *b) : std::nullopt; }
Count over(Count a, Count b) { return a && b && *b > 0 ? Count(*a / *b) : std::nullopt; }
Count plus(Count a, Count b) { return a && b ? Count(*a + *b) : std::nullopt; }

// ---- per kind of op

// Each output element is a dot product over one filter: [M, C/group, k…].
template <size_t kWeights>
Count convolution(const Node&, Types in, Types out) {
  return times(size(out, 0), size(in, kWeights, 1));
}
// A convolution, a depthwise one of its output and a pointwise one of that; all have as many multiplications a pixel of
// their output as weights.
Count bottleneck(const Node& node, Types in, Types out) {
  const auto is_given = [&](size_t i) { return i < in.size() && in[i]; };
  const auto weights = [&](size_t i) { return is_given(i) ? size(in, i) : Count(0.0); };
  Count between = 0.0;  // pixels
  if (is_given(1)) {
    if (!size(in, 0) || !size(in, 1)) return std::nullopt;
    const auto first =
        resolve_conv(node.attrs_as<BottleneckAttrs>().first(), to_numbers(*in[0]->dims), to_numbers(*in[1]->dims));
    if (!first.ok()) return std::nullopt;
    between = static_cast<double>(first->batch) * static_cast<double>(first->out_spatial());
  }
  const Count pixels = over(size(out, 0), dim(out, 0, -1));
  return plus(times(between, weights(1)), times(pixels, plus(weights(3), weights(5))));
}
// Each input element meets one filter: [C, M/group, k…].
Count transposed_convolution(const Node&, Types in, Types) { return times(size(in, 0), size(in, 1, 1)); }
// Y[M, N] from A with M * K elements.
Count gemm(const Node&, Types in, Types out) { return times(size(out, 0), over(size(in, 0), dim(out, 0, 0))); }
// K is the size of one row of B's transpose, whatever the flags: |A| / rows of Y.
Count matmul(const Node&, Types in, Types out) {
  const bool vector = in[0] && in[0]->dims && in[0]->dims->size() == 1;
  if (vector) return times(size(out, 0), size(in, 0));
  return times(size(out, 0), dim(in, 0, -1));
}
// A may be transposed: K = |A| / (batch * M), with |Y| = batch * M * N and N = Y's last dimension. A is never broadcast
// here.
Count fused_matmul(const Node&, Types in, Types out) {
  const Count rows = over(size(out, 0), dim(out, 0, -1));
  return times(size(out, 0), over(size(in, 0), rows));
}
// Every combination of indices that occur in any operand: exact for two operands contracted at once, of which each
// index of the output appears in one; sqrt(|A| |B| |Y|) then counts every index once.
Count einsum(const Node&, Types in, Types out) {
  if (in.size() != 2) return size(out, 0);
  const Count square = times(times(size(in, 0), size(in, 1)), size(out, 0));
  return square ? Count(std::sqrt(*square)) : std::nullopt;
}
// X[steps, batch, input] through W[directions, gates * hidden, input] and R[directions, gates * hidden, hidden].
Count recurrent(const Node&, Types in, Types) {
  return times(times(dim(in, 0, 0), dim(in, 0, 1)), plus(size(in, 1), size(in, 2)));
}
// Scores and their sum over values, for [batch, …, rows, width] queries and keys: 2 * |Q| * rows of K. Both the forms
// with heads as an axis and with heads packed into the width give this.
Count attention(const Node&, Types in, Types) { return times(size(in, 0), times(Count(2.0), dim(in, 1, -2))); }
struct Row {
  std::string_view name;
  Count (*count)(const Node& node, Types inputs, Types outputs);
};
constexpr Row kRows[] = {
    {"Conv", convolution<1>},
    {"FusedConv", convolution<1>},
    {"BottleneckConv", bottleneck},
    {"ConvInteger", convolution<1>},
    {"QLinearConv", convolution<3>},
    {"DeformConv", convolution<1>},
    {"CausalConvWithState", convolution<1>},
    {"ConvTranspose", transposed_convolution},
    {"Gemm", gemm},
    {"FusedGemm", gemm},
    {"MatMul", matmul},
    {"FusedMatMul", fused_matmul},
    {"MatMulInteger", matmul},
    {"QLinearMatMul", matmul},
    {"MatMulNBits", matmul},
    {"MatMulBnb4", matmul},
    {"Einsum", einsum},
    {"LSTM", recurrent},
    {"GRU", recurrent},
    {"RNN", recurrent},
    {"DynamicQuantizeLSTM", recurrent},
    {"Attention", attention},
    {"FlexAttention", attention},
    {"MultiHeadAttention", attention},
    {"GroupQueryAttention", attention},
};

}  // namespace

std::optional<double> macs(const Node& node, std::span<const Type* const> inputs,
                           std::span<const Type* const> outputs) {
  const auto row = std::ranges::find(kRows, node.op->name, &Row::name);
  return row == std::end(kRows) ? Count(0.0) : row->count(node, inputs, outputs);
}

}  // namespace thane
