// Ops of com.microsoft that ONNX's own words cannot say (or only clumsily); thane's own domain holds them. Semantics:
// the contrib operator documentation and behaviour of ONNX Runtime 1.32.
#pragma once

#include "ir/context.h"
#include "ops/layout.h"

namespace thane::contrib {

// The numbers of a shape; nothing when a dimension or the rank is not known yet.
std::optional<Dims> known_dims(const InferContext& context, size_t input);
// True when every present input's shape is known.
bool all_known(const InferContext& context);
const Tensor* optional_input(const KernelContext& context, size_t i);

// More heads than any model has; and sizes whose products are used before memory proves them real (an empty tensor may
// have dimensions of any size).
inline constexpr int64_t kMaxHeads = 1 << 16;
Status check_rows(int64_t batch, int64_t rows);

// Moves one axis to another place, the others keeping their order; both count from the end when negative. Transpose
// needs the rank in its attribute, this does not.
struct MoveAxisAttrs : Attrs {
  int64_t source = 0, destination = 0;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("source", self.source);
    v("destination", self.destination);
  }
};
Status infer_move_axis(InferContext& context);
Status eval_move_axis(KernelContext& context);

struct MultiHeadAttentionAttrs : Attrs {
  int64_t num_heads = 0;
  std::optional<float> scale;        // absent: 1 / sqrt(head size)
  float mask_filter_value = -10000;  // added where a mask forbids
  bool unidirectional = false;
  bool past_present_share_buffer =
      false;  // past_key/value have room for more; past_sequence_length says how much is there
  bool output_qk = false;
  Status prepare();
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.required("num_heads", self.num_heads);
    v("scale", self.scale);
    v("mask_filter_value", self.mask_filter_value);
    v("unidirectional", self.unidirectional);
    v("past_present_share_buffer", self.past_present_share_buffer);
    v("output_qk", self.output_qk);
  }
};
Status infer_multi_head_attention(InferContext& context);
Status eval_multi_head_attention(KernelContext& context);

struct GroupQueryAttentionAttrs : Attrs {
  int64_t num_heads = 0, kv_num_heads = 0;
  std::optional<float> scale;
  float softcap = 0;
  int64_t local_window_size = -1;
  bool causal = true, do_rotary = false, rotary_interleaved = false;
  int64_t smooth_softmax = -1;
  int64_t qk_output = 0;  // 0: none, 1: before softmax, 2: after
  Status prepare();
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.required("num_heads", self.num_heads);
    v.required("kv_num_heads", self.kv_num_heads);
    v("scale", self.scale);
    v("softcap", self.softcap);
    v("local_window_size", self.local_window_size);
    v("causal", self.causal);
    v("do_rotary", self.do_rotary);
    v("rotary_interleaved", self.rotary_interleaved);
    v("smooth_softmax", self.smooth_softmax);
    v("qk_output", self.qk_output);
  }
};
Status infer_group_query_attention(InferContext& context);
Status eval_group_query_attention(KernelContext& context);

struct RotaryEmbeddingAttrs : Attrs {
  bool interleaved = false, is_packed_batching = false;
  int64_t num_heads = 0, rotary_embedding_dim = 0;
  float scale = 1;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("interleaved", self.interleaved);
    v("is_packed_batching", self.is_packed_batching);
    v("num_heads", self.num_heads);
    v("rotary_embedding_dim", self.rotary_embedding_dim);
    v("scale", self.scale);
  }
};
Status infer_rotary_embedding(InferContext& context);
Status eval_rotary_embedding(KernelContext& context);
// Rotates the first 2·half elements of one head in place by the angles whose cosines and sines are given.
void rotate(float* head, const float* cosines, const float* sines, int64_t half, bool interleaved);

struct MatMulNBitsAttrs : Attrs {
  int64_t n = 0, k = 0, bits = 4, block_size = 0, accuracy_level = 0, weight_prepacked = 0;
  Status prepare();
  int64_t blocks() const { return (k + block_size - 1) / block_size; }  // of a row
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.required("N", self.n);
    v.required("K", self.k);
    v.required("block_size", self.block_size);
    v("bits", self.bits);
    v("accuracy_level", self.accuracy_level);
    v("weight_prepacked", self.weight_prepacked);
  }
};
Status infer_matmul_nbits(InferContext& context);
Status eval_matmul_nbits(KernelContext& context);

struct MatMulBnb4Attrs : Attrs {
  int64_t n = 0, k = 0, block_size = 0, quant_type = 0;  // 0: FP4, 1: NF4
  bool transposed = true, training_mode = false;
  Status prepare();
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.required("N", self.n);
    v.required("K", self.k);
    v.required("block_size", self.block_size);
    v.required("quant_type", self.quant_type);
    v("transB", self.transposed);
    v("training_mode", self.training_mode);
  }
};
Status infer_matmul_bnb4(InferContext& context);
Status eval_matmul_bnb4(KernelContext& context);

struct GatherBlockQuantizedAttrs : Attrs {
  int64_t gather_axis = 0, quantize_axis = 1, block_size = 128, bits = 4;
  Status prepare();
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("gather_axis", self.gather_axis);
    v("quantize_axis", self.quantize_axis);
    v("block_size", self.block_size);
    v("bits", self.bits);
  }
};
Status infer_gather_block_quantized(InferContext& context);
Status eval_gather_block_quantized(KernelContext& context);

Status infer_quantized_binary(InferContext& context);
Status eval_quantized_add(KernelContext& context);
Status eval_quantized_mul(KernelContext& context);

Status infer_inverse(InferContext& context);
Status eval_inverse(KernelContext& context);

enum class CropMode : uint8_t { kBilinear, kNearest };
inline constexpr std::string_view kCropModeNames[] = {"bilinear", "nearest"};
struct CropAndResizeAttrs : Attrs {
  CropMode mode = CropMode::kBilinear;
  float extrapolation_value = 0;
  DataLayout layout = DataLayout::kChannelsFirst;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.choice("mode", self.mode, kCropModeNames);
    v("extrapolation_value", self.extrapolation_value);
    v.choice("layout", self.layout, kDataLayoutNames);
  }
};
Status infer_crop_and_resize(InferContext& context);
Status eval_crop_and_resize(KernelContext& context);

}  // namespace thane::contrib
