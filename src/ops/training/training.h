// Steps of gradient descent (ai.onnx.preview.training). Inputs: learning rate R, step count T, then all tensors to
// optimise, all gradients, and all of each kind of state; outputs: the new tensors, then the new states.
#pragma once

#include "ir/context.h"

namespace thane {

struct AdagradAttrs : Attrs {
  float decay_factor = 0;
  float epsilon = 1e-6f;
  float norm_coefficient = 0;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("decay_factor", self.decay_factor);
    v("epsilon", self.epsilon);
    v("norm_coefficient", self.norm_coefficient);
  }
};

struct AdamAttrs : Attrs {
  float alpha = 0.9f;
  float beta = 0.999f;
  float epsilon = 1e-6f;
  float norm_coefficient = 0;
  float norm_coefficient_post = 0;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("alpha", self.alpha);
    v("beta", self.beta);
    v("epsilon", self.epsilon);
    v("norm_coefficient", self.norm_coefficient);
    v("norm_coefficient_post", self.norm_coefficient_post);
  }
};

struct MomentumAttrs : Attrs {
  float alpha = 0;
  float beta = 0;
  float norm_coefficient = 0;
  std::string mode = "standard";  // or "nesterov"
  Status prepare() const;         // checks the mode
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.required("alpha", self.alpha);
    v.required("beta", self.beta);
    v.required("norm_coefficient", self.norm_coefficient);
    v.required("mode", self.mode);
  }
};

Status infer_adagrad(InferContext& context);
Status eval_adagrad(KernelContext& context);
Status infer_adam(InferContext& context);
Status eval_adam(KernelContext& context);
Status infer_momentum(InferContext& context);
Status eval_momentum(KernelContext& context);

}  // namespace thane
