// ConvTranspose: every input element x[n, c, i] adds w[c, m, t] · x to y[n, m, i·stride - pad + t·dilation].
// Computed as one convolution per phase of the strides: outputs of the phase o ≡ p (mod stride) are met by the taps
// with t·dilation - pad ≡ p only.
#include <map>

#include "base/format.h"
#include "ops/conv/convolve.h"
#include "ops/conv/lattice_gemm.h"
#include "ops/conv/typed.h"

namespace thane {
namespace {

Status check_lists(const ConvTransposeAttrs& attrs, size_t rank) {
  THANE_TRY(check_window(attrs, rank));
  const Dims& shape = attrs.output_shape;
  // Some exporters put batch and channels in front.
  if (!shape.empty() && shape.size() != rank && shape.size() != rank + 2) {
    return invalid_model(format("output_shape {} has {} values", to_string(shape), shape.size()))
        .expecting(std::to_string(rank));
  }
  const Dims& padding = attrs.output_padding;
  if (!padding.empty() && padding.size() != rank) {
    return invalid_model(format("output_padding {} has {} values", to_string(padding), padding.size()))
        .expecting(std::to_string(rank));
  }
  for (const Dims* list : {&shape, &padding}) {
    for (int64_t v : *list) {
      if (v < 0 || v >= kMaxWindowValue) {
        return invalid_model(format("output_shape or output_padding holds {}", v)).expecting("0 to 2^31 - 1");
      }
    }
  }
  return ok();
}

// One spatial axis. kernel and in may be unknown: then out may be too.
struct TransposedAxis {
  WindowAxis axis;
  Dim out;
};

Result<TransposedAxis> settle(const ConvTransposeAttrs& attrs, size_t i, size_t rank, const Dim& in,
                              const Dim& kernel) {
  TransposedAxis result;
  WindowAxis& axis = result.axis;
  if (!attrs.strides.empty()) axis.stride = attrs.strides[i];
  if (!attrs.dilations.empty()) axis.dilation = attrs.dilations[i];
  const int64_t extra = attrs.output_padding.empty() ? 0 : attrs.output_padding[i];
  const Dim full = (in - 1) * axis.stride + ((kernel - 1) * axis.dilation + 1 + extra);
  const bool same = attrs.auto_pad == AutoPad::kSameUpper || attrs.auto_pad == AutoPad::kSameLower;
  if (!attrs.output_shape.empty()) {
    result.out = attrs.output_shape[attrs.output_shape.size() - rank + i];
  } else if (same) {
    result.out = in * axis.stride;
  } else if (attrs.auto_pad == AutoPad::kNotSet && !attrs.pads.empty()) {
    axis.pad_begin = attrs.pads[i];
    axis.pad_end = attrs.pads[rank + i];
    result.out = full - (axis.pad_begin + axis.pad_end);
  } else {
    result.out = full;
  }
  if (!in.is_number() || !kernel.is_number()) return result;
  if (kernel.number() < 1 || !full.is_number() || !result.out.is_number() || full.number() > INT64_MAX / 4) {
    return invalid_model(format("a kernel of {} over {} elements with stride {} and dilation {}", kernel.number(),
                                in.number(), axis.stride, axis.dilation))
        .expecting("a kernel that is not empty and an output of reasonable size");
  }
  if (result.out.number() < 0) {
    return invalid_model(format("the output would have {} elements along spatial axis {}", result.out.number(), i))
        .expecting("pads that leave some of it");
  }
  axis.in = in.number();
  axis.kernel = kernel.number();
  axis.out = result.out.number();
  if (same || !attrs.output_shape.empty()) {
    const int64_t total = std::max<int64_t>(0, full.number() - axis.out);
    axis.pad_begin = attrs.auto_pad == AutoPad::kSameUpper ? total / 2 : total - total / 2;
    axis.pad_end = total - axis.pad_begin;
  }
  return result;
}

Status check_transposed_channels(const ConvTransposeAttrs& attrs, const Dim& channels, const SymDims& weights) {
  if (attrs.group < 1 || attrs.group >= kMaxWindowValue) {
    return invalid_model(format("group is {}", attrs.group)).expecting("at least 1");
  }
  if (weights[0].is_number(0)) return invalid_model("the weights have no input channels").expecting("at least one");
  if (!channels.is_number()) return ok();
  if (weights[0].is_number() && weights[0].number() != channels.number()) {
    return invalid_model(format("{} input channels for weights of {}", channels.number(), to_string(weights)))
        .expecting("weights whose first dimension is the number of input channels");
  }
  if (channels.number() % attrs.group != 0) {
    return invalid_model(format("{} input channels do not divide into {} groups", channels.number(), attrs.group));
  }
  return ok();
}

Result<std::optional<SymDims>> infer_dims(const ConvTransposeAttrs& attrs, const SymDims* x, const SymDims* weights,
                                          const SymDims* bias, std::vector<WindowAxis>* axes) {
  if (!x || !weights) return std::optional<SymDims>();
  if (x->size() < 3 || x->size() != weights->size()) {
    return invalid_model(format("input {} with weights {}", to_string(*x), to_string(*weights)))
        .expecting("both of the same rank, 3 or more");
  }
  const size_t rank = x->size() - 2;
  THANE_TRY(check_lists(attrs, rank));
  const size_t channel = channel_axis(attrs.layout, x->size());
  THANE_TRY(check_transposed_channels(attrs, (*x)[channel], *weights));
  THANE_TRY(check_kernel_shape(attrs, SymDims(weights->begin() + 2, weights->end())));
  const Dim out_channels = (*weights)[1] * attrs.group;
  if ((*weights)[1].is_number() && !out_channels.is_number()) return resource_limit("too many output channels");
  THANE_TRY(check_bias(bias, out_channels));
  SymDims out = *x;
  out[channel] = out_channels;
  for (size_t i = 0; i < rank; ++i) {
    const size_t at = first_spatial_axis(attrs.layout) + i;
    THANE_ASSIGN(TransposedAxis axis, settle(attrs, i, rank, (*x)[at], (*weights)[i + 2]));
    out[at] = axis.out;
    if (axes) axes->push_back(axis.axis);
  }
  return std::optional(std::move(out));
}

// The taps of one axis by the phase they meet: the first output position of the phase is the key.
using Phases = std::map<int64_t, std::vector<Tap>>;

Phases phases_of(const WindowAxis& axis) {
  Phases phases;
  for (int64_t t = 0; t < axis.kernel; ++t) {
    const int64_t shift = t * axis.dilation - axis.pad_begin;
    const int64_t start = ((shift % axis.stride) + axis.stride) % axis.stride;
    if (start < axis.out) phases[start].push_back({t, (start - shift) / axis.stride});
  }
  return phases;
}

// Weights [in_channels, out_channels / group, kernel…] of the taps of `lattice` as [out_channels][in · taps].
template <class T>
std::vector<AccumulatorOf<T>> pack_weights(const Lattice& lattice, const std::vector<WindowAxis>& axes,
                                           const T* weights) {
  const std::vector<int64_t> offsets = kernel_offsets(lattice, axes);
  int64_t kernel_size = 1;
  for (const WindowAxis& axis : axes) kernel_size *= axis.kernel;
  std::vector<AccumulatorOf<T>> packed;
  packed.reserve(static_cast<size_t>(lattice.group * lattice.out_channels * lattice.in_channels) * offsets.size());
  for (int64_t row = 0; row < lattice.group * lattice.out_channels; ++row) {
    const int64_t group = row / lattice.out_channels;
    for (int64_t c = group * lattice.in_channels; c < (group + 1) * lattice.in_channels; ++c) {
      const T* kernel = weights + (c * lattice.out_channels + row % lattice.out_channels) * kernel_size;
      for (int64_t offset : offsets) packed.push_back(static_cast<AccumulatorOf<T>>(kernel[offset]));
    }
  }
  return packed;
}

// Adds the lattice of every combination of the phases of axes `i` and later.
void add_phases(const ConvShape& shape, const std::vector<Phases>& phases, const Lattice& partial, size_t i,
                std::vector<Lattice>& out) {
  if (i == phases.size()) return out.push_back(partial);
  const WindowAxis& window = shape.axes[i];
  for (const auto& [start, taps] : phases[i]) {
    Lattice lattice = partial;
    LatticeAxis& axis = lattice.axes[i];
    lattice.out_offset += start * axis.out_stride;
    axis.count = (window.out - start + window.stride - 1) / window.stride;
    axis.out_stride *= window.stride;
    axis.step = 1;
    axis.taps = taps;
    add_phases(shape, phases, lattice, i + 1, out);
  }
}

// Outputs that no tap meets hold the bias alone.
template <class T>
void fill_with_bias(const ConvShape& shape, const Tensor* bias, Tensor& y) {
  const bool first = shape.layout == DataLayout::kChannelsFirst;
  const int64_t inner = first ? shape.out_spatial() : 1;
  for (int64_t i = 0; i < y.size(); ++i) {
    y.data<T>()[i] = bias ? bias->data<T>()[i / inner % shape.out_channels] : T();
  }
}

}  // namespace

std::vector<Lattice> transposed_lattices(const ConvShape& shape) {
  std::vector<Phases> phases;
  for (const WindowAxis& axis : shape.axes) phases.push_back(phases_of(axis));
  std::vector<Lattice> lattices;
  add_phases(shape, phases, conv_lattice(shape), 0, lattices);
  return lattices;
}

Result<ConvShape> resolve_conv_transpose(const ConvTransposeAttrs& attrs, const SymDims& x, const SymDims& weights) {
  ConvShape shape;
  THANE_TRY(infer_dims(attrs, &x, &weights, nullptr, &shape.axes));
  shape.batch = x[0].number();
  shape.in_channels = weights[0].number();
  shape.out_channels = weights[1].number() * attrs.group;
  shape.group = attrs.group;
  shape.layout = attrs.layout;
  return shape;
}

Status infer_conv_transpose(InferContext& context) {
  THANE_ASSIGN(std::optional<SymDims> dims,
               infer_dims(context.attrs<ConvTransposeAttrs>(), context.dims(0), context.dims(1),
                          context.has_input(2) ? context.dims(2) : nullptr, nullptr));
  context.set(0, context.dtype(0), std::move(dims));
  return ok();
}

Status eval_conv_transpose(KernelContext& context) {
  const auto& attrs = context.attrs<ConvTransposeAttrs>();
  const Tensor& x = context.input(0);
  const Tensor& weights = context.input(1);
  const Tensor* bias = context.has_input(2) ? &context.input(2) : nullptr;
  THANE_ASSIGN(const ConvShape shape,
               resolve_conv_transpose(attrs, to_symbolic(x.dims()), to_symbolic(weights.dims())));
  Tensor& y = context.output(0);
  if (y.size() == 0) return ok();
  dispatch_floats(x.dtype(), [&]<class T>() {
    using Acc = AccumulatorOf<T>;
    fill_with_bias<T>(shape, bias, y);
    const ChannelStore<T> store(bias, y);
    for (const Lattice& lattice : transposed_lattices(shape)) {
      const std::vector<Acc> packed = pack_weights<T>(lattice, shape.axes, weights.data<T>());
      convolve<Acc>(
          lattice, x.data<T>(), packed.data(), context.threads(), [](T v) { return static_cast<Acc>(v); }, store);
    }
  });
  return ok();
}

}  // namespace thane
