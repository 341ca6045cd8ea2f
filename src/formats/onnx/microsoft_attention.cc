// Attention ops, all but GroupQueryAttention in the words of MultiHeadAttention.
#include "base/format.h"
#include "formats/onnx/microsoft.h"

namespace thane::onnx {
namespace {

// Attributes of no consequence on a CPU, or of consequence only where they differ from these values.
Status refuse_unless(Rewrite& r, std::string_view name, int64_t expected) {
  THANE_ASSIGN(const int64_t found, r.take_or<int64_t>(name, expected));
  if (found == expected) return ok();
  return unsupported(format("{} {}", name, found));
}

// Query, key and value side by side in `projected`, split and attended to. Past and present hold keys and values in one
// tensor [2, batch, heads, rows, size].
Status become_self_attention(Rewrite& r, const std::string& projected, const std::optional<Dims>& sizes,
                             const std::string& mask, const std::string& past, const std::string& bias,
                             const std::string& past_length) {
  std::vector<std::string> split = {projected};
  AttrMap split_attrs = {{"axis", int64_t{-1}}};
  if (sizes)
    split.push_back(r.int64s(*sizes));
  else
    split_attrs.emplace("num_outputs", int64_t{3});
  const auto qkv = r.emit_many(3, "Split", split, split_attrs);
  std::string past_key, past_value;
  if (!past.empty()) {
    past_key = r.emit("Gather", {past, r.int64(0)}, {{"axis", int64_t{0}}});
    past_value = r.emit("Gather", {past, r.int64(1)}, {{"axis", int64_t{0}}});
  }
  const AttrMap attrs = r.node.attrs;
  r.become_own("MultiHeadAttention", {qkv[0], qkv[1], qkv[2], "", mask, bias, past_key, past_value, past_length},
               attrs);
  if (r.output(1).empty()) return ok();
  const std::string present = r.divert_output(1);
  r.node.outputs.resize(2);
  r.node.outputs.push_back(r.fresh());
  std::vector<std::string> stacked;
  for (size_t i = 1; i < 3; ++i) {
    stacked.push_back(r.fresh());
    r.emit_after({stacked.back()}, "Unsqueeze", {r.output(i), r.int64s({0})});
  }
  r.emit_after({present}, "Concat", stacked, {{"axis", int64_t{0}}});
  return ok();
}

}  // namespace

Status attention(Rewrite& r) {
  THANE_ASSIGN(const auto sizes, r.take<Dims>("qkv_hidden_sizes"));
  THANE_TRY(refuse_unless(r, "do_rotary", 0));
  r.drop("rotary_embedding_dim");
  std::string projected = r.emit("MatMul", {r.input(0), r.input(1)});
  if (r.has_input(2)) projected = r.emit("Add", {projected, r.input(2)});
  return become_self_attention(r, projected, sizes && !sizes->empty() ? sizes : std::nullopt, r.input(3), r.input(4),
                               r.input(5), r.input(6));
}

Status quantized_attention(Rewrite& r) {
  THANE_TRY(refuse_unless(r, "do_rotary", 0));
  THANE_TRY(refuse_unless(r, "past_present_share_buffer", 0));
  const std::string product = r.emit("MatMulInteger", {r.input(0), r.input(1), r.input(6), r.input(7)});
  const std::string scale = r.emit("Mul", {r.input(3), r.input(4)});
  std::string projected = r.emit("Mul", {r.emit("Cast", {product}, {{"to", int64_t{1}}}), scale});
  if (r.has_input(2)) projected = r.emit("Add", {projected, r.input(2)});
  return become_self_attention(r, projected, std::nullopt, r.input(5), r.input(8), "", "");
}

Status multi_head_attention(Rewrite& r) {
  const std::vector<std::string> inputs = r.node.inputs;
  AttrMap attrs = r.node.attrs;
  if (r.has_input(8)) attrs.emplace("past_present_share_buffer", int64_t{1});  // past_sequence_length
  return r.become_own("MultiHeadAttention", inputs, std::move(attrs)), ok();
}

// Same inputs in another order; beam_width (7 + 1) follows from cache_indirection.
Status decoder_masked_attention(Rewrite& r) {
  const std::vector<std::string> inputs = {r.input(0), r.input(1), r.input(2), r.input(10), r.input(3),
                                           r.input(4), r.input(5), r.input(6), r.input(7),  r.input(9)};
  const AttrMap attrs = r.node.attrs;
  return r.become_own("MultiHeadAttention", inputs, attrs), ok();
}

Status group_query_attention(Rewrite& r) {
  THANE_TRY(refuse_unless(r, "sliding_window_cache", 0));
  r.drop("kv_cache_bit_width");
  r.drop("qk_norm_epsilon");
  r.drop("q_norm_epsilon");
  r.drop("k_norm_epsilon");
  for (const std::string_view name : {"k_quant_type", "v_quant_type"}) {
    THANE_ASSIGN(const std::string type, r.take_or<std::string>(name, "NONE"));
    if (type != "NONE") return unsupported("a quantized cache");
  }
  for (size_t i = 12; i < r.node.inputs.size(); ++i) {
    if (r.has_input(i)) return unsupported(format("input {} (cache scales, norm weights or query_seqlens)", i));
  }
  std::vector<std::string> inputs = r.node.inputs;
  if (inputs.size() > 12) inputs.resize(12);
  const AttrMap attrs = r.node.attrs;
  return r.become_own("GroupQueryAttention", inputs, attrs), ok();
}

}  // namespace thane::onnx
