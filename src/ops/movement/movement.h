// Ops that move elements without computing on them, and those that make tensors out of shapes. Movement works on every
// dtype by element size; semantics are those of ONNX opset 27.
#pragma once

#include "ir/context.h"
#include "ops/layout.h"

namespace thane {

struct TransposeAttrs : Attrs {
  std::optional<Dims> perm;  // absent: axes reversed
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("perm", self.perm);
  }
};

struct ReshapeAttrs : Attrs {
  bool allow_zero = false;  // a 0 in the shape means zero, not "as in the input"
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("allowzero", self.allow_zero);
  }
};

struct FlattenAttrs : Attrs {
  int64_t axis = 1;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("axis", self.axis);
  }
};

struct ConcatAttrs : Attrs {
  int64_t axis = 0;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.required("axis", self.axis);
  }
};

struct SplitAttrs : Attrs {
  int64_t axis = 0;
  std::optional<int64_t> num_outputs;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("axis", self.axis);
    v("num_outputs", self.num_outputs);
  }
};

enum class PadMode { kConstant, kReflect, kEdge, kWrap };
struct PadAttrs : Attrs {
  PadMode mode = PadMode::kConstant;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    static constexpr std::string_view kNames[] = {"constant", "reflect", "edge", "wrap"};
    v.choice("mode", self.mode, kNames);
  }
};

enum class DepthOrder { kDepthColumnRow, kColumnRowDepth };
struct DepthToSpaceAttrs : Attrs {
  int64_t block = 1;
  DepthOrder mode = DepthOrder::kDepthColumnRow;
  DataLayout layout = DataLayout::kChannelsFirst;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    static constexpr std::string_view kNames[] = {"DCR", "CRD"};
    v.required("blocksize", self.block);
    v.choice("mode", self.mode, kNames);
    v.choice("layout", self.layout, kDataLayoutNames);
  }
};

struct SpaceToDepthAttrs : Attrs {
  int64_t block = 1;
  DataLayout layout = DataLayout::kChannelsFirst;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.required("blocksize", self.block);
    v.choice("layout", self.layout, kDataLayoutNames);
  }
};

struct ShapeAttrs : Attrs {
  int64_t start = 0;
  std::optional<int64_t> end;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("start", self.start);
    v("end", self.end);
  }
};

struct ConstantOfShapeAttrs : Attrs {
  Tensor value;  // one element; undefined: float32 zero
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("value", self.value);
  }
};

struct EyeLikeAttrs : Attrs {
  std::optional<DType> dtype;  // absent: the input's
  int64_t k = 0;               // diagonal, upwards positive
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("dtype", self.dtype);
    v("k", self.k);
  }
};

struct RangeAttrs : Attrs {
  int64_t stash_type = 1;  // dtype in which 16-bit floats are computed; only float32 exists
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("stash_type", self.stash_type);
  }
};

struct TriluAttrs : Attrs {
  bool upper = true;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("upper", self.upper);
  }
};

struct ReverseSequenceAttrs : Attrs {
  int64_t batch_axis = 1;
  int64_t time_axis = 0;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("batch_axis", self.batch_axis);
    v("time_axis", self.time_axis);
  }
};

struct CenterCropPadAttrs : Attrs {
  std::optional<Dims> axes;  // absent: all
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("axes", self.axes);
  }
};

struct OneHotAttrs : Attrs {
  int64_t axis = -1;  // of the output
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("axis", self.axis);
  }
};

// view.cc: the same elements under another shape. eval copies; planning shares the memory instead.
Status infer_identity(InferContext& context);
Status infer_reshape(InferContext& context);
Status infer_flatten(InferContext& context);
Status infer_squeeze(InferContext& context);
Status infer_unsqueeze(InferContext& context);
Status eval_view(KernelContext& context);

// transpose.cc
// The permutation as axes, checked against the rank.
Result<std::vector<size_t>> transpose_permutation(const TransposeAttrs& attrs, size_t rank);
Status infer_transpose(InferContext& context);
Status eval_transpose(KernelContext& context);

// expand.cc
Status infer_expand(InferContext& context);
Status eval_expand(KernelContext& context);
Status infer_tile(InferContext& context);
Status eval_tile(KernelContext& context);

// concat.cc
Status infer_concat(InferContext& context);
Status eval_concat(KernelContext& context);
Status infer_split(InferContext& context);
Status eval_split(KernelContext& context);

// slice.cc
Status infer_slice(InferContext& context);
Status eval_slice(KernelContext& context);

// pad.cc
Status infer_pad(InferContext& context);
Status eval_pad(KernelContext& context);
Status infer_center_crop_pad(InferContext& context);
Status eval_center_crop_pad(KernelContext& context);

// space.cc
Status infer_depth_to_space(InferContext& context);
Status eval_depth_to_space(KernelContext& context);
Status infer_space_to_depth(InferContext& context);
Status eval_space_to_depth(KernelContext& context);

// shape.cc
Status infer_shape(InferContext& context);
Status eval_shape(KernelContext& context);
Status infer_size(InferContext& context);
Status eval_size(KernelContext& context);

// generate.cc
Status infer_constant_of_shape(InferContext& context);
Status eval_constant_of_shape(KernelContext& context);
Status infer_eye_like(InferContext& context);
Status eval_eye_like(KernelContext& context);
Status infer_one_hot(InferContext& context);
Status eval_one_hot(KernelContext& context);

// range.cc
Status infer_range(InferContext& context);
Status eval_range(KernelContext& context);

// within_rows.cc: ops that rearrange or blank elements in place of their axis
Status infer_trilu(InferContext& context);
Status eval_trilu(KernelContext& context);
Status infer_reverse_sequence(InferContext& context);
Status eval_reverse_sequence(KernelContext& context);

}  // namespace thane
