// Normalizations with what was fused before them.
#include "base/format.h"
#include "formats/onnx/microsoft.h"

namespace thane::onnx {
namespace {

AttrMap norm_attrs(float epsilon) { return {{"axis", int64_t{-1}}, {"epsilon", epsilon}}; }

// input + skip (+ bias), under the name of output 3 when that is wanted.
std::string skip_sum(Rewrite& r, size_t bias) {
  std::vector<std::string> terms = {r.input(0), r.input(1)};
  if (r.has_input(bias)) terms = {r.emit("Add", {r.input(0), r.input(1)}), r.input(bias)};
  const std::string wanted = r.output(3);
  if (wanted.empty()) return r.emit("Add", terms);
  r.emit_to({wanted}, "Add", terms);
  return wanted;
}

// 1 / sqrt(mean(x²) + epsilon) over the last axis, in float32.
void emit_inverse_deviation(Rewrite& r, const std::string& output, const std::string& x, float epsilon) {
  const std::string wide = r.emit("Cast", {x}, {{"to", int64_t{1}}});
  const std::string mean = r.emit("ReduceMean", {r.emit("Mul", {wide, wide}), r.int64s({-1})});
  const std::string moved = r.emit("Add", {mean, r.constant(Tensor::scalar(epsilon))});
  r.emit_to({output}, "Reciprocal", {r.emit("Sqrt", {moved})});
}

// `node` becomes a group normalization of x, with SiLU where the attribute asks for it.
Status become_group_norm(Rewrite& r, const std::string& x, const std::string& gamma, const std::string& beta) {
  THANE_ASSIGN(const int64_t groups, r.take_or<int64_t>("groups", 1));
  THANE_ASSIGN(const int64_t activation, r.take_or<int64_t>("activation", 0));
  THANE_ASSIGN(const int64_t channels_last, r.take_or<int64_t>("channels_last", 1));
  THANE_ASSIGN(const float epsilon, r.take_or<float>("epsilon", 1e-5f));
  const auto move = [&](const std::string& name, int64_t source, int64_t destination) {
    return channels_last ? r.emit_own("MoveAxis", {name}, {{"source", source}, {"destination", destination}}) : name;
  };
  const std::string scale = r.emit("CastLike", {gamma, x}), offset = r.emit("CastLike", {beta, x});
  std::string y =
      r.emit("GroupNormalization", {move(x, -1, 1), scale, offset}, {{"num_groups", groups}, {"epsilon", epsilon}});
  y = move(y, 1, -1);
  if (activation == 1) return r.become("Mul", {y, r.emit("Sigmoid", {y})}), ok();
  if (activation != 0) return invalid_model(format("activation {}", activation)).expecting("0 or 1");
  return r.become("Identity", {y}), ok();
}

// Word, position and segment embeddings added and normalized. The inputs are names: all but segment ones are there.
struct Embedding {
  std::string ids, segment_ids, words, positions, segments, gamma, beta, mask, position_ids;
};

Status become_embedding(Rewrite& r, const Embedding& e, float epsilon) {
  std::string sum = r.emit("Gather", {e.words, e.ids});
  std::string position;
  if (e.position_ids.empty()) {
    const std::string length = r.emit("Shape", {e.ids}, {{"start", int64_t{1}}, {"end", int64_t{2}}});
    position = r.emit("Slice", {e.positions, r.int64s({0}), length, r.int64s({0})});
  } else {
    position = r.emit("Gather", {e.positions, e.position_ids});
  }
  sum = r.emit("Add", {sum, position});
  if (!e.segment_ids.empty()) sum = r.emit("Add", {sum, r.emit("Gather", {e.segments, e.segment_ids})});
  if (!r.output(2).empty()) r.emit_to({r.output(2)}, "Identity", {sum});
  if (const std::string index = r.output(1); !index.empty()) {  // the number of words of each sequence
    if (e.mask.empty()) {
      const std::string batch = r.emit("Shape", {e.ids}, {{"start", int64_t{0}}, {"end", int64_t{1}}});
      r.emit_to({index}, "ConstantOfShape", {batch}, {{"value", Tensor::vector<int32_t>(std::vector<int32_t>{0})}});
    } else {
      r.emit_to({index}, "ReduceSum", {e.mask, r.int64s({1})}, {{"keepdims", int64_t{0}}});
    }
  }
  r.node.outputs.resize(1);
  r.become("LayerNormalization", {sum, e.gamma, e.beta}, norm_attrs(epsilon));
  return ok();
}

}  // namespace

Status skip_layer_norm(Rewrite& r) {
  THANE_ASSIGN(const float epsilon, r.take_or<float>("epsilon", 1e-12f));
  const std::string sum = skip_sum(r, 4);
  const std::string gamma = r.input(2), beta = r.input(3);
  if (r.node.outputs.size() > 3) r.node.outputs.resize(3);
  return r.become("LayerNormalization", {sum, gamma, beta}, norm_attrs(epsilon)), ok();
}

Status skip_rms_norm(Rewrite& r) {
  THANE_ASSIGN(const float epsilon, r.take_or<float>("epsilon", 1e-12f));
  const std::string sum = skip_sum(r, 3);
  if (!r.output(1).empty()) {  // named by some exporters, used by none
    r.emit_to({r.output(1)}, "ReduceMean", {r.emit("Cast", {sum}, {{"to", int64_t{1}}}), r.int64s({-1})});
  }
  if (!r.output(2).empty()) emit_inverse_deviation(r, r.output(2), sum, epsilon);
  r.node.outputs.resize(1);
  return r.become("RMSNormalization", {sum, r.input(2)}, norm_attrs(epsilon)), ok();
}

Status simplified_layer_norm(Rewrite& r) {
  THANE_ASSIGN(const float epsilon, r.take_or<float>("epsilon", 1e-5f));
  THANE_ASSIGN(const int64_t axis, r.take_or<int64_t>("axis", -1));
  THANE_ASSIGN(const int64_t stash, r.take_or<int64_t>("stash_type", 1));
  if (!r.output(1).empty()) {
    const auto rank = r.input_rank(0);
    if (axis != -1 && !(rank && axis == *rank - 1)) return unsupported("its second output over several axes");
    emit_inverse_deviation(r, r.output(1), r.input(0), epsilon);
  }
  r.node.outputs.resize(1);
  r.become("RMSNormalization", {r.input(0), r.input(1)}, {{"axis", axis}, {"epsilon", epsilon}, {"stash_type", stash}});
  return ok();
}

// Normalizes each run of as many elements as `scale` has, along the last axis.
Status gated_rms_norm(Rewrite& r) {
  THANE_ASSIGN(const float epsilon, r.take_or<float>("epsilon", 1e-5f));
  const std::string x = r.input(0), scale = r.input(1), gate = r.input(2);
  const std::string groups = r.emit("Concat", {r.int64s({-1}), r.shape_of(scale)}, {{"axis", int64_t{0}}});
  std::string y = r.emit("RMSNormalization", {r.emit("Reshape", {x, groups}), scale}, norm_attrs(epsilon));
  y = r.emit("Reshape", {y, r.shape_of(x)});
  return r.become("Mul", {y, r.emit("Mul", {gate, r.emit("Sigmoid", {gate})})}), ok();
}

Status group_norm(Rewrite& r) { return become_group_norm(r, r.input(0), r.input(1), r.input(2)); }

// The skip may be [batch, channels]: it is spread over the image then.
Status skip_group_norm(Rewrite& r) {
  THANE_ASSIGN(const int64_t channels_last, r.take_or<int64_t>("channels_last", 1));
  std::string skip = r.input(3);
  const auto rank = r.input_rank(3);
  if (!rank) return unsupported("a skip input of unknown rank");
  if (*rank == 2) skip = r.emit("Unsqueeze", {skip, channels_last ? r.int64s({1, 2}) : r.int64s({2, 3})});
  std::string bias = r.input(4);
  if (!bias.empty() && !channels_last) bias = r.emit("Unsqueeze", {bias, r.int64s({1, 2})});
  std::vector<std::string> terms = {r.input(0), skip};
  if (!bias.empty()) terms = {r.emit("Add", terms), bias};
  std::string sum = r.output(1);
  if (sum.empty())
    sum = r.emit("Add", terms);
  else
    r.emit_to({sum}, "Add", terms);
  r.set("channels_last", channels_last);
  const std::string gamma = r.input(1), beta = r.input(2);
  r.node.outputs.resize(1);
  return become_group_norm(r, sum, gamma, beta);
}

Status embed_layer_norm(Rewrite& r) {
  THANE_ASSIGN(const float epsilon, r.take_or<float>("epsilon", 1e-12f));
  const Embedding e{r.input(0), r.input(1), r.input(2), r.input(3), r.input(4),
                    r.input(5), r.input(6), r.input(7), r.input(8)};
  return become_embedding(r, e, epsilon);
}

Status quantized_embed_layer_norm(Rewrite& r) {
  THANE_ASSIGN(const float epsilon, r.take_or<float>("epsilon", 1e-12f));
  const auto dequantized = [&](size_t table, size_t scale, size_t zero) -> std::string {
    return r.has_input(table) ? r.emit("DequantizeLinear", {r.input(table), r.input(scale), r.input(zero)}) : "";
  };
  const Embedding e{r.input(0),
                    r.input(1),
                    dequantized(2, 8, 13),
                    dequantized(3, 9, 14),
                    dequantized(4, 10, 15),
                    dequantized(5, 11, 16),
                    dequantized(6, 12, 17),
                    r.input(7),
                    ""};
  return become_embedding(r, e, epsilon);
}

}  // namespace thane::onnx
