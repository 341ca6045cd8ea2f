#include "ops/integer_winograd.h"

#include <algorithm>
#include <atomic>

namespace thane {
namespace {

constexpr int64_t kWinogradPoints = kWinograd4x4.points();

// What no sum of weights times differences of bytes exceeds, whatever the data and their zero point.
int64_t largest_sum(const IntegerWeights& weights) {
  constexpr int64_t kLargestDifference = 255;
  int64_t most = 0;
  for (int64_t j = 0; j < weights.columns; ++j) {
    int64_t positive = 0, negative = 0;
    const int16_t* row = weights.values.data() + j * weights.depth;
    for (int64_t k = 0; k < weights.depth; ++k) (row[k] > 0 ? positive : negative) += row[k];
    most = std::max({most, positive, -negative});
  }
  return most * kLargestDifference;
}

Result<Tensor> pack_transformed(const KernelQuery& query, const IntegerGemm& gemm, const IntegerWeights& weights,
                                int64_t channels) {
  const int64_t n = weights.columns, point_bytes = gemm.column_bytes(channels) * gemm.packed_columns(n);
  THANE_ASSIGN(Tensor panels, query.allocate(DType::kInt8, {kWinogradPoints * point_bytes}));
  // A panel's columns at a time: transformed, then a matrix per point.
  std::vector<int16_t> u(static_cast<size_t>(kWinogradPoints * channels)),
      points(static_cast<size_t>(kWinogradPoints * gemm.columns * channels));
  for (int64_t first = 0; first < n; first += gemm.columns) {
    const int64_t count = std::min<int64_t>(gemm.columns, n - first), matrix = count * channels;
    for (int64_t j = 0; j < count; ++j) {
      transform_integer_weights(channels, weights.values.data() + (first + j) * weights.depth, u.data());
      for (int64_t i = 0; i < kWinogradPoints; ++i) {
        std::copy_n(u.data() + i * channels, channels, points.data() + i * matrix + j * channels);
      }
    }
    for (int64_t i = 0; i < kWinogradPoints; ++i) {
      pack_integer_b(gemm, channels, count, points.data() + i * matrix,
                     panels.data<int8_t>() + i * point_bytes + first * gemm.column_bytes(channels));
    }
  }
  return panels;
}

}  // namespace

std::string IntegerWinogradConv::refuse(const IntegerSource& source, const ConvShape& shape) {
  WinogradTiles::Choice choice = WinogradTiles::choose(shape);
  if (!choice.refusal.empty()) return std::move(choice.refusal);
  if (choice.form != kWinograd4x4) return "not 3×3, or few tiles";
  for (const WindowAxis& axis : shape.axes) {
    if (axis.dilation != 1) return "dilated";
  }
  // These have a quarter of the products, but half as many at a time, and weights of 16 bits to read and 36 of them.
  constexpr int64_t kFewTiles = 32;
  if (integer_gemms(source.query.isa).has_quads && WinogradTiles(shape, kWinograd4x4).total() < kFewTiles) {
    return "few tiles, and direct products take four bytes at a time";
  }
  const auto largest =
      source.query.shared<int64_t>("largest sum", [&]() -> Result<int64_t> { return largest_sum(source.weights()); });
  return largest.ok() && *largest < kIntegerWinogradLimit ? "" : "sums may be too large";
}

IntegerWinogradConv::IntegerWinogradConv(const IntegerSource& source, const ConvShape& shape)
    : gemm_(integer_gemms(source.query.isa).wide),
      kernels_(integer_winograd(source.query.isa)),
      in_(shape.in_channels),
      out_(shape.out_channels),
      words_(gemm_.words_of(in_)),
      padded_(gemm_.packed_columns(out_)),
      tiles_(shape, kWinograd4x4),
      chunk_(tiles_.chunk(kWinogradPoints * (words_ + padded_) * static_cast<int64_t>(sizeof(int32_t)))),
      point_bytes_(gemm_.column_bytes(in_) * padded_),
      scratch_(source.query.scratch()) {}

Result<std::unique_ptr<IntegerWinogradConv>> IntegerWinogradConv::make(const IntegerSource& source,
                                                                       const ConvShape& shape, IntegerColumns columns) {
  auto conv = std::unique_ptr<IntegerWinogradConv>(new IntegerWinogradConv(source, shape));
  THANE_ASSIGN(conv->panels_, source.query.shared<Tensor>("integer winograd", [&] {
    return pack_transformed(source.query, conv->gemm_, source.weights(), conv->in_);
  }));
  columns.pad(1, conv->out_, conv->padded_);
  conv->columns_ = std::move(columns);
  return conv;
}

Status IntegerWinogradConv::run(const void* x, bool is_signed, int32_t zero, const int32_t* bias, void* y,
                                ThreadPool& threads) const {
  if (tiles_.total() == 0) return ok();
  const std::vector<int32_t> added = columns_.bias_with(bias, 1, out_, padded_);
  const IntegerEpilogue epilogue = columns_.epilogue(added.data());
  const std::vector<uint8_t> outside(static_cast<size_t>(in_), static_cast<uint8_t>(zero));
  std::atomic<bool> short_of_memory{false};
  tiles_.for_each_chunk(chunk_, panels_.size(), threads, [&](int64_t first, int64_t count) {
    const auto scratch = scratch_->take(kWinogradPoints * count * (words_ + padded_));
    if (!scratch.ok()) {
      short_of_memory = true;
      return;
    }
    auto* v = reinterpret_cast<int32_t*>(scratch->data());  // [36][count][words]
    int32_t* m = v + kWinogradPoints * count * words_;      // [36][count][padded]
    threads.parallel_for(count, 2048 / in_ + 1, [&](int64_t begin, int64_t end) {
      const uint8_t* taps[kWinogradPoints];
      for (int64_t t = begin; t < end; ++t) {
        tiles_.find_taps(static_cast<const uint8_t*>(x), first + t, outside.data(), taps);
        kernels_.input({.channels = in_,
                        .taps = taps,
                        .is_signed = is_signed,
                        .zero = zero,
                        .v = reinterpret_cast<int16_t*>(v + t * words_),
                        .point_stride = 2 * count * words_});
      }
    });
    multiply(count, v, m, threads);
    threads.parallel_for(count, 1024 / out_ + 1, [&](int64_t begin, int64_t end) {
      for (int64_t t = begin; t < end; ++t) {
        const WinogradTiles::Place at = tiles_.place(first + t);
        kernels_.output({.channels = out_,
                         .m = m + t * padded_,
                         .point_stride = count * padded_,
                         .rows = at.rows,
                         .columns = at.columns,
                         .y = static_cast<uint8_t*>(y) + at.corner * epilogue.result_bytes(),
                         .row_stride = tiles_.row_stride(),
                         .epilogue = epilogue});
      }
    });
  });
  if (short_of_memory) return resource_limit("no memory for transformed tiles");
  return ok();
}

void IntegerWinogradConv::multiply(int64_t tiles, const int32_t* v, int32_t* m, ThreadPool& threads) const {
  const int64_t panels = (out_ + gemm_.columns - 1) / gemm_.columns;
  const int64_t grain = 250000 / (tiles * in_ * gemm_.columns) + 1;
  threads.parallel_for(kWinogradPoints * panels, grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t point = i / panels, column = i % panels * gemm_.columns;
      gemm_.panel({.rows = {.m = tiles, .words = words_, .a = v + point * tiles * words_},
                   .n = std::min<int64_t>(gemm_.columns, padded_ - column),  // whole vectors
                   .b = panels_.data<int8_t>() + point * point_bytes_ + column * gemm_.column_bytes(in_),
                   .c = m + point * tiles * padded_ + column,
                   .ldc = padded_,
                   .epilogue = {}});
    }
  });
}

}  // namespace thane
