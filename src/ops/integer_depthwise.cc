#include "ops/integer_depthwise.h"

#include <algorithm>
#include <numeric>

namespace thane {

namespace {

// Pixels of input that a line of outputs reaches over.
int64_t reach(const WindowAxis& axis) { return (std::max<int64_t>(axis.out, 1) - 1) * axis.stride + axis.extent(); }

}  // namespace

std::string IntegerDepthwiseConv::refuse(const IntegerSource& source, const ConvShape& shape) {
  constexpr int64_t kMostLines = 64, kMostPixels = 1 << 20;
  if (std::string reason = IntegerProduct::refuse(source, shape); !reason.empty()) return reason;
  if (shape.group == 1 || shape.group != shape.in_channels || shape.group != shape.out_channels) return "not depthwise";
  if (shape.axes.size() == 2 && shape.axes[0].extent() > kMostLines) return "a window of many lines";
  if (reach(shape.axes.back()) > kMostPixels) return "lines of many pixels";
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
  const int64_t channels = shape.in_channels, kernel = conv->pixels_.kernel, taps = conv->rows_.kernel * kernel;
  const WindowAxis& x = conv->pixels_;
  conv->row_length_ = reach(x);
  for (int64_t t = 0; t < taps; ++t) conv->taps_.push_back({t / kernel, t % kernel * x.dilation});
  if (taps % 2) conv->taps_.push_back(conv->taps_.back());
  const IntegerWeights weights = source.weights();
  conv->weights_.resize(static_cast<size_t>(conv->kernel_->packed_size(channels, taps)));
  conv->kernel_->pack(channels, taps, weights.values.data(), conv->weights_.data());
  for (int64_t c = 0; c < channels; ++c) {
    const int16_t* row = weights.values.data() + c * taps;
    conv->weight_sums_.push_back(std::accumulate(row, row + taps, int32_t{0}));
  }
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
  std::vector<int32_t> added = columns_.bias_with(bias, channels, padded_);
  for (int64_t c = 0; c < channels; ++c) {
    const auto at = static_cast<size_t>(c);
    added[at] = static_cast<int32_t>(static_cast<uint32_t>(added[at]) -
                                     static_cast<uint32_t>(zero) * static_cast<uint32_t>(weight_sums_[at]));
  }
  const std::vector<uint8_t> outside(static_cast<size_t>(channels), static_cast<uint8_t>(zero));
  const std::vector<const uint8_t*> nothing(static_cast<size_t>(row_length_), outside.data());
  const IntegerDepthwiseRun whole{.channels = channels,
                                  .taps = taps_.data(),
                                  .pairs = static_cast<int64_t>(taps_.size()) / 2,
                                  .stride = pixels_.stride,
                                  .is_signed = is_signed,
                                  .weights = weights_.data(),
                                  .pixels = pixels_.out,
                                  .epilogue = columns_.epilogue(added.data())};
  const auto* in = static_cast<const uint8_t*>(x);
  const int64_t ring_size = rows_.extent();  // lines that outputs of a row reach over
  const int64_t grain = 200000 / std::max<int64_t>(out_line * shape_.taps(), 1) + 1;
  threads.parallel_for(lines, grain, [&](int64_t begin, int64_t end) {
    std::vector<const uint8_t*> ring(static_cast<size_t>(ring_size * row_length_));
    std::vector<int64_t> held(static_cast<size_t>(ring_size), -1);  // which line of all images is in each place
    std::vector<const uint8_t* const*> rows(static_cast<size_t>(rows_.kernel));
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
          point_at_pixels(in + global * pixels_.in * channels, outside.data(), pixels);
          place = global;
        }
        rows[static_cast<size_t>(t)] = pixels;
      }
      run.y = static_cast<uint8_t*>(y) + line * out_line;
      kernel_->run(run);
    }
  });
  return ok();
}

void IntegerDepthwiseConv::point_at_pixels(const uint8_t* line, const uint8_t* outside, const uint8_t** pixels) const {
  for (int64_t i = 0; i < row_length_; ++i) {
    const int64_t at = i - pixels_.pad_begin;
    pixels[i] = at >= 0 && at < pixels_.in ? line + at * shape_.in_channels : outside;
  }
}

}  // namespace thane
