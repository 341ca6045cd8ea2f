// Normalizations, softmaxes and losses.
#include "base/format.h"
#include "formats/tensorflow/call.h"

namespace thane::tensorflow {
namespace nn_ops {
namespace {

void softmax(Call& call) { call.out(call.emit(call.row.target, {call.in(0)}, {{"axis", int64_t{-1}}})); }

void fused_batch_norm(Call& call) {
  const Edge x = call.in(0), scale = call.in(1), offset = call.in(2);
  const std::string format = call.s("data_format", "NHWC");
  const bool first = format.starts_with("NC");
  const float epsilon = static_cast<float>(call.f("epsilon", 1e-4));
  const std::string layout = first ? "channels_first" : "channels_last";
  if (!call.b("is_training", true)) {
    const Edge mean = call.in(3), variance = call.in(4);
    // Statistics are float32 even beside float16 data.
    const DType type = call.dtype(x), wide = call.dtype(scale);
    Edge y = call.cast(x, wide);
    y = call.emit("BatchNormalization", {y, scale, offset, mean, variance}, {{"epsilon", epsilon}, {"layout", layout}});
    y = call.cast(y, type);
    if (call.node.op == "_FusedBatchNormEx") {
      if (call.i("num_side_inputs") > 0) y = call.add(y, call.in(5));
      if (call.s("activation_mode") == "Relu") y = call.emit("Relu", {y});
    }
    call.out(0, y);
    call.out(1, mean);
    call.out(2, variance);
    call.out(3, mean);
    call.out(4, variance);
    call.out(5, mean);
    return;
  }
  // Statistics of this very batch.
  const int64_t rank = call.rank(x);
  Dims axes;
  for (int64_t i = 0; i < rank; ++i) {
    if (i != (first ? 1 : rank - 1)) axes.push_back(i);
  }
  if (call.failed()) return;
  const DType type = call.dtype(x), wide = call.dtype(scale);
  const Edge data = call.cast(x, wide);
  const Edge mean = call.reduce("ReduceMean", data, axes, true);
  const Edge centred = call.sub(data, mean);
  const Edge variance = call.reduce("ReduceMean", call.mul(centred, centred), axes, true);
  Dims channel_axes;
  for (int64_t i = 2; i < rank; ++i) channel_axes.push_back(i - 1);
  const Edge factor = first ? call.unsqueeze(scale, channel_axes) : scale,
             shift = first ? call.unsqueeze(offset, channel_axes) : offset;
  const Edge deviation = call.emit("Sqrt", {call.add(variance, call.like(epsilon, variance))});
  call.out(0, call.cast(call.add(call.mul(call.div(centred, deviation), factor), shift), type));
  const Edge count =
      call.cast(call.reduce("ReduceProd", call.gather(call.shape_of(x), call.ints_edge(axes), 0), {0}, false), wide);
  const Edge unbiased = call.div(call.mul(variance, count),
                                 call.emit("Max", {call.sub(count, call.like(1, count)), call.like(1, count)}));
  call.out(1, call.squeeze(mean, axes));
  call.out(2, call.squeeze(unbiased, axes));
  call.out(3, call.squeeze(mean, axes));
  call.out(4, call.squeeze(variance, axes));
  call.out(5, call.squeeze(mean, axes));
}

void global_normalization(Call& call) {
  const Edge t = call.in(0), mean = call.in(1), variance = call.in(2), beta = call.in(3), gamma = call.in(4);
  const Edge root = call.emit(
      "Reciprocal", {call.emit("Sqrt", {call.add(variance, call.like(call.f("variance_epsilon"), variance))})});
  const Edge scale = call.b("scale_after_normalization") ? call.mul(root, gamma) : root;
  call.out(call.add(call.mul(t, scale), call.sub(beta, call.mul(mean, scale))));
}

void l2_loss(Call& call) {
  const Edge x = call.in(0);
  const Edge sum = call.emit("ReduceSumSquare", {x}, {{"keepdims", int64_t{0}}});
  call.out(call.mul(sum, call.like(0.5, sum)));
}

void softmax_cross_entropy(Call& call) {
  const Edge logits = call.in(0), labels = call.in(1);
  const Edge log_probabilities = call.emit("LogSoftmax", {logits}, {{"axis", int64_t{-1}}});
  call.out(0, call.emit("Neg", {call.reduce("ReduceSum", call.mul(labels, log_probabilities), {-1}, false)}));
  call.out(1, call.sub(call.emit("Softmax", {logits}, {{"axis", int64_t{-1}}}), labels));
}
void sparse_softmax_cross_entropy(Call& call) {
  const Edge logits = call.in(0), labels = call.to_int64(call.in(1));
  const Edge log_probabilities = call.emit("LogSoftmax", {logits}, {{"axis", int64_t{-1}}});
  const Edge picked =
      call.emit("GatherElements", {log_probabilities, call.unsqueeze(labels, {-1})}, {{"axis", int64_t{1}}});
  call.out(0, call.emit("Neg", {call.squeeze(picked, {-1})}));
  const Edge values =
      call.concat({call.reshape(call.like(0, logits), Dims{1}), call.reshape(call.like(1, logits), Dims{1})}, 0);
  const Edge hot =
      call.emit("OneHot", {labels, call.squeeze(call.dim_of(logits, 1), {0}), values}, {{"axis", int64_t{-1}}});
  call.out(1, call.sub(call.emit("Softmax", {logits}, {{"axis", int64_t{-1}}}), hot));
}

void in_top_k(Call& call) {
  // A class is in when fewer than k scores exceed its own.
  const Edge predictions = call.in(0), targets = call.to_int64(call.in(1)), k = call.to_int64(call.in(2));
  const Edge own = call.emit("GatherElements", {predictions, call.unsqueeze(targets, {-1})}, {{"axis", int64_t{1}}});
  const Edge above = call.cast(call.emit("Greater", {predictions, own}), DType::kInt64);
  const Edge finite = call.emit("Not", {call.emit("Or", {call.emit("IsNaN", {own}), call.emit("IsInf", {own})})});
  call.out(call.emit(
      "And", {call.emit("Less", {call.reduce("ReduceSum", above, {1}, false), k}), call.squeeze(finite, {-1})}));
}

constexpr OpRow kRows[] = {
    {"Softmax", softmax, "Softmax"},
    {"LogSoftmax", softmax, "LogSoftmax"},
    {"FusedBatchNorm", fused_batch_norm},
    {"FusedBatchNormV2", fused_batch_norm},
    {"FusedBatchNormV3", fused_batch_norm},
    {"_FusedBatchNormEx", fused_batch_norm},
    {"BatchNormWithGlobalNormalization", global_normalization},
    {"L2Loss", l2_loss},
    {"SoftmaxCrossEntropyWithLogits", softmax_cross_entropy},
    {"SparseSoftmaxCrossEntropyWithLogits", sparse_softmax_cross_entropy},
    {"InTopK", in_top_k},
    {"InTopKV2", in_top_k},
};

}  // namespace
}  // namespace nn_ops

std::span<const OpRow> nn_rows() { return nn_ops::kRows; }

}  // namespace thane::tensorflow
