// Ops that pick elements by index, put them by index, or find indices: gathering, scattering, selecting, ranking.
// Semantics are those of ONNX opset 27.
#pragma once

#include "ir/context.h"

namespace thane {

struct AxisAttrs : Attrs {
  int64_t axis = 0;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("axis", self.axis);
  }
};

struct GatherNDAttrs : Attrs {
  int64_t batch_dims = 0;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("batch_dims", self.batch_dims);
  }
};

enum class Reduction { kNone, kAdd, kMul, kMin, kMax };
inline constexpr std::string_view kReductionNames[] = {"none", "add", "mul", "min", "max"};

struct ScatterElementsAttrs : Attrs {
  int64_t axis = 0;
  Reduction reduction = Reduction::kNone;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("axis", self.axis);
    v.choice("reduction", self.reduction, kReductionNames);
  }
};

struct ScatterNDAttrs : Attrs {
  Reduction reduction = Reduction::kNone;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.choice("reduction", self.reduction, kReductionNames);
  }
};

enum class CacheMode { kLinear, kCircular };
struct TensorScatterAttrs : Attrs {
  int64_t axis = -2;
  CacheMode mode = CacheMode::kLinear;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    static constexpr std::string_view kNames[] = {"linear", "circular"};
    v("axis", self.axis);
    v.choice("mode", self.mode, kNames);
  }
};

struct TopKAttrs : Attrs {
  int64_t axis = -1;
  bool largest = true;
  bool sorted = true;  // results are always sorted: an order left open may as well be this one
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("axis", self.axis);
    v("largest", self.largest);
    v("sorted", self.sorted);
  }
};

struct UniqueAttrs : Attrs {
  std::optional<int64_t> axis;  // absent: elements of the flattened input
  bool sorted = true;           // else by first occurrence
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("axis", self.axis);
    v("sorted", self.sorted);
  }
};

struct CompressAttrs : Attrs {
  std::optional<int64_t> axis;  // absent: elements of the flattened input
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("axis", self.axis);
  }
};

struct NonMaxSuppressionAttrs : Attrs {
  bool center_point_box = false;  // boxes are [x center, y center, width, height] rather than two corners [y, x, y, x]
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("center_point_box", self.center_point_box);
  }
};

// gather.cc
Status infer_gather(InferContext& context);
Status eval_gather(KernelContext& context);
Status infer_gather_elements(InferContext& context);
Status eval_gather_elements(KernelContext& context);
Status infer_gather_nd(InferContext& context);
Status eval_gather_nd(KernelContext& context);

// scatter.cc
Status infer_scatter_elements(InferContext& context);
Status eval_scatter_elements(KernelContext& context);
Status infer_scatter_nd(InferContext& context);
Status eval_scatter_nd(KernelContext& context);
Status infer_tensor_scatter(InferContext& context);
Status eval_tensor_scatter(KernelContext& context);

// top_k.cc
Status infer_top_k(InferContext& context);
Status eval_top_k(KernelContext& context);

// unique.cc
Status infer_unique(InferContext& context);
Status eval_unique(KernelContext& context);

// select.cc
Status infer_non_zero(InferContext& context);
Status eval_non_zero(KernelContext& context);
Status infer_compress(InferContext& context);
Status eval_compress(KernelContext& context);

// non_max_suppression.cc
Status infer_non_max_suppression(InferContext& context);
Status eval_non_max_suppression(KernelContext& context);

// The indices of a tensor (int32 or int64), each in [-size, size), made non-negative. Anything else is an error.
// indices.cc
Result<Dims> checked_indices(const Tensor& indices, int64_t size);

// Element offsets into a tensor of shape `dims` that the rows of an index tensor [..., k] name, k leading dimensions
// after `batch_dims` equal ones. indices.cc
Result<Dims> tuple_offsets(const Tensor& indices, const Dims& dims, size_t batch_dims);

// Writes into out[0, count) numbers that order as the elements base[0], base[stride], … do: by value, -0 equal to 0,
// NaN above all. Fixed-size real dtypes and bool. order_keys.cc
void order_keys(DType dtype, const void* base, int64_t stride, int64_t count, uint64_t* out);

// into = reduce(into, value) on one element, or null when the dtype has no such reduction. combine.cc
using Combine = void (*)(void* into, const void* value);
Combine combiner(DType dtype, Reduction reduction);

}  // namespace thane
