// A pointwise convolution followed by a depthwise one, row by row: the rows of the first that a row of the second reads
// stay in a ring in the second-level cache.
#include <algorithm>
#include <atomic>

#include "kernels/gemm/tiling.h"
#include "ops/conv/depthwise.h"
#include "ops/conv/kernels.h"
#include "ops/evaluate.h"
#include "ops/packed_matrix.h"
#include "ops/table.h"

namespace thane {

Status infer_expanded_depthwise(InferContext& context) {
  const auto& attrs = context.attrs<ExpandedDepthwiseAttrs>();
  ConvAttrs pointwise;
  pointwise.layout = attrs.layout;
  const auto bias = [&](size_t i) { return context.has_input(i) ? context.dims(i) : nullptr; };
  THANE_ASSIGN(const auto between, infer_conv_dims(pointwise, context.dims(0), context.dims(1), bias(2)));
  THANE_ASSIGN(const auto dims, infer_conv_dims(attrs, between ? &*between : nullptr, context.dims(3), bias(4)));
  context.set(0, context.dtype(0), dims);
  return ok();
}

Status eval_expanded_depthwise(KernelContext& context) {
  const auto& attrs = context.attrs<ExpandedDepthwiseAttrs>();
  auto first = std::make_shared<FusedConvAttrs>();
  first->layout = attrs.layout;
  first->activation = attrs.expansion;
  const auto conv = [&](std::span<const Value* const> inputs, std::shared_ptr<FusedConvAttrs> conv_attrs) {
    Node node;
    node.op = find_op(Domain::kThane, "FusedConv");
    node.attrs = std::move(conv_attrs);
    node.inputs = {0, 1, 2};
    node.outputs = {0};
    return evaluate(node, inputs, context.threads(), nullptr, context.random());
  };
  const auto value = [&](size_t i) { return context.has_input(i) ? &context.input_value(i) : nullptr; };
  const Value* expansion[] = {value(0), value(1), value(2)};
  THANE_ASSIGN(const std::vector<Value> between, conv(expansion, std::move(first)));
  const Value* depthwise[] = {&between[0], value(3), value(4)};
  THANE_ASSIGN(std::vector<Value> result, conv(depthwise, std::make_shared<FusedConvAttrs>(attrs)));
  const Tensor& y = result[0].tensor();
  std::copy_n(y.data<float>(), y.size(), context.output(0).data<float>());
  return ok();
}

namespace {

std::string refuse_expanded(const KernelQuery& query) {
  const auto& attrs = query.node.attrs_as<ExpandedDepthwiseAttrs>();
  if (attrs.layout != DataLayout::kChannelsLast) return "data are channels first";
  if (!query.constants[1] || !query.constants[3]) return "the weights are not constant";
  const Dims &expansion = query.constants[1]->dims(), &depthwise = query.constants[3]->dims();
  if (expansion.size() != 4 || expansion[2] * expansion[3] != 1) return "not pointwise";
  if (depthwise[1] != 1 || depthwise[0] != attrs.group || expansion[0] != attrs.group) return "not depthwise";
  if (std::any_of(attrs.dilations.begin(), attrs.dilations.end(), [](int64_t d) { return d != 1; })) return "dilated";
  return {};
}

class ExpandedDepthwise : public PreparedKernel {
 public:
  ExpandedDepthwise(const KernelQuery& query, ConvShape shape, PackedMatrix expansion, Tensor weights)
      : depthwise_(depthwise_kernel(query.isa)),
        in_channels_(expansion.k),
        shape_(std::move(shape)),
        expansion_(*expansion.kernel, x_axis().in, expansion.n, expansion.k),
        panels_(std::move(expansion.panels)),
        weights_(std::move(weights)),
        zeros_(static_cast<size_t>(channels()), 0.0f),
        run_(depthwise_run(shape_, weights_, query.node.attrs_as<ExpandedDepthwiseAttrs>().activation)),
        scratch_(query.scratch()) {
    set_activation(query.node.attrs_as<ExpandedDepthwiseAttrs>().expansion, epilogue_);
  }

