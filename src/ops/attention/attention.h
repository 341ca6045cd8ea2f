// Attention and what belongs to it.
#pragma once

#include <array>

#include "ir/context.h"

namespace thane {

struct AttentionAttrs : Attrs {
  bool is_causal = false;
  std::optional<int64_t> q_num_heads;  // both needed with inputs of rank 3
  std::optional<int64_t> kv_num_heads;
  int64_t qk_matmul_output_mode = 0;  // 0: scaled products; 1: after the softcap; 2: after masking; 3: after softmax
  std::optional<float> scale;         // absent: 1/√(head size)
  float softcap = 0;                  // 0: none; else x → softcap · tanh(x / softcap)
  std::optional<DType> softmax_precision;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("is_causal", self.is_causal);
    v("q_num_heads", self.q_num_heads);
    v("kv_num_heads", self.kv_num_heads);
    v("qk_matmul_output_mode", self.qk_matmul_output_mode);
    v("scale", self.scale);
    v("softcap", self.softcap);
    v("softmax_precision", self.softmax_precision);
  }
};

struct RotaryAttrs : Attrs {
  bool interleaved = false;
  int64_t num_heads = 0;             // needed with inputs of rank 3
  int64_t rotary_embedding_dim = 0;  // 0: the head size
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("interleaved", self.interleaved);
    v("num_heads", self.num_heads);
    v("rotary_embedding_dim", self.rotary_embedding_dim);
  }
};

enum class LinearAttentionRule : uint8_t { kLinear, kGated, kDelta, kGatedDelta };
inline constexpr std::string_view kLinearAttentionRules[] = {"linear", "gated", "delta", "gated_delta"};

struct LinearAttentionAttrs : Attrs {
  int64_t chunk_size = 64;  // a hint for other machines
  int64_t q_num_heads = 0;
  int64_t kv_num_heads = 0;
  float scale = 0;  // 0: 1/√(key size)
  LinearAttentionRule update_rule = LinearAttentionRule::kGatedDelta;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("chunk_size", self.chunk_size);
    v.required("q_num_heads", self.q_num_heads);
    v.required("kv_num_heads", self.kv_num_heads);
    v("scale", self.scale);
    v.choice("update_rule", self.update_rule, kLinearAttentionRules);
  }
};

struct FlexAttentionAttrs : Attrs {
  std::optional<float> scale;  // absent: 1/√(head size)
  std::optional<DType> softmax_precision;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("scale", self.scale);
    v("softmax_precision", self.softmax_precision);
  }
};

// A tensor of heads, either [batch, heads, length, size] or [batch, length, heads · size].
struct Heads {
  int64_t batch, heads, length, size;
  int64_t batch_stride, head_stride, row_stride;  // elements

  // `heads` counts when the tensor has rank 3.
  Heads(const Tensor& tensor, int64_t heads);
};

// The same symbolically: {batch, heads, length, size}. Checks the rank (3 or 4), and that the heads divide the last
// axis.
Result<std::array<Dim, 4>> heads_of(const SymDims& dims, std::optional<int64_t> heads, std::string_view name);
// Two dimensions that must be the same, as far as they are known.
Status check_same(const Dim& a, const Dim& b, std::string_view what);
// Query heads share those of key and value in equal groups.
Status check_head_groups(const Dim& q_heads, const Dim& kv_heads);

// The keys or values of input `now`, and before them those of input `past`, where it is given, into `joined`: [batch,
// heads, length of both, size].
void join_past(KernelContext& context, size_t now, size_t past, const Heads& heads, Tensor& joined);

// Softmax over rows of n, in place. Float or double. A row of nothing but -∞ becomes NaN.
void softmax_rows(Tensor& scores, int64_t n, ThreadPool& threads);

// softmax(scale · Q · Kᵀ + mask) · V, by heads. Keys and values may be appended to past ones (outputs 1 and 2 are the
// results), or hold nonpad_kv_seqlen valid ones per sample.
Status infer_attention(InferContext& context);
Status eval_attention(KernelContext& context);

// Rotates pairs of elements of each head by an angle that depends on the position (Su et al., 2021: RoFormer).
Status infer_rotary_embedding(InferContext& context);
Status eval_rotary_embedding(KernelContext& context);

// Attention as a recurrence over a state of key size × value size per head: o = scale · qᵀ·S after S was decayed and
// k·vᵀ added, or for the delta rules v's difference from what S already answers to k.
Status infer_linear_attention(InferContext& context);
Status eval_linear_attention(KernelContext& context);

// Attention whose scores and probabilities pass through a body each (score_mod, prob_mod).
Status infer_flex_attention(InferContext& context);
Status eval_flex_attention(KernelContext& context);

}  // namespace thane
