// FixedConv with data channels last and constant weights: a row of outputs at a time, its inputs gathered without their
// zero point as 16-bit integers.
#include <algorithm>

#include "kernels/dot/dot.h"
#include "ops/fixed_point/fixed_point.h"
#include "ops/fixed_point/kernels.h"

namespace thane {
namespace {

bool is_depthwise(const ConvShape& shape) { return shape.group == shape.in_channels && shape.group > 1; }

std::string refuse(const KernelQuery& query) {
  if (!(mask_of(query.inputs[0]->dtype) & kFixedBytes)) return "dtype is not int8 or uint8";
  const auto& attrs = query.node.attrs_as<FixedConvAttrs>();
  if (attrs.layout != DataLayout::kChannelsLast) return "data are channels first";
  if (!query.constants[1]) return "the weights are not constant";
  if (attrs.requantization.rounding == Rounding::kWide) return "sums of more than 32 bits";
  const auto shape = resolve_conv(attrs, to_numbers(*query.inputs[0]->dims), query.constants[1]->dims());
  if (!shape.ok()) return "the shapes do not settle";
  if (shape->group > 1 && (!is_depthwise(*shape) || shape->out_channels != shape->in_channels))
    return "groups of channels";
  return {};
}

class RowsConv : public PreparedKernel {
 public:
  RowsConv(const FixedConvAttrs& attrs, ConvShape shape, const Tensor& weights, const DotKernel& kernel)
      : attrs_(attrs),
        shape_(std::move(shape)),
        kernel_(kernel),
        depthwise_(is_depthwise(shape_)),
        taps_(shape_.taps()) {
    offsets();
    pack(weights);
  }

  bool reads(size_t input) const override { return input != 1; }  // the weights are packed
  Status run(KernelContext& context) const override {
    if (context.output(0).size() == 0) return ok();
    if (context.input(0).dtype() == DType::kInt8)
      run_as<int8_t>(context);
    else
      run_as<uint8_t>(context);
    return ok();
  }

 private:
  // Positions of each tap relative to a window's start, along every axis.
  void offsets() {
    for (int64_t tap = 0; tap < taps_; ++tap) {
      int64_t rest = tap;
      Dims at(shape_.axes.size());
      for (size_t i = at.size(); i-- > 0;) {
        at[i] = rest % shape_.axes[i].kernel * shape_.axes[i].dilation;
        rest /= shape_.axes[i].kernel;
      }
      tap_offsets_.push_back(std::move(at));
    }
  }

  // [out][in][taps] as [out][taps · in], or for one channel each as [taps][channels].
  void pack(const Tensor& weights) {
    const int64_t out = shape_.out_channels, in = depthwise_ ? 1 : shape_.in_channels;
    weights_.resize(static_cast<size_t>(weights.size()));
    dispatch<int8_t, uint8_t>(weights.dtype(), [&]<class W>() {
      for (int64_t o = 0; o < out; ++o) {
        for (int64_t c = 0; c < in; ++c) {
          for (int64_t t = 0; t < taps_; ++t) {
            const int64_t to = depthwise_ ? t * out + o : (o * taps_ + t) * in + c;
            weights_[static_cast<size_t>(to)] =
                static_cast<int16_t>(weights.data<W>()[(o * in + c) * taps_ + t] - attrs_.weight_zero_point);
          }
        }
      }
    });
  }

  template <class X>
  void run_as(KernelContext& context) const {
    const Tensor& bias = context.has_input(2) ? context.input(2) : Tensor();
    const X* x = context.input(0).data<X>();
    X* y = context.output(0).data<X>();
    const int64_t width = shape_.axes.back().out, lines = shape_.batch * (shape_.out_spatial() / width);
    const int64_t work = width * shape_.out_channels * taps_ * (depthwise_ ? 1 : shape_.in_channels);
    context.threads().parallel_for(lines, 65536 / std::max<int64_t>(work, 1) + 1, [&](int64_t begin, int64_t end) {
      const int64_t channels = shape_.in_channels;
      std::vector<int16_t> patch(static_cast<size_t>(taps_ * channels));
      std::vector<int32_t> sums(static_cast<size_t>(shape_.out_channels));
      for (int64_t line = begin; line < end; ++line) {
        for (int64_t o = 0; o < width; ++o) {
          gather(x, line, o, patch.data());
          multiply(patch.data(), sums.data());
          finish(bias, sums, y + (line * width + o) * shape_.out_channels);
        }
      }
    });
  }

  // The inputs under the window of output o of a line; zeros where there are none.
  template <class X>
  void gather(const X* x, int64_t line, int64_t o, int16_t* patch) const {
    const size_t rank = shape_.axes.size();
    Dims start(rank);
    start[rank - 1] = shape_.axes[rank - 1].start(o);
    int64_t rest = line;
    for (size_t i = rank - 1; i-- > 0;) {
      start[i] = shape_.axes[i].start(rest % shape_.axes[i].out);
      rest /= shape_.axes[i].out;
    }
    const int64_t channels = shape_.in_channels, image = rest;
    const auto zero = static_cast<int16_t>(attrs_.input_zero_point);
    for (int64_t t = 0; t < taps_; ++t, patch += channels) {
      int64_t at = image;
      bool inside = true;
      for (size_t i = 0; i < rank; ++i) {
        const int64_t position = start[i] + tap_offsets_[static_cast<size_t>(t)][i];
        inside &= position >= 0 && position < shape_.axes[i].in;
        at = at * shape_.axes[i].in + position;
      }
      if (!inside) {
        std::fill_n(patch, channels, int16_t{0});
        continue;
      }
      const X* from = x + at * channels;
      for (int64_t c = 0; c < channels; ++c) patch[c] = static_cast<int16_t>(from[c] - zero);
    }
  }

  void multiply(const int16_t* patch, int32_t* sums) const {
    const int64_t out = shape_.out_channels, depth = taps_ * shape_.in_channels;
    if (!depthwise_) return kernel_.rows(patch, weights_.data(), depth, depth, out, sums);
    std::fill_n(sums, out, 0);
    for (int64_t t = 0; t < taps_; ++t) kernel_.columns(patch + t * out, weights_.data() + t * out, out, sums);
  }

  template <class X>
  void finish(const Tensor& bias, const std::vector<int32_t>& sums, X* y) const {
    const int32_t* added = bias.defined() && bias.dtype() == DType::kInt32 ? bias.data<int32_t>() : nullptr;
    for (size_t c = 0; c < sums.size(); ++c) {
      const auto sum =
          static_cast<int32_t>(static_cast<uint32_t>(sums[c]) + static_cast<uint32_t>(added ? added[c] : 0));
      y[c] = static_cast<X>(attrs_.requantization.apply(sum, c));
    }
  }

  FixedConvAttrs attrs_;
  ConvShape shape_;
  const DotKernel& kernel_;
  bool depthwise_;
  int64_t taps_;
  std::vector<Dims> tap_offsets_;
  std::vector<int16_t> weights_;
};

Result<std::unique_ptr<PreparedKernel>> prepare(const KernelQuery& query) {
  const auto& attrs = query.node.attrs_as<FixedConvAttrs>();
  const Tensor& weights = *query.constants[1];
  THANE_ASSIGN(ConvShape shape, resolve_conv(attrs, to_numbers(*query.inputs[0]->dims), weights.dims()));
  return std::unique_ptr<PreparedKernel>(new RowsConv(attrs, std::move(shape), weights, dot_kernel(query.isa)));
}

}  // namespace

const Kernel kFixedRowsConv = {"fixed.rows", refuse, prepare};

}  // namespace thane
