// DeformConv: a convolution whose every tap is moved by an offset and weighted by a mask; between input positions
// values are interpolated linearly, outside the input they are zero. Dai et al., Deformable Convolutional Networks
// (2017); Zhu et al. (2019) for the mask. Any number of spatial axes.
#include <cmath>

#include "base/format.h"
#include "ops/conv/conv.h"
#include "ops/conv/patches.h"
#include "ops/conv/typed.h"
#include "ops/expect_shape.h"

namespace thane {
namespace {

constexpr size_t kMostAxes = 8;  // 2^axes corners are read for a sample

// [batch, channels, output…]
SymDims side_shape(const SymDims& y, const Dim& channels) {
  SymDims expected = y;
  expected[1] = channels;
  return expected;
}

// What one image brings to the sampling of its patches.
template <class T>
struct Sampler {
  using Acc = AccumulatorOf<T>;
  const ConvShape& shape;
  const T* x;
  const T* offsets;  // [image][offset group][tap][axis][position]
  const T* mask;     // [image][offset group][tap][position], or null
  int64_t offset_group;

  // x at a point of one channel, linear between neighbours.
  Acc interpolate(const T* channel, const Acc* point) const {
    const size_t rank = shape.axes.size();
    int64_t low[kMostAxes];
    Acc fraction[kMostAxes];
    for (size_t i = 0; i < rank; ++i) {
      if (!(point[i] > -1 && point[i] < static_cast<Acc>(shape.axes[i].in))) return 0;
      low[i] = static_cast<int64_t>(std::floor(point[i]));
      fraction[i] = point[i] - static_cast<Acc>(low[i]);
    }
    Acc sum = 0;
    for (size_t corner = 0; corner < (size_t{1} << rank); ++corner) {
      int64_t index = 0;
      Acc weight = 1;
      bool inside = true;
      for (size_t i = 0; i < rank; ++i) {
        const bool high = corner >> i & 1;
        const int64_t at = low[i] + high;
        inside &= at >= 0 && at < shape.axes[i].in;
        weight *= high ? fraction[i] : 1 - fraction[i];
        index = index * shape.axes[i].in + at;
      }
      if (inside && weight != 0) sum += weight * static_cast<Acc>(channel[index]);
    }
    return sum;
  }

  // Sample of patch row (channel, tap) at an output position.
  Acc operator()(int64_t image, int64_t channel, int64_t tap, int64_t position) const {
    const size_t rank = shape.axes.size();
    const int64_t positions = shape.out_spatial(), taps = shape.taps();
    const int64_t group = channel / (shape.in_channels / offset_group);
    const int64_t side_row = (image * offset_group + group) * taps + tap;
    const Acc scale = mask ? static_cast<Acc>(mask[side_row * positions + position]) : Acc(1);
    Acc point[kMostAxes];
    int64_t tap_rest = tap, rest = position;
    for (size_t i = rank; i-- > 0;) {
      const WindowAxis& axis = shape.axes[i];
      const int64_t start = axis.start(rest % axis.out) + tap_rest % axis.kernel * axis.dilation;
      rest /= axis.out;
      tap_rest /= axis.kernel;
      const int64_t at = (side_row * static_cast<int64_t>(rank) + static_cast<int64_t>(i)) * positions + position;
      point[i] = static_cast<Acc>(start) + static_cast<Acc>(offsets[at]);
    }
    return scale * interpolate(x + (image * shape.in_channels + channel) * shape.in_spatial(), point);
  }
};

}  // namespace

Status infer_deform_conv(InferContext& context) {
  const auto& attrs = context.attrs<DeformConvAttrs>();
  const SymDims* x = context.dims(0);
  const SymDims* weights = context.dims(1);
  THANE_ASSIGN(std::optional<SymDims> dims,
               infer_conv_dims(attrs, x, weights, context.has_input(3) ? context.dims(3) : nullptr));
  if (attrs.offset_group < 1 || attrs.offset_group >= kMaxWindowValue) {
    return invalid_model(format("offset_group is {}", attrs.offset_group)).expecting("at least 1");
  }
  if (dims) {
    const size_t rank = dims->size() - 2;
    if (rank > kMostAxes) return unsupported(format("{} spatial axes", rank)).expecting(format("up to {}", kMostAxes));
    const Dim& channels = (*x)[1];
    if (channels.is_number() && channels.number() % attrs.offset_group != 0) {
      return invalid_model(
          format("{} channels do not divide into {} offset groups", channels.number(), attrs.offset_group));
    }
    Dim taps = attrs.offset_group;
    for (size_t i = 2; i < weights->size(); ++i) taps = taps * (*weights)[i];
    THANE_TRY(expect_shape("offset", context.dims(2), side_shape(*dims, taps * static_cast<int64_t>(rank))));
    if (context.has_input(4)) THANE_TRY(expect_shape("mask", context.dims(4), side_shape(*dims, taps)));
  }
  context.set(0, context.dtype(0), std::move(dims));
  return ok();
}

Status eval_deform_conv(KernelContext& context) {
  const auto& attrs = context.attrs<DeformConvAttrs>();
  const Tensor& x = context.input(0);
  const Tensor& weights = context.input(1);
  const Tensor* bias = context.has_input(3) ? &context.input(3) : nullptr;
  const Tensor* mask = context.has_input(4) ? &context.input(4) : nullptr;
  THANE_ASSIGN(const ConvShape shape, resolve_conv(attrs, x.dims(), weights.dims()));
  Tensor& y = context.output(0);
  if (y.size() == 0) return ok();
  const int64_t taps = shape.taps(), positions = shape.out_spatial(), channels = shape.in_channels / shape.group;
  const PatchProduct product{shape.batch, shape.group, shape.out_channels / shape.group, channels * taps, positions};
  dispatch_floats(x.dtype(), [&]<class T>() {
    using Acc = AccumulatorOf<T>;
    const Sampler<T> sample{shape, x.data<T>(), context.input(2).data<T>(), mask ? mask->data<T>() : nullptr,
                            attrs.offset_group};
    const Widened<T> w(weights);
    const ChannelStore<T> store(bias, y);
    multiply_patches<Acc>(
        product, w.data(), context.threads(),
        [&](int64_t image, int64_t group, int64_t k_begin, int64_t k_end, int64_t begin, int64_t end, Acc* patches) {
          for (int64_t k = k_begin; k < k_end; ++k, patches += kPatchColumns) {
            std::fill_n(patches, kPatchColumns, Acc(0));
            for (int64_t position = begin; position < end; ++position) {
              patches[position - begin] = sample(image, group * channels + k / taps, k % taps, position);
            }
          }
        },
        [&](int64_t image, int64_t row, int64_t begin, int64_t count, const Acc* sums) {
          store(row, (image * shape.out_channels + row) * positions + begin, 1, count, sums);
        });
  });
  return ok();
}

}  // namespace thane
