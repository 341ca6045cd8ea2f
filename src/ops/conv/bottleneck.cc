// Inverted bottlenecks row by row: the rows of the first convolution that a row of the depthwise one reads stay in a
// ring in the second-level cache, and rows of that go through the last, pointwise one while they are there, too.
#include <algorithm>
#include <atomic>

#include "base/threads.h"
#include "kernels/gemm/tiling.h"
#include "ops/conv/depthwise.h"
#include "ops/conv/folded_conv.h"
#include "ops/conv/kernels.h"
#include "ops/evaluate.h"
#include "ops/packed_matrix.h"
#include "ops/table.h"

namespace thane {
namespace {

// Inputs of the op.
constexpr size_t kX = 0, kExpansion = 1, kDepthwise = 3, kProjection = 5, kResidual = 7;  // biases follow weights

template <class Context>
bool has_convolution(const Context& context, size_t weights) {
  return weights == kDepthwise || context.has_input(weights);
}

}  // namespace

Status infer_bottleneck(InferContext& context) {
  const auto& attrs = context.attrs<BottleneckAttrs>();
  ConvAttrs projection;
  projection.layout = attrs.layout;
  const ConvAttrs expansion = attrs.first();
  const SymDims* known = context.dims(kX);
  std::optional<SymDims> dims = known ? std::optional(*known) : std::nullopt;
  for (const size_t weights : {kExpansion, kDepthwise, kProjection}) {
    if (!has_convolution(context, weights)) continue;
    const SymDims* bias = context.has_input(weights + 1) ? context.dims(weights + 1) : nullptr;
    const ConvAttrs& own = attrs;
    const ConvAttrs& conv = weights == kExpansion ? expansion : weights == kDepthwise ? own : projection;
    THANE_ASSIGN(dims, infer_conv_dims(conv, dims ? &*dims : nullptr, context.dims(weights), bias));
  }
  context.set(0, context.dtype(kX), dims);
  return ok();
}

Status eval_bottleneck(KernelContext& context) {
  const auto& attrs = context.attrs<BottleneckAttrs>();
  Value x = context.input_value(kX);
  const auto value = [&](size_t i) { return context.has_input(i) ? &context.input_value(i) : nullptr; };
  const auto convolve = [&](size_t weights, const Activation& activation) -> Status {
    auto conv = weights == kDepthwise ? std::make_shared<FusedConvAttrs>(attrs) : std::make_shared<FusedConvAttrs>();
    if (weights != kDepthwise) conv->layout = attrs.layout;
    if (weights == kExpansion) static_cast<ConvAttrs&>(*conv) = attrs.first();
    conv->activation = activation;
    Node node;
    node.op = find_op(Domain::kThane, "FusedConv");
    node.attrs = std::move(conv);
    node.inputs = {0, 1, 2, 3};
    node.outputs = {0};
    const Value* inputs[] = {&x, value(weights), value(weights + 1),
                             weights == kProjection ? value(kResidual) : nullptr};
    THANE_ASSIGN(std::vector<Value> y, evaluate(node, inputs, context.threads(), nullptr, context.random()));
    x = std::move(y[0]);
    return ok();
  };
  if (has_convolution(context, kExpansion)) THANE_TRY(convolve(kExpansion, attrs.expansion));
  THANE_TRY(convolve(kDepthwise, attrs.activation));
  if (has_convolution(context, kProjection)) THANE_TRY(convolve(kProjection, attrs.projection));
  std::copy_n(x.tensor().data<float>(), x.tensor().size(), context.output(0).data<float>());
  return ok();
}

namespace {

Result<ConvShape> expansion_shape(const KernelQuery& query) {
  return resolve_conv(query.node.attrs_as<BottleneckAttrs>().first(), to_numbers(*query.inputs[kX]->dims),
                      query.constants[kExpansion]->dims());
}

Result<ConvShape> depthwise_shape(const KernelQuery& query) {
  const auto& attrs = query.node.attrs_as<BottleneckAttrs>();
  Dims dims = to_numbers(*query.inputs[kX]->dims);
  if (query.has_input(kExpansion)) {
    THANE_ASSIGN(const ConvShape expansion, expansion_shape(query));
    for (size_t i = 0; i < 2; ++i) dims[i + 1] = expansion.axes[i].out;
    dims.back() = attrs.group;
  }
  return resolve_conv(attrs, dims, query.constants[kDepthwise]->dims());
}

bool is_pointwise(const ConvShape& shape) {
  return shape.group == 1 && std::ranges::all_of(shape.axes, [](const WindowAxis& axis) {
           return axis.kernel == 1 && axis.stride == 1 && axis.out == axis.in;
         });
}

std::string refuse_bottleneck(const KernelQuery& query) {
  const auto& attrs = query.node.attrs_as<BottleneckAttrs>();
  if (attrs.layout != DataLayout::kChannelsLast) return "data are channels first";
  for (const size_t i : {kExpansion, kDepthwise, kProjection}) {
    if (!query.has_input(i)) continue;
    const Tensor* weights = query.constant(i);
    if (!weights) return "the weights are not constant";
    const Dims& dims = weights->dims();
    if (dims.size() != 4) return "not of two axes";
    if (i == kProjection && dims[2] * dims[3] != 1) return "not pointwise";
    if (i == kDepthwise && (dims[1] != 1 || dims[0] != attrs.group)) return "not depthwise";
    if (i != kExpansion) continue;
    if (dims[0] != attrs.group) return "not depthwise";
    const auto shape = expansion_shape(query);
    if (!shape.ok()) return "the shapes do not settle";
    if (!is_pointwise(*shape) && !folds(*shape)) return "neither pointwise nor of few channels";
  }
  if (std::any_of(attrs.dilations.begin(), attrs.dilations.end(), [](int64_t d) { return d != 1; })) return "dilated";
  const auto shape = depthwise_shape(query);
  if (!shape.ok()) return "the shapes do not settle";
  if (is_wide(*shape)) return "a window of many pixels";
  // A single row of a product adds up in another order than several do, and how many go together may vary.
  const bool single = query.outputs[0].dims && (*query.outputs[0].dims)[2].is_number(1);
  return single && query.has_input(kProjection) ? "a single column" : "";
}

// A pointwise convolution of several pixels at a time.
class Pointwise {
 public:
  static Result<Pointwise> make(const KernelQuery& query, const Tensor& weights, std::string_view form,
                                const Activation& activation) {
    const int64_t n = weights.dim(0), k = weights.dim(1);
    Pointwise p;
    THANE_ASSIGN(p.matrix_, query.shared<PackedMatrix>(std::string(form), [&] {
      return pack_matrix(query, gemm_for_weights(query, k, n), k, n, weights.data<float>(), 1, k);
    }));
    set_activation(activation, p.epilogue_);
    return p;
  }

