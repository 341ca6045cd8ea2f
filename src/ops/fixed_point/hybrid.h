// Products of real data by integer weights (dynamic-range models): each row of the data is quantized to int8 by its own
// range, the product is exact, and its result real again.
#pragma once

#include "ops/conv/conv.h"

namespace thane {

struct HybridMatMulAttrs : Attrs {
  std::vector<float> weight_scales;  // one, or one per column, or per column and block of the depth
  int64_t block_size = 0;            // not 0: so many elements of the depth share a scale
  bool asymmetric = true;            // data get a zero point; else only a scale
  bool trans_b = false;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("weight_scales", self.weight_scales);
    v("block_size", self.block_size);
    v("asymmetric", self.asymmetric);
    v("trans_b", self.trans_b);
  }
  Status prepare();
};

struct HybridConvAttrs : ConvAttrs {
  std::vector<float> weight_scales;  // one, or one per output channel
  bool asymmetric = true;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    ConvAttrs::fields(self, v);
    v("weight_scales", self.weight_scales);
    v("asymmetric", self.asymmetric);
  }
  Status prepare();
};

// Real numbers as int8 of one scale.
struct QuantizedRow {
  float scale = 1;
  int32_t zero_point = 0;
};
QuantizedRow quantize_row(const float* x, int64_t n, bool asymmetric, int8_t* out);

// A float32 [.., rows, depth], B int8, bias float32: a row of A is quantized by itself.
Status infer_hybrid_matmul(InferContext& context);
Status eval_hybrid_matmul(KernelContext& context);
// X float32, W int8, B float32: an image is quantized by itself.
Status infer_hybrid_conv(InferContext& context);
Status eval_hybrid_conv(KernelContext& context);

}  // namespace thane
