// Normalizations: subtract a mean, divide by a spread, scale and shift. Statistics are summed in float64 in two passes;
// 16-bit floats are computed on as float32.
#pragma once

#include "ir/context.h"
#include "ops/layout.h"

namespace thane {

struct BatchNormalizationAttrs : Attrs {
  float epsilon = 1e-5f;
  float momentum = 0.9f;
  bool training_mode = false;
  DataLayout layout = DataLayout::kChannelsFirst;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("epsilon", self.epsilon);
    v("momentum", self.momentum);
    v("training_mode", self.training_mode);
    v.choice("layout", self.layout, kDataLayoutNames);
  }
};

struct InstanceNormalizationAttrs : Attrs {
  float epsilon = 1e-5f;
  DataLayout layout = DataLayout::kChannelsFirst;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("epsilon", self.epsilon);
    v.choice("layout", self.layout, kDataLayoutNames);
  }
};

struct GroupNormalizationAttrs : Attrs {
  float epsilon = 1e-5f;
  int64_t num_groups = 1;
  int64_t stash_type = 1;
  DataLayout layout = DataLayout::kChannelsFirst;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("epsilon", self.epsilon);
    v.required("num_groups", self.num_groups);
    v("stash_type", self.stash_type);
    v.choice("layout", self.layout, kDataLayoutNames);
  }
};

// Of LayerNormalization and RMSNormalization.
struct RowNormalizationAttrs : Attrs {
  int64_t axis = -1;
  float epsilon = 1e-5f;
  DType stash_type = DType::kFloat32;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("axis", self.axis);
    v("epsilon", self.epsilon);
    v("stash_type", self.stash_type);
  }
};

struct MeanVarianceNormalizationAttrs : Attrs {
  Dims axes = {0, 2, 3};
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("axes", self.axes);
  }
};

struct LpNormalizationAttrs : Attrs {
  int64_t axis = -1;
  int64_t p = 2;  // 1 or 2
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("axis", self.axis);
    v("p", self.p);
  }
};

// Per channel, with given statistics; or with the batch's own (training), which then also update running ones.
Status infer_batch_normalization(InferContext& context);
Status eval_batch_normalization(KernelContext& context);

// Statistics per sample and channel, or per sample and group of channels. Scale and bias have one element per channel;
// GroupNormalization also takes one per group, as its first version (opset 18) did.
Status infer_instance_normalization(InferContext& context);
Status eval_instance_normalization(KernelContext& context);
Status infer_group_normalization(InferContext& context);
Status eval_group_normalization(KernelContext& context);

// Over all axes from `axis` on. Layer: (x − mean) / √(variance + ε); RMS: x / √(mean of squares + ε).
Status infer_layer_normalization(InferContext& context);
Status eval_layer_normalization(KernelContext& context);
Status infer_rms_normalization(InferContext& context);
Status eval_rms_normalization(KernelContext& context);

// (x − mean) / (standard deviation + 1e-9) over any axes.
Status infer_mean_variance_normalization(InferContext& context);
Status eval_mean_variance_normalization(KernelContext& context);

// x / ‖x‖ along one axis; 0 where the norm is 0.
Status infer_lp_normalization(InferContext& context);
Status eval_lp_normalization(KernelContext& context);

}  // namespace thane
