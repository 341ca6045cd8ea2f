// Preparing features: ArrayFeatureExtractor, Binarizer, FeatureVectorizer, Imputer, Normalizer, Scaler.
#pragma once

#include "ops/ml/ml.h"

namespace thane::ml {

struct BinarizerAttrs : Attrs {
  float threshold = 0;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("threshold", self.threshold);
  }
};

struct FeatureVectorizerAttrs : Attrs {
  std::optional<std::vector<int64_t>> inputdimensions;  // absent: the inputs' own widths

  Status prepare();
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("inputdimensions", self.inputdimensions);
  }
};

struct ImputerAttrs : Attrs {
  std::vector<float> imputed_value_floats;
  std::vector<int64_t> imputed_value_int64s;
  float replaced_value_float = 0;
  int64_t replaced_value_int64 = 0;

  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("imputed_value_floats", self.imputed_value_floats);
    v("imputed_value_int64s", self.imputed_value_int64s);
    v("replaced_value_float", self.replaced_value_float);
    v("replaced_value_int64", self.replaced_value_int64);
  }
};

enum class Norm : uint8_t { kMax, kL1, kL2 };
inline constexpr std::string_view kNormNames[] = {"MAX", "L1", "L2"};

struct NormalizerAttrs : Attrs {
  Norm norm = Norm::kMax;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v.choice("norm", self.norm, kNormNames);
  }
};

struct ScalerAttrs : Attrs {
  std::vector<float> offset, scale;  // one each, or one for each feature

  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("offset", self.offset);
    v("scale", self.scale);
  }
};

Status infer_array_feature_extractor(InferContext& context);
Status eval_array_feature_extractor(KernelContext& context);
Status infer_binarizer(InferContext& context);
Status eval_binarizer(KernelContext& context);
Status infer_feature_vectorizer(InferContext& context);
Status eval_feature_vectorizer(KernelContext& context);
Status infer_imputer(InferContext& context);
Status eval_imputer(KernelContext& context);
Status infer_normalizer(InferContext& context);
Status eval_normalizer(KernelContext& context);
Status infer_scaler(InferContext& context);
Status eval_scaler(KernelContext& context);

}  // namespace thane::ml
