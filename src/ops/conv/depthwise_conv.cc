// Depthwise Conv with data channels last and constant weights.
#include <algorithm>

#include "base/unaligned.h"
#include "ir/context.h"
#include "ops/conv/depthwise.h"
#include "ops/conv/kernels.h"

namespace thane {
namespace {

constexpr size_t kMostDepthwiseAxes = 8;

std::string refuse_depthwise(const KernelQuery& query) {
  const auto& attrs = query.node.attrs_as<ConvAttrs>();
  if (query.inputs[0]->dtype != DType::kFloat32) return "dtype is not float32";
  if (attrs.layout != DataLayout::kChannelsLast) return "data are channels first";
  if (!query.constants[1]) return "the weights are not constant";
  const Dims& weights = query.constants[1]->dims();
  if (weights.size() > kMostDepthwiseAxes + 2) return "too many axes";
  if (attrs.group <= 1 || weights[1] != 1 || weights[0] != attrs.group) return "not depthwise";
  const auto shape = resolve_conv(attrs, to_numbers(*query.inputs[0]->dims), weights);
  if (!shape.ok()) return "the shapes do not settle";
  return reach(shape->axes.back()) > kMostReach ? "lines of many pixels" : "";
}

class DepthwiseConv : public PreparedKernel {
 public:
  DepthwiseConv(const DepthwiseKernel& kernel, ConvShape shape, Tensor weights, const Activation& activation)
      : kernel_(kernel),
        shape_(std::move(shape)),
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
    const int64_t rows = shape_.batch * shape_.out_spatial() / run_.pixels;
    const int64_t row_size = run_.pixels * run_.channels;
    const int64_t grain = 100000 / std::max<int64_t>(row_size * shape_.taps(), 1) + 1;
    context.threads().parallel_for(rows, grain, [&](int64_t begin, int64_t end) {
      std::vector<const float*> columns(static_cast<size_t>(run_.rows * run_.row_length));
      DepthwiseRun run = run_;
      run.bias = bias;
      run.columns = columns.data();
      for (int64_t row = begin; row < end; ++row) {
        find_rows(x, row, columns.data());
        run.y = y + row * row_size;
        if (residual) run.residual = residual + row * row_size;
        kernel_.run(run);
      }
    });
    return ok();
  }

 private:
  // Pointers to the input columns under every tap row of one row of outputs; zeros in the padding.
  void find_rows(const float* x, int64_t row, const float** columns) const {
    const size_t outer = shape_.axes.size() - 1;
    int64_t position[kMostDepthwiseAxes] = {}, rest = row;
    for (size_t i = outer; i-- > 0;) {
      position[i] = rest % shape_.axes[i].out;
      rest /= shape_.axes[i].out;
    }
    const WindowAxis& last = shape_.axes.back();
    for (int64_t tap_row = 0; tap_row < run_.rows; ++tap_row, columns += run_.row_length) {
      int64_t tap = tap_row, base = 0, stride = last.in;
      bool inside = true;
      for (size_t i = outer; i-- > 0;) {
        const WindowAxis& axis = shape_.axes[i];
        const int64_t at = axis.start(position[i]) + tap % axis.kernel * axis.dilation;
        tap /= axis.kernel;
        inside &= at >= 0 && at < axis.in;
        base += at * stride;
        stride *= axis.in;
      }
      const float* line = inside ? x + (rest * shape_.in_spatial() + base) * run_.channels : nullptr;
      find_columns(last, line, run_.channels, zeros_.data(), columns);
    }
  }

  const DepthwiseKernel& kernel_;
  ConvShape shape_;
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
          .row_length = reach(x),
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
