// Sequences and optionals. Semantics are those of ONNX opset 27; sequences may hold tensors of any dtype.
#pragma once

#include "ir/context.h"

namespace thane {

struct SequenceEmptyAttrs : Attrs {
  DType dtype = DType::kFloat32;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("dtype", self.dtype);
  }
};

struct SplitToSequenceAttrs : Attrs {
  int64_t axis = 0;
  bool keepdims = true;  // only asked for when no sizes are given
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("axis", self.axis);
    v("keepdims", self.keepdims);
  }
};

struct ConcatFromSequenceAttrs : Attrs {
  int64_t axis = 0;
  bool new_axis = false;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.required("axis", self.axis);
    v("new_axis", self.new_axis);
  }
};

struct OptionalAttrs : Attrs {
  std::optional<std::string> type;  // of what an empty one might hold, as Type::to_string writes it
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("type", self.type);
  }
};

// sequence.cc
Status infer_sequence_empty(InferContext& context);
Status eval_sequence_empty(KernelContext& context);
Status infer_sequence_construct(InferContext& context);
Status eval_sequence_construct(KernelContext& context);
Status infer_sequence_at(InferContext& context);
Status eval_sequence_at(KernelContext& context);
Status infer_sequence_erase(InferContext& context);
Status eval_sequence_erase(KernelContext& context);
Status infer_sequence_insert(InferContext& context);
Status eval_sequence_insert(KernelContext& context);
Status infer_sequence_length(InferContext& context);
Status eval_sequence_length(KernelContext& context);

// split_to_sequence.cc
Status infer_split_to_sequence(InferContext& context);
Status eval_split_to_sequence(KernelContext& context);
Status infer_concat_from_sequence(InferContext& context);
Status eval_concat_from_sequence(KernelContext& context);

// optional.cc
Status infer_optional(InferContext& context);
Status eval_optional(KernelContext& context);
Status infer_optional_get_element(InferContext& context);
Status eval_optional_get_element(KernelContext& context);
Status infer_optional_has_element(InferContext& context);
Status eval_optional_has_element(KernelContext& context);

}  // namespace thane
