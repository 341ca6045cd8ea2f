// Depthwise Conv with data channels last and constant weights.
#include <algorithm>

#include "base/unaligned.h"
#include "ir/context.h"
#include "ops/conv/depthwise.h"
#include "ops/conv/kernels.h"

namespace thane {
namespace {

std::string refuse_depthwise(const KernelQuery& query) {
  const auto& attrs = query.node.attrs_as<ConvAttrs>();
  if (query.inputs[0]->dtype != DType::kFloat32) return "dtype is not float32";
  if (attrs.layout != DataLayout::kChannelsLast) return "data are channels first";
  if (!query.constants[1]) return "the weights are not constant";
  const Dims& weights = query.constants[1]->dims();
  if (attrs.group <= 1 || weights[1] != 1 || weights[0] != attrs.group) return "not depthwise";
  const auto shape = resolve_conv(attrs, to_numbers(*query.inputs[0]->dims), weights);
  if (!shape.ok()) return "the shapes do not settle";
  return is_wide(*shape) ? "a window of many pixels" : "";
}

class DepthwiseConv : public PreparedKernel {
 public:
  DepthwiseConv(const DepthwiseKernel& kernel, ConvShape shape, Tensor weights, const Activation& activation)
      : kernel_(kernel),
        shape_(std::move(shape)),
        rows_(row_axis(shape_)),
        weights_(std::move(weights)),
        zeros_(static_cast<size_t>(shape_.in_channels), 0.0f),
        run_(depthwise_run(shape_, weights_, activation)) {}

  bool reads(size_t input) const override { return input != 1; }  // the weights are packed
  Status run(KernelContext& context) const override {
    const float* x = context.input(0).data<float>();
    const float* bias = context.has_input(2) ? context.input(2).data<float>() : nullptr;
    const float* residual = context.has_input(3) ? context.input(3).data<float>() : nullptr;
    float* y = context.output(0).data<float>();
    if (context.output(0).size() == 0) return ok();
    const int64_t lines = shape_.batch * shape_.out_spatial() / run_.pixels;
    const int64_t line_size = run_.pixels * run_.channels;
    const int64_t grain = 100000 / std::max<int64_t>(line_size * shape_.taps(), 1) + 1;
    context.threads().parallel_for(lines, grain, [&](int64_t begin, int64_t end) {
      Windows windows(*this);
      DepthwiseRun run = run_;
      run.bias = bias;
      for (int64_t line = begin; line < end; line += run.out_lines) {
        run.out_lines = std::min({lines_together(shape_), end - line, rows_.out - line % rows_.out});
        run.lines = windows.find(x, line, run.out_lines);
        run.y = y + line * line_size;
        if (residual) run.residual = residual + line * line_size;
        kernel_.run(run);
      }
    });
    return ok();
  }

 private:
  // The lines under the taps: a window of them for each tap of the axes before the last two, if there are any.
  class Windows {
   public:
    explicit Windows(const DepthwiseConv& conv)
        : conv_(conv),
          windows_(static_cast<size_t>(conv.run_.rows / conv.rows_.kernel),
                   LineWindow<float>(conv.rows_, conv.shape_.axes.back(), conv.run_.channels, conv.zeros_.data(),
                                     lines_together(conv.shape_))),
          lines_(static_cast<size_t>(conv.run_.rows + kDepthwiseLines - 1)) {}

    const float* const* const* find(const float* x, int64_t line, int64_t out_lines) {
      const int64_t plane = line / conv_.rows_.out, line_size = conv_.shape_.axes.back().in * conv_.run_.channels;
      const float* const** lines = lines_.data();
      for (size_t tap = 0; tap < windows_.size(); ++tap, lines += conv_.rows_.kernel) {
        const int64_t under = conv_.plane_under(plane, static_cast<int64_t>(tap));
        const auto at = [&](int64_t row) { return x + (under * conv_.rows_.in + row) * line_size; };
        windows_[tap].find(under, line % conv_.rows_.out, out_lines, at, lines);
      }
      return lines_.data();
    }

   private:
    const DepthwiseConv& conv_;
    std::vector<LineWindow<float>> windows_;
    std::vector<const float* const*> lines_;
  };

  // The plane of the input, of all images, under a tap of the axes before the last two; -1 in the padding.
  int64_t plane_under(int64_t plane, int64_t tap) const {
    int64_t under = 0, size = 1;
    for (size_t i = shape_.axes.size(); i-- > 2;) {
      const WindowAxis& axis = shape_.axes[i - 2];
      const int64_t at = axis.start(plane % axis.out) + tap % axis.kernel * axis.dilation;
      if (at < 0 || at >= axis.in) return -1;
      under += at * size;
      size *= axis.in;
      plane /= axis.out;
      tap /= axis.kernel;
    }
    return under + plane * size;
  }

  const DepthwiseKernel& kernel_;
  ConvShape shape_;
  WindowAxis rows_;  // the last axis but one
  Tensor weights_;
  std::vector<float> zeros_;
  DepthwiseRun run_;
};

Result<std::unique_ptr<PreparedKernel>> prepare_with_depthwise(const KernelQuery& query, const Activation& activation) {
  const Tensor& weights = *query.constants[1];
  THANE_ASSIGN(ConvShape shape,
               resolve_conv(query.node.attrs_as<ConvAttrs>(), to_numbers(*query.inputs[0]->dims), weights.dims()));
  THANE_ASSIGN(Tensor packed, query.shared<Tensor>("depthwise", [&] { return pack_depthwise(weights); }));
  return std::unique_ptr<PreparedKernel>(
      new DepthwiseConv(depthwise_kernel(query.isa), std::move(shape), std::move(packed), activation));
}

Result<std::unique_ptr<PreparedKernel>> prepare_depthwise(const KernelQuery& query) {
  return prepare_with_depthwise(query, {});
}

Result<std::unique_ptr<PreparedKernel>> prepare_fused_depthwise(const KernelQuery& query) {
  return prepare_with_depthwise(query, query.node.attrs_as<FusedConvAttrs>().activation);
}

}  // namespace

Result<Tensor> pack_depthwise(const Tensor& weights) {
  const int64_t channels = weights.dim(0), taps = channels > 0 ? weights.size() / channels : 0;
  THANE_ASSIGN(Tensor packed, Tensor::allocate(DType::kFloat32, {taps, channels}));
  for (int64_t c = 0; c < channels; ++c) {
    for (int64_t t = 0; t < taps; ++t) {
      packed.data<float>()[t * channels + c] = load_unaligned(weights.data<float>() + c * taps + t);
    }
  }
  return packed;
}

DepthwiseRun depthwise_run(const ConvShape& shape, const Tensor& weights, const Activation& activation) {
  GemmEpilogue epilogue;
  set_activation(activation, epilogue);
  const WindowAxis& x = shape.axes.back();
  return {.channels = shape.in_channels,
          .rows = shape.taps() / x.kernel,
          .kernel = x.kernel,
          .stride = x.stride,
          .dilation = x.dilation,
          .weights = weights.data<float>(),
          .pixels = x.out,
          .low = epilogue.low,
          .high = epilogue.high,
          .map = epilogue.map};
}

const Kernel kDepthwiseConv = {"conv.depthwise", refuse_depthwise, prepare_depthwise, input_bit(1)};
const Kernel kDepthwiseFusedConv = {"conv.depthwise", refuse_depthwise, prepare_fused_depthwise, input_bit(1)};

}  // namespace thane
