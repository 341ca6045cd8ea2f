#include "ops/integer_product.h"

#include <algorithm>
#include <atomic>

#include "base/checked.h"
#include "base/cpu.h"
#include "ops/convert.h"

namespace thane {
namespace {

// A matrix of weights in memory: how far apart, in elements, columns and the two parts of the depth are.
struct WeightStrides {
  int64_t column, outer, inner;
};

IntegerWeights centered_weights(const Tensor& tensor, int64_t columns, int64_t outer, int64_t inner,
                                const WeightStrides& strides, const Tensor* zeros) {
  IntegerWeights out{columns, outer * inner, std::vector<int16_t>(static_cast<size_t>(columns * outer * inner))};
  dispatch<int8_t, uint8_t>(tensor.dtype(), [&]<class W>() {
    int16_t* to = out.values.data();
    for (int64_t j = 0; j < columns; ++j) {
      const int64_t zero = zeros ? zeros->as_int64(zeros->size() == 1 ? 0 : j) : 0;
      for (int64_t o = 0; o < outer; ++o) {
        const W* from = tensor.data<W>() + j * strides.column + o * strides.outer;
        for (int64_t i = 0; i < inner; ++i) *to++ = static_cast<int16_t>(from[i * strides.inner] - zero);
      }
    }
  });
  return out;
}

// [groups · n] to [groups][padded], zeros where nothing is.
template <class T>
void pad_columns(std::vector<T>& values, int64_t groups, int64_t n, int64_t padded) {
  if (values.empty() || n == padded) return;
  std::vector<T> wide(static_cast<size_t>(groups * padded));
  for (int64_t g = 0; g < groups; ++g) {
    for (int64_t j = 0; j < n; ++j) wide[static_cast<size_t>(g * padded + j)] = values[static_cast<size_t>(g * n + j)];
  }
  values = std::move(wide);
}

}  // namespace

void IntegerColumns::pad(int64_t groups, int64_t n, int64_t padded) {
  pad_columns(bias, groups, n, padded);
  pad_columns(scales, groups, n, padded);
}

std::vector<int32_t> IntegerColumns::bias_with(const int32_t* other, int64_t groups, int64_t n, int64_t padded,
                                               int32_t zero, std::span<const int32_t> column_sums) const {
  std::vector<int32_t> sums(bias);
  sums.resize(static_cast<size_t>(groups * padded));
  const auto add = [](int32_t& sum, uint32_t number) {
    sum = static_cast<int32_t>(static_cast<uint32_t>(sum) + number);
  };
  for (int64_t g = 0; other && g < groups; ++g) {
    for (int64_t j = 0; j < n; ++j) {
      add(sums[static_cast<size_t>(g * padded + j)], static_cast<uint32_t>(other[g * n + j]));
    }
  }
  for (size_t j = 0; j < column_sums.size(); ++j) {
    add(sums[j], static_cast<uint32_t>(-zero) * static_cast<uint32_t>(column_sums[j]));
  }
  return sums;
}

IntegerEpilogue IntegerColumns::epilogue(const int32_t* own_bias) const {
  return {.result = result,
          .bias = own_bias,
          .scales = scales.data(),
          .shrinks = shrinks,
          .zero = zero,
          .low = low,
          .high = high};
}

IntegerWeights conv_weights(const Tensor& weights, const Tensor* zeros) {
  const int64_t channels = weights.dim(1), depth = weights.size() / std::max<int64_t>(weights.dim(0), 1);
  const int64_t taps = depth / std::max<int64_t>(channels, 1);
  return centered_weights(weights, weights.dim(0), taps, channels, {.column = depth, .outer = 1, .inner = taps}, zeros);
}

IntegerWeights matrix_weights(const Tensor& matrix, bool transposed, const Tensor* zeros) {
  const int64_t columns = matrix.dim(transposed ? 0 : 1), depth = matrix.dim(transposed ? 1 : 0);
  const WeightStrides strides = transposed ? WeightStrides{depth, 0, 1} : WeightStrides{1, 0, columns};
  return centered_weights(matrix, columns, 1, depth, strides, zeros);
}

std::string IntegerProduct::refuse(const IntegerSource&, const ConvShape& shape) {
  if (shape.layout != DataLayout::kChannelsLast) return "data are channels first";
  if (shape.axes.size() > 2) return "more than two axes";
  return {};
}

Result<std::unique_ptr<IntegerProduct>> IntegerProduct::make(const IntegerSource& source, const ConvShape& shape,
                                                             IntegerColumns columns) {
  auto product = std::unique_ptr<IntegerProduct>(new IntegerProduct());
  const auto axis = [](const WindowAxis& a) {
    return IntegerWindows::Axis{a.in, a.kernel, a.stride, a.dilation, a.pad_begin};
  };
  IntegerWindows& w = product->windows_;
  if (shape.axes.size() == 2) w.y = axis(shape.axes[0]);
  w.x_axis = axis(shape.axes.back());
  w.pixel_bytes = shape.in_channels;
  w.channels = shape.in_channels / shape.group;
  w.out_width = shape.axes.back().out;
  product->images_ = shape.batch;
  product->groups_ = shape.group;
  product->in_image_ = shape.in_spatial() * shape.in_channels;
  product->m_ = shape.out_spatial();
  THANE_TRY(product->set_up(source, std::move(columns)));
  return product;
}

Result<std::unique_ptr<IntegerProduct>> IntegerProduct::make(const IntegerSource& source, const Dims& a,
                                                             IntegerColumns columns) {
  auto product = std::unique_ptr<IntegerProduct>(new IntegerProduct());
  IntegerWindows& w = product->windows_;
  const auto rows = checked_product(std::span(a).first(a.size() - 1));
  if (!rows) return resource_limit("rows of a product");
  product->m_ = w.x_axis.in = w.out_width = *rows;
  w.pixel_bytes = w.channels = a.back();
  THANE_TRY(product->set_up(source, std::move(columns)));
  return product;
}

namespace {

using SharedPacked = std::shared_ptr<const PackedIntegerWeights>;
Result<SharedPacked> pack(const KernelQuery& query, const IntegerWeights& weights, int64_t groups) {
  const IntegerGemm& kernel = integer_gemm_for(query.isa, weights.depth, weights.columns, weights.values.data());
  const int64_t depth = weights.depth, n = weights.columns / groups, padded = kernel.packed_columns(n);
  auto packed = std::make_shared<PackedIntegerWeights>(
      PackedIntegerWeights{&kernel, n, depth, padded, kernel.column_bytes(depth) * padded, {}, {}});
  THANE_ASSIGN(packed->panels, query.allocate(DType::kInt8, {groups * packed->group_bytes}));
  for (int64_t g = 0; g < groups; ++g) {
    pack_integer_b(kernel, depth, n, weights.values.data() + g * n * depth,
                   packed->panels.data<int8_t>() + g * packed->group_bytes);
  }
  if (kernel.needs_correction()) {
    std::vector<int32_t>& sums = packed->column_sums;
    sums.resize(static_cast<size_t>(weights.columns));
    for (size_t j = 0; j < sums.size(); ++j) {
      const int16_t* row = weights.values.data() + static_cast<int64_t>(j) * depth;
      for (int64_t k = 0; k < depth; ++k) sums[j] += row[k];
    }
    pad_columns(sums, groups, n, padded);
  }
  return SharedPacked(std::move(packed));
}

}  // namespace

Status IntegerProduct::set_up(const IntegerSource& source, IntegerColumns columns) {
  scratch_ = source.query.scratch();
  THANE_ASSIGN(packed_, source.query.shared<SharedPacked>(
                            "integer panels", [&] { return pack(source.query, source.weights(), groups_); }));
  kernel_ = packed_->kernel;
  const int64_t depth = packed_->depth;
  n_ = packed_->columns;
  padded_ = packed_->padded;
  panels_ = (n_ + kernel_->columns - 1) / kernel_->columns;
  words_ = kernel_->words_of(depth);
  columns_ = std::move(columns);
  columns_.pad(groups_, n_, padded_);

  // A chunk of A and its panel of B stay in L2. The cut depends on sizes alone.
  constexpr int64_t kLeastTiles = 4, kFewChunks = 4;
  const int64_t least_rows = kLeastTiles * kernel_->rows, l2 = l2_cache_bytes();
  // Where all of B stays there, too, chunks may be small, which threads share better.
  const int64_t wanted = packed_->group_bytes <= l2 / 4 ? 72 : 192;
  const int64_t in_cache = l2 / 3 / (4 * std::max<int64_t>(words_, 1));
  cut(std::max(least_rows, std::min(in_cache, wanted)));
  split_columns_ = images_ * groups_ * chunks_ < kFewChunks;
  if (split_columns_) cut(least_rows);
  const int64_t work =
      std::min(chunk_rows_, m_) * depth * (split_columns_ ? std::min<int64_t>(n_, kernel_->columns) : n_);
  grain_ = 250000 / std::max<int64_t>(work, 1) + 1;
  constexpr int64_t kLine = 16;  // words of a cache line
  chunk_space_ = (kernel_->space(chunk_rows_, words_) + kLine - 1) / kLine * kLine;
  return ok();
}

void IntegerProduct::cut(int64_t most_rows) {
  const int64_t tiles = (m_ + kernel_->rows - 1) / kernel_->rows;
  chunks_ = shared_evenly((m_ + most_rows - 1) / most_rows);
  chunk_rows_ = chunks_ > 0 ? (tiles + chunks_ - 1) / chunks_ * kernel_->rows : 0;
  chunks_ = chunk_rows_ > 0 ? (m_ + chunk_rows_ - 1) / chunk_rows_ : 0;
}

IntegerRows IntegerProduct::pack_chunk(const IntegerWindows& windows, int64_t chunk, int32_t* space) const {
  const int64_t product = chunk / chunks_, first = chunk % chunks_ * chunk_rows_;
  IntegerWindows w = windows;
  w.x = static_cast<const uint8_t*>(w.x) + product / groups_ * in_image_ + product % groups_ * w.channels;
  return kernel_->pack_a(w, first, std::min(chunk_rows_, m_ - first), space);
}

void IntegerProduct::multiply(const IntegerRows& rows, int64_t chunk, int64_t first_panel, int64_t last_panel, void* y,
                              const IntegerEpilogue& epilogue) const {
  const int64_t bytes = epilogue.result_bytes(), depth = words_ * kernel_->depth_per_word, ldc = groups_ * n_;
  const int64_t product = chunk / chunks_, group = product % groups_;
  const int64_t row = product / groups_ * m_ + chunk % chunks_ * chunk_rows_;
  const IntegerEpilogue columns = epilogue.from(group * padded_);
  for (int64_t panel = first_panel; panel < last_panel; ++panel) {
    const int64_t column = panel * kernel_->columns;
    kernel_->panel(
        {.rows = rows,
         .n = std::min<int64_t>(kernel_->columns, n_ - column),
         .b = packed_->panels.data<int8_t>() + group * packed_->group_bytes + column * kernel_->column_bytes(depth),
         .c = static_cast<uint8_t*>(y) + (row * ldc + group * n_ + column) * bytes,
         .ldc = ldc,
         .epilogue = columns.from(column)});
  }
}

Status IntegerProduct::run(const void* x, bool is_signed, int32_t zero, const int32_t* bias, void* y,
                           ThreadPool& threads) const {
  if (images_ * groups_ * m_ * n_ == 0) return ok();
  IntegerWindows windows = windows_;
  windows.x = x;
  windows.is_signed = is_signed;
  windows.zero = zero;
  IntegerEpilogue epilogue = columns_.epilogue(columns_.bias.empty() ? nullptr : columns_.bias.data());
  std::vector<int32_t> sums;
  if (bias || !packed_->column_sums.empty()) {
    const int32_t from_origin = windows.unsigned_zero() - kernel_->origin(windows.unsigned_zero());
    sums = columns_.bias_with(bias, groups_, n_, padded_, from_origin, packed_->column_sums);
    epilogue.bias = sums.data();
  }
  const int64_t chunks = images_ * groups_ * chunks_;

  if (split_columns_) {
    THANE_ASSIGN(const auto scratch, scratch_->take(chunks * chunk_space_));
    std::vector<IntegerRows> rows(static_cast<size_t>(chunks));
    threads.parallel_for(chunks, 65536 / std::max<int64_t>(chunk_rows_ * words_, 1) + 1,
                         [&](int64_t begin, int64_t end) {
                           for (int64_t i = begin; i < end; ++i) {
                             rows[static_cast<size_t>(i)] =
                                 pack_chunk(windows, i, reinterpret_cast<int32_t*>(scratch.data()) + i * chunk_space_);
                           }
                         });
    // The chunks of a panel one after the other, while it is in the cache.
    threads.parallel_for(chunks * panels_, grain_, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const int64_t panel = i / chunks_ % panels_, chunk = i / chunks_ / panels_ * chunks_ + i % chunks_;
        multiply(rows[static_cast<size_t>(chunk)], chunk, panel, panel + 1, y, epilogue);
      }
    });
    return ok();
  }
  std::atomic<bool> short_of_memory{false};
  threads.parallel_for(chunks, grain_, [&](int64_t begin, int64_t end) {
    auto scratch = scratch_->take(chunk_space_);
    if (!scratch.ok()) {
      short_of_memory = true;
      return;
    }
    for (int64_t i = begin; i < end; ++i) {
      multiply(pack_chunk(windows, i, reinterpret_cast<int32_t*>(scratch->data())), i, 0, panels_, y, epilogue);
    }
  });
  if (short_of_memory) return resource_limit("no memory for packed rows");
  return ok();
}

}  // namespace thane
