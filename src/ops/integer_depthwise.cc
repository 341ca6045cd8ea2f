#include "ops/integer_depthwise.h"

#include <algorithm>
#include <atomic>

namespace thane {

std::string IntegerDepthwiseConv::refuse(const IntegerSource& source, const ConvShape& shape) {
  constexpr int64_t kMostLines = 64;
  if (std::string reason = IntegerProduct::refuse(source, shape); !reason.empty()) return reason;
  if (shape.group == 1 || shape.group != shape.in_channels || shape.group != shape.out_channels) return "not depthwise";
  if (shape.axes.size() == 2 && shape.axes[0].extent() > kMostLines) return "a window of many lines";
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
  const int64_t lanes = conv->kernel_->lanes, channels = shape.in_channels;
  const WindowAxis& x = conv->pixels_;
  conv->padded_ = (channels + lanes - 1) / lanes * lanes;
  conv->pairs_ = DepthwisePairs(x.kernel, x.stride, x.dilation, x.pad_begin, x.out);
  conv->ring_ = conv->rows_.extent();
  conv->weights_.resize(static_cast<size_t>(conv->rows_.kernel * conv->pairs_.pairs * conv->padded_));
  pack_depthwise_pairs(channels, conv->padded_, conv->rows_.kernel, x.kernel, source.weights().values.data(),
                       conv->weights_.data());
  columns.pad(1, channels, conv->padded_);
  conv->columns_ = std::move(columns);
  conv->scratch_ = std::make_unique<ScratchPool>((conv->ring_ + 1) * conv->pairs_.entries * conv->padded_);
  return conv;
}

Status IntegerDepthwiseConv::run(const void* x, bool is_signed, int32_t zero, const int32_t* bias, void* y,
                                 ThreadPool& threads) const {
  const int64_t channels = shape_.in_channels, entries = pairs_.entries * padded_;
  const int64_t lines = shape_.batch * rows_.out, out_line = pixels_.out * channels;
  if (lines * out_line == 0) return ok();
  const std::vector<int32_t> added = columns_.bias_with(bias, channels, padded_);
  const IntegerDepthwiseRun whole{.channels = channels,
                                  .padded = padded_,
                                  .rows = rows_.kernel,
                                  .pairs = pairs_,
                                  .weights = weights_.data(),
                                  .pixels = pixels_.out,
                                  .epilogue = columns_.epilogue(added.data())};
  const auto* in = static_cast<const uint8_t*>(x);
  std::atomic<bool> short_of_memory{false};
  const int64_t grain = 200000 / std::max<int64_t>(out_line * shape_.taps(), 1) + 1;
  threads.parallel_for(lines, grain, [&](int64_t begin, int64_t end) {
    auto scratch = scratch_->take();
    if (!scratch.ok()) {
      short_of_memory = true;
      return;
    }
    auto* ring = reinterpret_cast<int32_t*>(scratch->data());
    int32_t* nothing = ring + ring_ * entries;
    std::fill_n(nothing, entries, 0);
    std::vector<int64_t> held(static_cast<size_t>(ring_), -1);  // which line of all images is in each place
    std::vector<const int32_t*> taps(static_cast<size_t>(rows_.kernel));
    IntegerDepthwiseRun run = whole;
    run.lines = taps.data();
    for (int64_t line = begin; line < end; ++line) {
      const int64_t image = line / rows_.out, top = rows_.start(line % rows_.out);
      for (int64_t t = 0; t < rows_.kernel; ++t) {
        const int64_t at = top + t * rows_.dilation;
        taps[static_cast<size_t>(t)] = nothing;
        if (at < 0 || at >= rows_.in) continue;
        const int64_t global = image * rows_.in + at;
        int64_t& place = held[static_cast<size_t>(at % ring_)];
        int32_t* to = ring + at % ring_ * entries;
        if (place != global) {
          kernel_->pair_up(pairs_, in + global * pixels_.in * channels, pixels_.in, channels, padded_, is_signed, zero,
                           to);
          place = global;
        }
        taps[static_cast<size_t>(t)] = to;
      }
      run.y = static_cast<uint8_t*>(y) + line * out_line;
      kernel_->run(run);
    }
  });
  if (short_of_memory) return resource_limit("no memory for lines of pairs");
  return ok();
}

}  // namespace thane
