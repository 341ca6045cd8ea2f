// Ops that draw random numbers. With a seed attribute they give the same numbers every time.
#pragma once

#include "ir/context.h"

namespace thane {

struct SeedAttrs : Attrs {
  std::optional<float> seed;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("seed", self.seed);
  }
};
// Bernoulli and the Random…Like ops: without dtype, the input's.
struct LikeAttrs : SeedAttrs {
  std::optional<DType> dtype;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    SeedAttrs::fields(self, v);
    v("dtype", self.dtype);
  }
};
struct UniformLikeAttrs : LikeAttrs {
  float low = 0;
  float high = 1;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    LikeAttrs::fields(self, v);
    v("low", self.low);
    v("high", self.high);
  }
};
struct NormalLikeAttrs : LikeAttrs {
  float mean = 0;
  float scale = 1;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    LikeAttrs::fields(self, v);
    v("mean", self.mean);
    v("scale", self.scale);
  }
};
// Without an input the shape is an attribute, and dtype float32 unless given.
template <class LikeAttrs>
struct ShapedAttrs : LikeAttrs {
  Dims shape;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    LikeAttrs::fields(self, v);
    v.required("shape", self.shape);
  }
};
using UniformAttrs = ShapedAttrs<UniformLikeAttrs>;
using NormalAttrs = ShapedAttrs<NormalLikeAttrs>;

struct MultinomialAttrs : SeedAttrs {
  DType dtype = DType::kInt32;
  int64_t sample_size = 1;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    SeedAttrs::fields(self, v);
    v("dtype", self.dtype);
    v("sample_size", self.sample_size);
  }
};

struct DropoutAttrs : Attrs {
  std::optional<int64_t> seed;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("seed", self.seed);
  }
};

// The same for RandomUniform(Like) and RandomNormal(Like): their attributes differ in `shape` only.
Status infer_random_uniform(InferContext& context);
Status infer_random_normal(InferContext& context);
Status infer_random_like(InferContext& context);
Status eval_random_uniform(KernelContext& context);
Status eval_random_normal(KernelContext& context);
Status infer_bernoulli(InferContext& context);
Status eval_bernoulli(KernelContext& context);
Status infer_multinomial(InferContext& context);
Status eval_multinomial(KernelContext& context);
Status infer_dropout(InferContext& context);
Status eval_dropout(KernelContext& context);

}  // namespace thane