  int64_t out_channels() const { return matrix_.n; }
  void prepare(int64_t pixels) { tilings_.emplace_back(*matrix_.kernel, pixels, matrix_.n, matrix_.k); }
  // `which`: of the numbers of pixels that were prepared.
  void run(size_t which, int64_t pixels, const float* x, const Addends& addends, float* y) const {
    const GemmPanel whole = product_of(matrix_, pixels, x, y, addends, epilogue_);
    tilings_[which].run(whole, 0, tilings_[which].jobs());
  }

 private:
  PackedMatrix matrix_;
  std::vector<GemmTiling> tilings_;
  GemmEpilogue epilogue_;
};

// The first convolution, a row at a time.
class Expansion {
 public:
  static Result<Expansion> make(const KernelQuery& query) {
    const Tensor& weights = *query.constants[kExpansion];
    const Activation& activation = query.node.attrs_as<BottleneckAttrs>().expansion;
    Expansion e;
    THANE_ASSIGN(e.shape_, expansion_shape(query));
    if (is_pointwise(e.shape_)) {
      THANE_ASSIGN(e.pointwise_, Pointwise::make(query, weights, "expansion", activation));
      e.pointwise_->prepare(e.x_axis().in);
      return e;
    }
    // A row of outputs as a convolution of its own, of as many rows as the kernel has.
    ConvShape row = e.shape_;
    row.batch = 1;
    row.axes[0] = {.in = e.y_axis().kernel, .kernel = e.y_axis().kernel, .out = 1};
    THANE_ASSIGN(e.folded_, fold_conv(query, row, weights));
    set_activation(activation, e.epilogue_);
    return e;
  }

