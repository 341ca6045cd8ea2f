// What the normalizations with parameters per channel share.
#pragma once

#include "ir/context.h"
#include "ops/layout.h"

namespace thane {

// A tensor [batch, channels, spatial…] or [batch, spatial…, channels] with its spatial axes joined. Rank 1 is a batch
// of one channel.
struct ChannelView {
  int64_t batch, channels, spatial;
  DataLayout layout;

  ChannelView(const Dims& dims, DataLayout layout);
  bool last() const { return layout == DataLayout::kChannelsLast; }
};

// The dimension that counts channels.
Dim channels_of(const SymDims& dims, DataLayout layout);

// Input i must be a vector of `length` elements, as far as both are known.
Status check_vector(const InferContext& context, size_t i, const Dim& length);

// y = (x − mean[c]) · factor[c] + bias[c] over the channels of one sample, c counting from the first of them. x and y
// point at the first channel's first element.
template <class T>
struct ChannelAffine {
  const double* mean;
  const double* factor;
  const double* bias;

  void apply(const ChannelView& view, int64_t channels, const T* x, T* y) const {
    if (view.last()) {
      for (int64_t s = 0; s < view.spatial; ++s) {
        for (int64_t c = 0; c < channels; ++c) apply_one(c, x + s * view.channels + c, y + s * view.channels + c, 1);
      }
    } else {
      for (int64_t c = 0; c < channels; ++c) apply_one(c, x + c * view.spatial, y + c * view.spatial, view.spatial);
    }
  }

 private:
  void apply_one(int64_t c, const T* __restrict x, T* __restrict y, int64_t n) const {
    const T m = static_cast<T>(mean[c]), f = static_cast<T>(factor[c]), b = static_cast<T>(bias[c]);
    for (int64_t i = 0; i < n; ++i) y[i] = (x[i] - m) * f + b;
  }
};

}  // namespace thane
