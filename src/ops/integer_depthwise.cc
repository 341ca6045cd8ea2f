#include "ops/integer_depthwise.h"

#include <algorithm>
#include <numeric>

namespace thane {

std::string IntegerDepthwiseConv::refuse(const IntegerSource& source, const ConvShape& shape) {
  constexpr int64_t kMostLines = 64;
  if (std::string reason = IntegerProduct::refuse(source, shape); !reason.empty()) return reason;
  if (shape.group == 1 || shape.group != shape.in_channels || shape.group != shape.out_channels) return "not depthwise";
  if (shape.axes.size() == 2 && shape.axes[0].extent() > kMostLines) return "a window of many lines";
  if (reach(shape.axes.back()) > kMostReach) return "lines of many pixels";
  return {};
}

Result<std::unique_ptr<IntegerDepthwiseConv>> IntegerDepthwiseConv::make(const IntegerSource& source,
                                                                         const ConvShape& shape,
                                                                         IntegerColumns columns) {
  auto conv = std::unique_ptr<IntegerDepthwiseConv>(new IntegerDepthwiseConv());
  conv->kernel_ = &integer_depthwise(source.query.isa);
  conv->shape_ = shape;
  conv->rows_ = shape.axes.size() == 2 ? shape.axes[0] : WindowAxis{.in = 1, .out = 1};
  conv->pixels_ = shape.axes.back();
  const int64_t channels = shape.in_channels, rows = conv->kernel_rows(), across = shape.taps() / rows;
  conv->row_length_ = reach(conv->pixels_);
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
  const std::vector<const uint8_t*> nothing(static_cast<size_t>(row_length_), outside.data());
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
  const int64_t ring_size = rows_.extent();  // lines that outputs of a row reach over
  const int64_t grain = 200000 / std::max<int64_t>(out_line * shape_.taps(), 1) + 1;
  threads.parallel_for(lines, grain, [&](int64_t begin, int64_t end) {
    std::vector<const uint8_t*> ring(static_cast<size_t>(ring_size * row_length_));
    std::vector<int64_t> held(static_cast<size_t>(ring_size), -1);  // which line of all images is in each place
    std::vector<const uint8_t* const*> rows(static_cast<size_t>(kernel_rows()));
    IntegerDepthwiseRun run = whole;
    run.lines = rows.data();
    for (int64_t line = begin; line < end; ++line) {
      const int64_t image = line / rows_.out, top = rows_.start(line % rows_.out);
      for (int64_t t = 0; t < rows_.kernel; ++t) {
        const int64_t at = top + t * rows_.dilation;
        rows[static_cast<size_t>(t)] = nothing.data();
        if (at < 0 || at >= rows_.in) continue;
        const int64_t global = image * rows_.in + at;
        const uint8_t** pixels = ring.data() + at % ring_size * row_length_;
        if (int64_t& place = held[static_cast<size_t>(at % ring_size)]; place != global) {
          find_columns(pixels_, in + global * pixels_.in * channels, channels, outside.data(), pixels);
          place = global;
        }
        rows[static_cast<size_t>(t)] = pixels;
      }
      for (size_t c = 1; is_one_line() && c < rows.size(); ++c) rows[c] = rows[c - 1] + pixels_.dilation;
      run.y = static_cast<uint8_t*>(y) + line * out_line;
      kernel_->run(run);
    }
  });
  return ok();
}

}  // namespace thane
