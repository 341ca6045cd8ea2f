// Attention, whole: one node, which kernels know.
#include <cmath>
#include <limits>

#include "formats/torch/aten/lowering.h"

namespace thane::aten {
namespace attention_ops {
namespace {

// Queries, keys and values as [batch, heads, length, size]; a mask that broadcasts against them.
Edge attend(Call& c, const Edge& q, const Edge& k, const Edge& v, const Edge& mask, bool causal,
            std::optional<double> scale) {
  const size_t rank = c.rank(q);
  AttrMap attrs;
  if (causal) attrs["is_causal"] = int64_t{1};
  if (scale) attrs["scale"] = static_cast<float>(*scale);
  if (rank < 2) fail(invalid_model("attention over tensors of rank below 2"));
  const auto four = [&](const Edge& x) {
    if (c.rank(x) == 4) return x;
    if (c.rank(x) == 3) return c.unsqueeze(x, {1});
    if (c.rank(x) == 2) return c.unsqueeze(x, {0, 1});
    const Edge tail = c.slice(c.shape(x), 0, -3, INT64_MAX);
    return c.reshape(x, c.concat({c.int64s({-1}), tail}, 0));
  };
  std::vector<Edge> inputs = {four(q), four(k), four(v)};
  if (mask.present()) {
    Edge m = mask;
    if (rank == 3 && c.rank(m) == 3) m = c.unsqueeze(m, {1});
    if (c.rank(m) > 4) m = four(m);
    inputs.push_back(m);
  }
  const Edge y = c.op("Attention", inputs, std::move(attrs));
  if (rank == 4) return y;
  if (rank == 3) return c.squeeze(y, {1});
  if (rank == 2) return c.squeeze(y, {0, 1});
  const Edge shape = c.concat({c.slice(c.shape(q), 0, 0, -1), c.slice(c.shape(v), 0, -1, INT64_MAX)}, 0);
  return c.reshape(y, shape);
}
std::optional<double> scale_of(Call& c) { return c.has("scale") ? std::optional(c.real("scale")) : std::nullopt; }
Edge mask_of_call(Call& c) {
  for (const std::string_view name : {"attn_mask", "attn_bias"}) {
    if (!c.has(name)) continue;
    const Edge mask = c.edge(name);
    return mask.dtype() == DType::kBool ? mask : c.cast(mask, c.dtype("query"));
  }
  return {};
}
// Rows that see nothing give zeros in PyTorch, not NaN.
Edge without_blind_rows(Call& c, const Edge& y, const Edge& mask) {
  if (!mask.present() || mask.dtype() != DType::kBool) return y;
  if (const thane::Tensor* known = mask.known(); known && known->size() < 1 << 20) {
    const int64_t n = known->rank() ? known->dim(known->rank() - 1) : 1;
    bool blind = false;
    for (int64_t row = 0; n > 0 && row < known->size() / n && !blind; ++row) {
      bool any = false;
      for (int64_t i = 0; i < n; ++i) any |= known->as_int64(row * n + i) != 0;
      blind = !any;
    }
    if (!blind) return y;
  }
  const Edge sees = c.reduce("ReduceMax", mask, {-1}, true);
  return c.where(sees, y, c.like(0, y));
}

Value scaled_dot_product_attention(Call& c) {
  if (c.real("dropout_p", 0) != 0) c.refuse("attention with dropout");
  const Edge q = c.edge("query"), k = c.edge("key"), v = c.edge("value"), mask = mask_of_call(c);
  return c.tensor(without_blind_rows(c, attend(c, q, k, v, mask, c.flag("is_causal"), scale_of(c)), mask));
}
// Decomposed forms: with what training needs besides the result.
Value flash_attention(Call& c) {
  if (c.real("dropout_p", 0) != 0) c.refuse("attention with dropout");
  const Edge q = c.edge("query"), k = c.edge("key"), v = c.edge("value"), mask = mask_of_call(c);
  const Edge y = without_blind_rows(c, attend(c, q, k, v, mask, c.flag("is_causal"), scale_of(c)), mask);
  // The logarithm of the scores' sum; dead unless somebody reads it.
  const double scale = scale_of(c).value_or(1 / std::sqrt(static_cast<double>(c.number(q, -1))));
  Edge scores = c.mul(c.matmul(q, c.swap(k, -2, -1)), scale);
  if (mask.present()) {
    const Edge lowest = c.like(-std::numeric_limits<double>::infinity(), scores);
    scores = mask.dtype() == DType::kBool ? c.where(mask, scores, lowest) : c.add(scores, mask);
  }
  const Edge sums =
      c.op("ReduceLogSumExp", {c.cast(scores, DType::kFloat32), c.int64s({-1})}, {{"keepdims", int64_t{0}}});
  return c.results(y, sums);
}

// [batch, length, embed] → [batch, heads, length, embed / heads]
Edge heads_of(Call& c, const Edge& x, int64_t heads) {
  const Edge shape = c.concat({c.slice(c.shape(x), 0, 0, 2), c.int64s({heads, -1})}, 0);
  return c.transpose(c.reshape(x, shape), {0, 2, 1, 3});
}
Edge affine(Call& c, const Edge& x, const Edge& weight, const Edge& bias) {
  const Edge y = c.matmul(x, c.swap(weight, 0, 1));
  return bias.present() ? c.add(y, bias) : y;
}
// Projections in one matrix, attention, projection out.
Edge self_attention(Call& c, const Edge& q, const Edge& k, const Edge& v, int64_t embed, int64_t heads, Edge mask) {
  const auto part = [&](const Edge& x, int64_t i) {
    return affine(c, x, c.slice(c.edge("qkv_weight"), 0, i * embed, (i + 1) * embed),
                  c.slice(c.edge("qkv_bias"), 0, i * embed, (i + 1) * embed));
  };
  const Edge y = attend(c, heads_of(c, part(q, 0), heads), heads_of(c, part(k, 1), heads),
                        heads_of(c, part(v, 2), heads), mask, false, std::nullopt);
  const Edge joined =
      c.reshape(c.transpose(y, {0, 2, 1, 3}), c.concat({c.slice(c.shape(q), 0, 0, 2), c.int64s({embed})}, 0));
  return affine(c, joined, c.edge("proj_weight"), c.edge("proj_bias"));
}
// Fused masks hide where they are true. mask_type: 0 over [query, key], 1 over [batch, key], 2 of the scores' own
// shape.
Edge hidden_to_seen(Call& c, std::string_view name) {
  if (!c.has(name)) return {};
  const int64_t type = c.integer("mask_type", 0);
  const Edge hidden = c.edge(name);
  if (is_float(hidden.dtype())) return hidden;
  const Edge seen = c.logical_not(c.to_bool(hidden));
  return type == 1 ? c.unsqueeze(seen, {1, 2}) : seen;
}
Value native_multi_head_attention(Call& c) {
  const int64_t embed = c.integer("embed_dim"), heads = c.integer("num_head");
  const Edge mask = hidden_to_seen(c, "mask");
  const Edge y = self_attention(c, c.edge("query"), c.edge("key"), c.edge("value"), embed, heads, mask);
  if (!c.flag("need_weights", true)) return Value::tuple({c.tensor(y), Value()});
  // The weights themselves, averaged over heads if asked for.
  const auto part = [&](std::string_view name, int64_t i) {
    return heads_of(c,
                    affine(c, c.edge(name), c.slice(c.edge("qkv_weight"), 0, i * embed, (i + 1) * embed),
                           c.slice(c.edge("qkv_bias"), 0, i * embed, (i + 1) * embed)),
                    heads);
  };
  const double scale = 1 / std::sqrt(static_cast<double>(embed) / static_cast<double>(heads));
  Edge scores = c.mul(c.matmul(part("query", 0), c.swap(part("key", 1), -2, -1)), scale);
  if (mask.present()) {
    scores = is_float(mask.dtype()) ? c.add(scores, mask)
                                    : c.where(mask, scores, c.like(-std::numeric_limits<double>::infinity(), scores));
  }
  Edge weights = c.op("Softmax", {scores}, {{"axis", int64_t{-1}}});
  if (c.flag("average_attn_weights", true)) weights = c.mean(weights, {1});
  return c.results(y, weights);
}
Value transformer_encoder_layer(Call& c) {
  const int64_t embed = c.integer("embed_dim"), heads = c.integer("num_heads");
  const float eps = static_cast<float>(c.real("eps"));
  const Edge x = c.edge("src");
  const auto norm = [&](const Edge& e, int i) {
    return c.op("LayerNormalization", {e, c.edge(format("norm_weight_{}", i)), c.edge(format("norm_bias_{}", i))},
                {{"axis", int64_t{-1}}, {"epsilon", eps}});
  };
  const Edge mask = hidden_to_seen(c, "mask");
  const auto feed_forward = [&](const Edge& e) {
    const Edge inner = affine(c, e, c.edge("ffn_weight_1"), c.edge("ffn_bias_1"));
    const Edge active = c.flag("use_gelu") ? c.op("Gelu", {inner}) : c.op("Relu", {inner});
    return affine(c, active, c.edge("ffn_weight_2"), c.edge("ffn_bias_2"));
  };
  if (c.flag("norm_first")) {
    const Edge n = norm(x, 1);
    const Edge y = c.add(x, self_attention(c, n, n, n, embed, heads, mask));
    return c.tensor(c.add(y, feed_forward(norm(y, 2))));
  }
  const Edge y = norm(c.add(x, self_attention(c, x, x, x, embed, heads, mask)), 1);
  return c.tensor(norm(c.add(y, feed_forward(y)), 2));
}

constexpr Row kRows[] = {
    {"scaled_dot_product_attention", scaled_dot_product_attention},
    {"_scaled_dot_product_flash_attention_for_cpu", flash_attention},
    {"_scaled_dot_product_attention_math", flash_attention},
    {"_native_multi_head_attention", native_multi_head_attention},
    {"_transformer_encoder_layer_fwd", transformer_encoder_layer},
};

}  // namespace
}  // namespace attention_ops

std::span<const Row> attention_rows() { return attention_ops::kRows; }

}  // namespace thane::aten