  int64_t scratch_floats() const { return folded_ ? y_axis().kernel * folded_->padding.width : 0; }
  void run(const float* x, int64_t image, int64_t row, const float* bias, float* scratch, float* y) const {
    const int64_t row_floats = x_axis().in * shape_.in_channels;
    const float* from = x + image * y_axis().in * row_floats;
    if (pointwise_) return pointwise_->run(0, x_axis().in, from + row * row_floats, {.column_bias = bias}, y);
    for (int64_t tap = 0; tap < y_axis().kernel; ++tap) {
      const int64_t at = y_axis().start(row) + tap * y_axis().dilation;
      const bool inside = at >= 0 && at < y_axis().in;
      folded_->padding.fill_row(inside ? from + at * row_floats : nullptr, scratch + tap * folded_->padding.width);
    }
    folded_->gemm.run(0, folded_->gemm.jobs(), scratch, bias, nullptr, y, epilogue_);
  }

 private:
  const WindowAxis& y_axis() const { return shape_.axes[0]; }
  const WindowAxis& x_axis() const { return shape_.axes[1]; }

  ConvShape shape_;
  std::optional<Pointwise> pointwise_;
  std::optional<FoldedConv> folded_;  // where it is not pointwise
  GemmEpilogue epilogue_;
};

class Bottleneck : public PreparedKernel {
 public:
  Bottleneck(const KernelQuery& query, ConvShape shape, Tensor weights, std::optional<Expansion> expansion,
             std::optional<Pointwise> projection)
      : depthwise_(depthwise_kernel(query.isa)),
        shape_(std::move(shape)),
        weights_(std::move(weights)),
        expansion_(std::move(expansion)),
        projection_(std::move(projection)),
        zeros_(static_cast<size_t>(channels()), 0.0f),
        run_(depthwise_run(shape_, weights_, query.node.attrs_as<BottleneckAttrs>().activation)),
        scratch_(query.scratch()) {
    rows_ = shape_.batch * y_axis().out;
    if (rows_ == 0) return;
    // A few rows at a time make tiles that are full.
    constexpr int64_t kPixels = 112;
    const int64_t most = std::max(kPixels / std::max<int64_t>(x_axis().out, 1), lines_together(shape_));
    units_ = std::min(rows_, shared_evenly((rows_ + most - 1) / most));
    for (int64_t rows = 1; projection_ && rows <= most_rows(); ++rows) projection_->prepare(rows * x_axis().out);
  }

  bool reads(size_t input) const override {  // the weights are packed
    return input != kExpansion && input != kDepthwise && input != kProjection;
  }
  Status run(KernelContext& context) const override {
    if (context.output(0).size() == 0) return ok();
    const auto numbers = [&](size_t i) { return context.has_input(i) ? context.input(i).data<float>() : nullptr; };
    const Operands operands{.x = numbers(kX),
                            .expansion_bias = numbers(kExpansion + 1),
                            .bias = numbers(kDepthwise + 1),
                            .projection_bias = numbers(kProjection + 1),
                            .residual = numbers(kResidual),
                            .y = context.output(0).data<float>()};
    std::atomic<bool> short_of_memory{false};
    // One run of rows per thread: where one begins, rows of the one before are expanded again.
    const int64_t threads = context.threads().size();
    context.threads().parallel_for(units_, (units_ + threads - 1) / threads, [&](int64_t begin, int64_t end) {
      Window window(y_axis(), x_axis(), channels(), zeros_.data(), lines_together(shape_));
      const int64_t ring = expansion_ ? window.size() * row_floats() : 0;
      const int64_t lines = projection_ ? most_rows() * out_row_floats() : 0;
      const auto space = scratch_->take(ring + lines + (expansion_ ? expansion_->scratch_floats() : 0));
      if (space.ok())
        run_units(operands, begin, end, {space->data(), space->data() + ring, space->data() + ring + lines}, window);
      else
        short_of_memory = true;
    });
    if (short_of_memory) return resource_limit("no memory for rows between convolutions");
    return ok();
  }

 private:
  using Window = LineWindow<float>;
  struct Operands {
    const float *x, *expansion_bias, *bias, *projection_bias, *residual;
    float* y;
  };

