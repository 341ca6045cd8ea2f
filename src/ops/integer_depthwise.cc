#include "ops/integer_depthwise.h"

#include <algorithm>
#include <numeric>

namespace thane {

std::string IntegerDepthwiseConv::refuse(const IntegerSource& source, const ConvShape& shape) {
  if (std::string reason = IntegerProduct::refuse(source, shape); !reason.empty()) return reason;
  if (shape.group == 1 || shape.group != shape.in_channels || shape.group != shape.out_channels) return "not depthwise";
  return is_wide(shape) ? "a window of many pixels" : "";
}

Result<std::unique_ptr<IntegerDepthwiseConv>> IntegerDepthwiseConv::make(const IntegerSource& source,
                                                                         const ConvShape& shape,
                                                                         IntegerColumns columns) {
  auto conv = std::unique_ptr<IntegerDepthwiseConv>(new IntegerDepthwiseConv());
  conv->kernel_ = &integer_depthwise(source.query.isa);
  conv->shape_ = shape;
  conv->rows_ = row_axis(shape);
  conv->pixels_ = shape.axes.back();
  const int64_t channels = shape.in_channels, rows = conv->kernel_rows(), across = shape.taps() / rows;
  THANE_ASSIGN(conv->weights_, source.query.shared<SharedWeights>("integer depthwise", [&]() -> Result<SharedWeights> {
    const IntegerWeights weights = source.weights();
    auto made = std::make_shared<Weights>();
    made->packed.resize(static_cast<size_t>(conv->kernel_->packed_size(channels, rows, across)));
    conv->kernel_->pack(channels, rows, across, weights.values.data(), made->packed.data());
    for (int64_t c = 0; c < channels; ++c) {
      const int16_t* row = weights.values.data() + c * shape.taps();
      made->sums.push_back(std::accumulate(row, row + shape.taps(), int32_t{0}));
    }
    return SharedWeights(std::move(made));
  }));
  conv->padded_ = (channels + conv->kernel_->block - 1) / conv->kernel_->block * conv->kernel_->block;
  columns.pad(1, channels, conv->padded_);
  conv->columns_ = std::move(columns);
  return conv;
}

Status IntegerDepthwiseConv::run(const void* x, bool is_signed, int32_t zero, const int32_t* bias, void* y,
                                 ThreadPool& threads) const {
  const int64_t channels = shape_.in_channels;
  const int64_t lines = shape_.batch * rows_.out, out_line = pixels_.out * channels;
  if (lines * out_line == 0) return ok();
  const std::vector<int32_t> added = columns_.bias_with(bias, 1, channels, padded_, zero, weights_->sums);
  const std::vector<uint8_t> outside(static_cast<size_t>(channels), static_cast<uint8_t>(zero));
  const IntegerDepthwiseRun whole{.channels = channels,
                                  .rows = kernel_rows(),
                                  .columns = shape_.taps() / kernel_rows(),
                                  .stride = pixels_.stride,
                                  .dilation = pixels_.dilation,
                                  .is_signed = is_signed,
                                  .weights = weights_->packed.data(),
                                  .pixels = pixels_.out,
                                  .epilogue = columns_.epilogue(added.data())};
  const auto* in = static_cast<const uint8_t*>(x);
  const int64_t grain = 200000 / std::max<int64_t>(out_line * shape_.taps(), 1) + 1;
  threads.parallel_for(lines, grain, [&](int64_t begin, int64_t end) {
    LineWindow<uint8_t> window(rows_, pixels_, channels, outside.data());
    std::vector<const uint8_t* const*> rows(static_cast<size_t>(kernel_rows()));
    IntegerDepthwiseRun run = whole;
    run.lines = rows.data();
    for (int64_t line = begin; line < end; ++line) {
      const int64_t image = line / rows_.out;
      const auto at = [&](int64_t row) { return in + (image * rows_.in + row) * pixels_.in * channels; };
      window.find(image, line % rows_.out, 1, at, rows.data());
      for (size_t c = 1; is_one_line() && c < rows.size(); ++c) rows[c] = rows[c - 1] + pixels_.dilation;
      run.y = static_cast<uint8_t*>(y) + line * out_line;
      kernel_->run(run);
    }
  });
  return ok();
}

}  // namespace thane