  bool reads(size_t input) const override { return input != 1 && input != 3; }  // the weights are packed
  Status run(KernelContext& context) const override {
    if (context.output(0).size() == 0) return ok();
    const auto bias = [&](size_t i) { return context.has_input(i) ? context.input(i).data<float>() : nullptr; };
    Operands operands{context.input(0).data<float>(), bias(2), bias(4), context.output(0).data<float>()};
    const int64_t rows = shape_.batch * y_axis().out;
    std::atomic<bool> short_of_memory{false};
    // One run of rows per thread: where one begins, rows of the one before are expanded again.
    const int64_t threads = context.threads().size();
    context.threads().parallel_for(rows, (rows + threads - 1) / threads, [&](int64_t begin, int64_t end) {
      // Rows of the image, row r at place r modulo the kernel's height.
      const auto ring = scratch_->take(y_axis().kernel * row_floats());
      if (ring.ok())
        run_rows(operands, begin, end, ring->data());
      else
        short_of_memory = true;
    });
    if (short_of_memory) return resource_limit("no memory for rows between convolutions");
    return ok();
  }

 private:
  struct Operands {
    const float *x, *expansion_bias, *bias;
    float* y;
  };

  const WindowAxis& y_axis() const { return shape_.axes[0]; }
  const WindowAxis& x_axis() const { return shape_.axes[1]; }
  int64_t channels() const { return shape_.in_channels; }
  int64_t row_floats() const { return x_axis().in * channels(); }

  void run_rows(const Operands& operands, int64_t begin, int64_t end, float* ring) const {
    std::vector<const float*> columns(static_cast<size_t>(run_.rows * run_.row_length));
    DepthwiseRun run = run_;
    run.bias = operands.bias;
    run.columns = columns.data();
    int64_t image = -1, next = 0;  // next: row of the image that is not in the ring yet
    for (int64_t row = begin; row < end; ++row) {
      if (row / y_axis().out != image) image = row / y_axis().out, next = 0;
      const int64_t first = y_axis().start(row % y_axis().out);
      const int64_t last = std::min(first + y_axis().kernel, y_axis().in);
      for (next = std::max(next, first); next < last; ++next) {
        expand(operands, operands.x + (image * y_axis().in + next) * x_axis().in * in_channels_, slot(ring, next));
      }
      for (int64_t tap = 0; tap < run.rows; ++tap) {
        const int64_t at = first + tap;
        const float* line = at >= 0 && at < y_axis().in ? slot(ring, at) : nullptr;
        find_columns(x_axis(), line, run.channels, zeros_.data(), columns.data() + tap * run.row_length);
      }
      run.y = operands.y + row * run.pixels * channels();
      depthwise_.run(run);
    }
  }

  float* slot(float* ring, int64_t row) const { return ring + row % y_axis().kernel * row_floats(); }

  // One row of the image through the pointwise convolution.
  void expand(const Operands& operands, const float* from, float* to) const {
    GemmPanel whole{.m = x_axis().in,
                    .n = channels(),
                    .k = in_channels_,
                    .a = from,
                    .lda = in_channels_,
                    .b = panels_.data<float>(),
                    .c = to,
                    .ldc = channels(),
                    .epilogue = epilogue_};
    whole.epilogue.column_bias = operands.expansion_bias;
    expansion_.run(whole, 0, expansion_.jobs());
  }

  const DepthwiseKernel& depthwise_;
  int64_t in_channels_;
  ConvShape shape_;       // of the depthwise convolution
  GemmTiling expansion_;  // of a row of the image
  Tensor panels_, weights_;
  std::vector<float> zeros_;
  DepthwiseRun run_;
  GemmEpilogue epilogue_;
  std::shared_ptr<ScratchPool> scratch_;
};

Result<std::unique_ptr<PreparedKernel>> prepare_expanded(const KernelQuery& query) {
  const Tensor& expansion = *query.constants[1];
  const int64_t k = expansion.dim(1), n = expansion.dim(0);
  Dims between = to_numbers(*query.inputs[0]->dims);
  between.back() = n;
  THANE_ASSIGN(ConvShape shape,
               resolve_conv(query.node.attrs_as<ExpandedDepthwiseAttrs>(), between, query.constants[3]->dims()));
  THANE_ASSIGN(PackedMatrix packed, query.shared<PackedMatrix>("expansion", [&] {
    return pack_matrix(query, gemm_for_weights(query), k, n, expansion.data<float>(), 1, k);
  }));
  THANE_ASSIGN(Tensor weights, query.shared<Tensor>("depthwise", [&] { return pack_depthwise(*query.constants[3]); }));
  return std::unique_ptr<PreparedKernel>(
      new ExpandedDepthwise(query, std::move(shape), std::move(packed), std::move(weights)));
}

}  // namespace

const Kernel kExpandedDepthwise = {"conv.expanded_depthwise", refuse_expanded, prepare_expanded,
                                   input_bit(1) | input_bit(3)};

}  // namespace thane
