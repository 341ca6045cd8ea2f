// Attributes of the activation functions, which passes read too.
#pragma once

#include <string_view>

#include "ir/attrs.h"

namespace thane {

// Up to two floats under the op's own names, with its own defaults.
struct LeakyReluAttrs : Attrs {
  float alpha = 0.01f;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("alpha", self.alpha);
  }
};
struct UnitAlphaAttrs : Attrs {  // ThresholdedRelu, Elu, Celu, Swish
  float alpha = 1;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("alpha", self.alpha);
  }
};
struct SeluAttrs : Attrs {
  float alpha = 1.67326319217681884765625f;
  float gamma = 1.05070102214813232421875f;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("alpha", self.alpha);
    v("gamma", self.gamma);
  }
};
struct HardSigmoidAttrs : Attrs {
  float alpha = 0.2f;
  float beta = 0.5f;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("alpha", self.alpha);
    v("beta", self.beta);
  }
};
struct ShrinkAttrs : Attrs {
  float lambd = 0.5f;
  float bias = 0;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("lambd", self.lambd);
    v("bias", self.bias);
  }
};
enum class GeluApproximation { kNone, kTanh };
struct GeluAttrs : Attrs {
  GeluApproximation approximate = GeluApproximation::kNone;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    static constexpr std::string_view kNames[] = {"none", "tanh"};
    v.choice("approximate", self.approximate, kNames);
  }
};

}  // namespace thane