  const WindowAxis& y_axis() const { return shape_.axes[0]; }
  const WindowAxis& x_axis() const { return shape_.axes[1]; }
  int64_t channels() const { return shape_.in_channels; }
  int64_t row_floats() const { return x_axis().in * channels(); }
  int64_t out_row_floats() const { return x_axis().out * channels(); }

  // Rows that are projected together: as many whatever the threads, so that all add up in the same order.
  int64_t unit_start(int64_t unit) const { return unit * rows_ / units_; }
  int64_t most_rows() const { return (rows_ + units_ - 1) / units_; }

  // Room of a thread.
  struct Room {
    float* ring;      // rows of the expanded image, each in its slot of the window
    float* lines;     // a unit's results of the depthwise convolution
    float* expanded;  // the expansion's own
  };
  void run_units(const Operands& operands, int64_t begin, int64_t end, const Room& room, Window& window) const {
    std::vector<const float* const*> lines(static_cast<size_t>(window.size()));
    DepthwiseRun run = run_;
    run.bias = operands.bias;
    run.lines = lines.data();
    int64_t unit = begin;
    for (int64_t row = unit_start(begin); row < unit_start(end); row += run.out_lines) {
      const int64_t image = row / y_axis().out, in_image = row % y_axis().out, unit_end = unit_start(unit + 1);
      run.out_lines = std::min({lines_together(shape_), unit_end - row, y_axis().out - in_image});
      const auto enter = [&](int64_t line) {
        if (!expansion_) return operands.x + (image * y_axis().in + line) * row_floats();
        float* slot = room.ring + window.slot(line) * row_floats();
        expansion_->run(operands.x, image, line, operands.expansion_bias, room.expanded, slot);
        return static_cast<const float*>(slot);
      };
      window.find(image, in_image, run.out_lines, enter, lines.data());
      run.y =
          projection_ ? room.lines + (row - unit_start(unit)) * out_row_floats() : operands.y + row * out_row_floats();
      depthwise_.run(run);
      if (row + run.out_lines < unit_end) continue;
      if (projection_) project(operands, unit_start(unit), unit_end - unit_start(unit), room.lines);
      ++unit;
    }
  }

  void project(const Operands& operands, int64_t row, int64_t rows, const float* lines) const {
    const int64_t pixels = rows * x_axis().out, offset = row * x_axis().out * projection_->out_channels();
    const float* residual = operands.residual ? operands.residual + offset : nullptr;
    projection_->run(static_cast<size_t>(rows - 1), pixels, lines,
                     {.column_bias = operands.projection_bias, .residual = residual}, operands.y + offset);
  }

  const DepthwiseKernel& depthwise_;
  ConvShape shape_;  // of the depthwise convolution
  Tensor weights_;
  std::optional<Expansion> expansion_;
  std::optional<Pointwise> projection_;
  int64_t rows_ = 0, units_ = 0;  // of all images
  std::vector<float> zeros_;
  DepthwiseRun run_;
  std::shared_ptr<ScratchPool> scratch_;
};

Result<std::unique_ptr<PreparedKernel>> prepare_bottleneck(const KernelQuery& query) {
  const auto& attrs = query.node.attrs_as<BottleneckAttrs>();
  std::optional<Expansion> expansion;
  if (query.has_input(kExpansion)) {
    THANE_ASSIGN(expansion, Expansion::make(query));
  }
  std::optional<Pointwise> projection;
  if (const Tensor* weights = query.constant(kProjection)) {
    THANE_ASSIGN(projection, Pointwise::make(query, *weights, "projection", attrs.projection));
  }
  THANE_ASSIGN(ConvShape shape, depthwise_shape(query));
  THANE_ASSIGN(Tensor weights,
               query.shared<Tensor>("depthwise", [&] { return pack_depthwise(*query.constants[kDepthwise]); }));
  return std::unique_ptr<PreparedKernel>(
      new Bottleneck(query, std::move(shape), std::move(weights), std::move(expansion), std::move(projection)));
}

}  // namespace

const Kernel kBottleneck = {"conv.bottleneck", refuse_bottleneck, prepare_bottleneck,
                            input_bit(kExpansion) | input_bit(kDepthwise) | input_bit(kProjection)};

}  // namespace thane
