// Fourier transforms, windows, and the mel scale.
#pragma once

#include "ir/context.h"

namespace thane {

struct DftAttrs : Attrs {
  bool inverse = false;
  bool onesided = false;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("inverse", self.inverse);
    v("onesided", self.onesided);
  }
};

struct StftAttrs : Attrs {
  bool onesided = true;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("onesided", self.onesided);
  }
};

struct SignalWindowAttrs : Attrs {
  bool periodic = true;  // a period of `size`, of which the end is not repeated; else symmetric
  DType output_datatype = DType::kFloat32;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("periodic", self.periodic);
    v("output_datatype", self.output_datatype);
  }
};

struct MelWeightMatrixAttrs : Attrs {
  DType output_datatype = DType::kFloat32;
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("output_datatype", self.output_datatype);
  }
};

// Along one axis of signals [*, 1] (real) or [*, 2] (complex).
Status infer_dft(InferContext& context);
Status eval_dft(KernelContext& context);

// Transforms of overlapping frames: [batch, length, 1 or 2] → [batch, frames, bins, 2].
Status infer_stft(InferContext& context);
Status eval_stft(KernelContext& context);

// a0 − a1·cos(2πn/N) + a2·cos(4πn/N).
Status infer_window(InferContext& context);
Status eval_hann_window(KernelContext& context);
Status eval_hamming_window(KernelContext& context);
Status eval_blackman_window(KernelContext& context);

// Weights [bins of a one-sided transform, bands], triangles evenly spaced on the mel scale.
Status infer_mel_weight_matrix(InferContext& context);
Status eval_mel_weight_matrix(KernelContext& context);

}  // namespace thane
