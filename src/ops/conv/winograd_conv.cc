// Convolutions of stride 1 with kernels of 3×3 or 3 by Winograd's products, channels last. Tiles go in chunks:
// transform the chunk's inputs, a matrix product for each point, transform back; a chunk's working memory stays in the
// cache.
#include <algorithm>
#include <atomic>

#include "base/cpu.h"
#include "base/format.h"
#include "ir/context.h"
#include "kernels/gemm/tiling.h"
#include "kernels/gemm/transpose.h"
#include "kernels/map/map.h"
#include "ops/activation.h"
#include "ops/conv/conv.h"
#include "ops/conv/kernels.h"
#include "ops/conv/winograd_tiles.h"
#include "ops/packed_matrix.h"

namespace thane {
namespace {

std::string refuse_winograd(const KernelQuery& query) {
  if (query.inputs[0]->dtype != DType::kFloat32) return "dtype is not float32";
  if (query.precision == Precision::kExact) return "precision is exact";
  if (!query.constants[1]) return "the weights are not constant";
  const auto shape =
      resolve_conv(query.node.attrs_as<ConvAttrs>(), to_numbers(*query.inputs[0]->dims), query.constants[1]->dims());
  if (!shape.ok()) return "the shapes do not settle";
  WinogradTiles::Choice choice = WinogradTiles::choose(*shape);
  if (choice.refusal.empty() && choice.form != kWinograd4x4 && gemm_for_weights(query).pack_a) {
    return "not 3×3, or few tiles, and direct products take two numbers at a time";
  }
  return std::move(choice.refusal);
}

class WinogradConv : public PreparedKernel {
 public:
  // half_way: the panels hold weights transformed along one axis.
  WinogradConv(const KernelQuery& query, const ConvShape& shape, const WinogradTiles& tiles, Tensor panels,
               bool half_way, const Activation& activation)
      : gemm_(gemm_kernel(query.isa)),
        kernels_(winograd_kernels(query.isa, tiles.form())),
        maps_(map_kernels(query.isa)),
        in_(shape.in_channels),
        out_(shape.out_channels),
        tiles_(tiles),
        scratch_(query.scratch()),
        panels_(std::move(panels)),
        zeros_(static_cast<size_t>(in_), 0.0f) {
    set_activation(activation, epilogue_);
    chunk_ = chunk_of(tiles_, shape);
    if (!half_way) return;
    const int64_t l2 = l2_cache_bytes();
    const int64_t most = l2 / 3 / (points_x() * gemm_.columns * static_cast<int64_t>(sizeof(float)));
    const int64_t pieces = (in_ + most - 1) / most;
    piece_ = (in_ + pieces - 1) / pieces;
  }

  static int64_t chunk_of(const WinogradTiles& tiles, const ConvShape& shape) {
    return tiles.chunk(tiles.form().points() * (shape.in_channels + shape.out_channels) *
                       static_cast<int64_t>(sizeof(float)));
  }

  bool reads(size_t input) const override { return input != 1; }  // the weights are packed
  Status run(KernelContext& context) const override {
    if (tiles_.total() == 0) return ok();
    std::atomic<bool> short_of_memory{false};
    tiles_.for_each_chunk(chunk_, panels_.size() * static_cast<int64_t>(sizeof(float)), context.threads(),
                          [&](int64_t first, int64_t count) {
                            const auto lease = scratch_->take(points() * (count * (in_ + out_) + 2 * kWinogradGap));
                            if (!lease.ok() || !run_chunk(context, first, count, lease->data())) short_of_memory = true;
                          });
    if (short_of_memory) return resource_limit("no memory for transformed tiles");
    return ok();
  }

 private:
  int64_t points() const { return tiles_.form().points(); }
  int64_t points_x() const { return tiles_.form().points_x(); }
  int64_t grain(int64_t channels) const { return 32768 / (points() * channels) + 1; }  // tiles to transform: about 5 µs

  // False: memory is short.
  bool run_chunk(KernelContext& context, int64_t first, int64_t count, float* scratch) const {
    const int64_t v_stride = count * in_ + kWinogradGap, m_stride = count * out_ + kWinogradGap;
    float* v = scratch;                        // [points] of [count][in]
    float* m = scratch + points() * v_stride;  // [points] of [count][out]
    ThreadPool& threads = context.threads();
    const float* x = context.input(0).data<float>();
    threads.parallel_for(count, grain(in_), [&](int64_t begin, int64_t end) {
      const float* taps[kMostWinogradPoints];
      for (int64_t t = begin; t < end; ++t) {
        tiles_.find_taps(x, first + t, zeros_.data(), taps);
        kernels_.input(in_, taps, v + t * in_, v_stride);
      }
    });
    if (piece_ == 0)
      multiply_whole(count, v, v_stride, m, m_stride, threads);
    else if (!multiply_half_way(count, v, v_stride, m, m_stride, threads))
      return false;
    const float* bias = context.has_input(2) ? context.input(2).data<float>() : nullptr;
    const float* residual = context.has_input(3) ? context.input(3).data<float>() : nullptr;
    float* y = context.output(0).data<float>();
    threads.parallel_for(count, grain(out_), [&](int64_t begin, int64_t end) {
      for (int64_t t = begin; t < end; ++t) {
        finish_tile(first + t, m + t * out_, m_stride, bias, residual, y);
      }
    });
    return true;
  }

  void finish_tile(int64_t tile, const float* m, int64_t point_stride, const float* bias, const float* residual,
                   float* y) const {
    const WinogradTiles::Place at = tiles_.place(tile);
    const WinogradOutput output{.channels = out_,
                                .m = m,
                                .point_stride = point_stride,
                                .bias = bias,
                                .residual = residual ? residual + at.corner : nullptr,
                                .low = epilogue_.low,
                                .high = epilogue_.high,
                                .rows = at.rows,
                                .columns = at.columns,
                                .y = y + at.corner,
                                .row_stride = tiles_.row_stride(),
                                .column_stride = tiles_.column_stride()};
    kernels_.output(output);
    if (epilogue_.map.op == MapOp::kCopy) return;
    const bool dense = output.column_stride == out_;
    for (int r = 0; r < output.rows; ++r) {
      for (int c = 0; c < (dense ? 1 : output.columns); ++c) {
        float* pixels = output.y + r * output.row_stride + c * output.column_stride;
        maps_.run(epilogue_.map, (dense ? output.columns : 1) * out_, pixels, pixels);
      }
    }
  }

  void multiply_whole(int64_t count, const float* v, int64_t v_stride, float* m, int64_t m_stride,
                      ThreadPool& threads) const {
    const GemmTiling tiling(gemm_, count, out_, in_);
    const int64_t panel_floats = in_ * gemm_.packed_columns(out_);
    threads.parallel_for(points() * tiling.jobs(), tiling.grain(), [&](int64_t begin, int64_t end) {
      while (begin < end) {  // one point after the other
        const int64_t point = begin / tiling.jobs(), job = begin % tiling.jobs();
        const int64_t last = std::min(tiling.jobs(), job + end - begin);
        const float* b = panels_.data<float>() + point * panel_floats;
        tiling.run({.m = count,
                    .n = out_,
                    .k = in_,
                    .a = v + point * v_stride,
                    .lda = in_,
                    .b = b,
                    .c = m + point * m_stride,
                    .ldc = out_,
                    .next_b = point + 1 < points() ? b + panel_floats : nullptr},
                   job, last);
        begin += last - job;
      }
    });
  }

  // A row of points at a time: their weights are transformed a panel at a time, where they stay in the second-level
  // cache until they are used. False: memory is short.
  bool multiply_half_way(int64_t count, const float* v, int64_t v_stride, float* m, int64_t m_stride,
                         ThreadPool& threads) const {
    std::atomic<bool> short_of_memory{false};
    const int64_t panels = (out_ + gemm_.columns - 1) / gemm_.columns, matrix = in_ * gemm_.packed_columns(out_);
    threads.parallel_for(tiles_.form().points_y() * panels, 1, [&](int64_t begin, int64_t end) {
      const auto points = scratch_->take(points_x() * (piece_ * gemm_.columns + kWinogradGap));
      if (!points.ok()) {
        short_of_memory = true;
        return;
      }
      for (int64_t job = begin; job < end; ++job) {
        const int64_t row = job / panels, first = job % panels * gemm_.columns, at = row * points_x();
        const float* halves = panels_.data<float>() + 3 * (row * matrix + first * in_);  // [3][in][width]
        const float* following = job + 1 < end ? halves + 3 * in_ * gemm_.columns : nullptr;
        multiply_row(count, first, halves, following, v + at * v_stride, v_stride, points->data(), m + at * m_stride,
                     m_stride);
      }
    });
    return !short_of_memory;
  }

  void multiply_row(int64_t count, int64_t first, const float* halves, const float* following, const float* v,
                    int64_t v_stride, float* u, float* m, int64_t m_stride) const {
    const int64_t n = std::min<int64_t>(gemm_.columns, out_ - first), width = gemm_.panel_width(n);
    for (int64_t top = 0; top < in_; top += piece_) {
      const int64_t k = std::min(piece_, in_ - top), u_stride = k * width + kWinogradGap;
      kernels_.weights(k * width, halves + top * width, in_ * width, u, u_stride);
      const float* next = top + k < in_ ? halves + (top + k) * width : following;
      for (int64_t point = 0; point < points_x(); ++point) {
        gemm_.panel({.m = count,
                     .n = n,
                     .k = k,
                     .a = v + point * v_stride + top,
                     .lda = in_,
                     .b = u + point * u_stride,
                     .c = m + point * m_stride + first,
                     .ldc = out_,
                     .is_first = top == 0,
                     .is_last = top + k == in_,
                     .next_b = next && point < 3 ? next + point * in_ * width : nullptr});
      }
    }
  }

  const GemmKernel& gemm_;
  const WinogradKernels& kernels_;
  const MapKernels& maps_;
  int64_t in_, out_;  // channels
  WinogradTiles tiles_;
  GemmEpilogue epilogue_;
  std::shared_ptr<ScratchPool> scratch_;
  Tensor panels_;  // [points] of in × out; or half-way, for each row of points and each panel, [3][in][width]
  std::vector<float> zeros_;
  int64_t chunk_ = 0;
  int64_t piece_ = 0;  // half-way: input channels that are transformed at a time
};

// Weights [out][in][3][3] or [out][in][3] panel by panel and a few input channels at a time: what is read and written
// then lies in a few streams. Half-way: as WinogradConv reads them; else as packed matrices of in × out, one per point.
Result<Tensor> pack_transformed(const KernelQuery& query, const Tensor& weights, WinogradForm form, bool half_way) {
  const GemmKernel& kernel = gemm_kernel(query.isa);
  const auto transform = winograd_kernels(query.isa, form).weights;
  const int64_t out = weights.dim(0), in = weights.dim(1), matrix = in * kernel.packed_columns(out);
  const int64_t rows = form.points_y(), along_x = half_way ? 3 : form.points_x();
  THANE_ASSIGN(Tensor panels, query.allocate(DType::kFloat32, {rows * along_x * matrix}));
  constexpr int64_t kChannels = 8;
  const int64_t most = kChannels * kernel.columns, taps = form.out_y == 1 ? 3 : 9;
  std::vector<float> g(static_cast<size_t>(taps * most)), h(static_cast<size_t>(3 * rows * most));
  for (int64_t first = 0; first < out; first += kernel.columns) {
    const int64_t count = std::min<int64_t>(kernel.columns, out - first), width = kernel.panel_width(count);
    for (int64_t ic = 0; ic < in; ic += kChannels) {
      const int64_t channels = std::min(kChannels, in - ic), floats = channels * width;
      transpose_columns(channels, taps, count, weights.data<float>() + (first * in + ic) * taps, in * taps, 1.0f,
                        g.data(), width);
      if (rows > 1) {
        for (int64_t x = 0; x < 3; ++x)
          transform(floats, g.data() + x * floats, 3 * floats, h.data() + x * floats, 3 * floats);
      }
      for (int64_t row = 0; row < rows; ++row) {
        const float* half = (rows > 1 ? h : g).data() + 3 * row * floats;
        float* panel = panels.data<float>() + along_x * row * matrix;
        if (half_way) {
          for (int64_t x = 0; x < 3; ++x)
            std::copy_n(half + x * floats, floats, panel + (3 * first + x * width) * in + ic * width);
        } else {
          transform(floats, half, floats, panel + first * in + ic * width, matrix);
        }
      }
    }
  }
  return panels;
}

// Large weights for few tiles: reading them takes longer than transforming them along one axis.
bool stays_half_way(const KernelQuery& query, const ConvShape& shape, const WinogradTiles& tiles) {
  constexpr int64_t kLargeFloats = 1 << 18;
  return tiles.form() == kWinograd4x4 && tiles.total() <= WinogradConv::chunk_of(tiles, shape) &&
         gemm_kernel(query.isa).packed_columns(shape.out_channels) * shape.in_channels * tiles.form().points() >=
             kLargeFloats;
}

Result<std::unique_ptr<PreparedKernel>> prepare_with_winograd(const KernelQuery& query, const Activation& activation) {
  const Tensor& weights = *query.constants[1];
  THANE_ASSIGN(const ConvShape shape,
               resolve_conv(query.node.attrs_as<ConvAttrs>(), to_numbers(*query.inputs[0]->dims), weights.dims()));
  const WinogradForm form = WinogradTiles::choose(shape).form;
  const WinogradTiles tiles(shape, form);
  const bool half_way = stays_half_way(query, shape, tiles);
  const std::string name = format("winograd {} × {}{}", form.out_y, form.out_x, half_way ? ", half-way" : "");
  THANE_ASSIGN(Tensor panels,
               query.shared<Tensor>(name, [&] { return pack_transformed(query, weights, form, half_way); }));
  return std::unique_ptr<PreparedKernel>(
      new WinogradConv(query, shape, tiles, std::move(panels), half_way, activation));
}

Result<std::unique_ptr<PreparedKernel>> prepare_winograd(const KernelQuery& query) {
  return prepare_with_winograd(query, {});
}

Result<std::unique_ptr<PreparedKernel>> prepare_fused_winograd(const KernelQuery& query) {
  return prepare_with_winograd(query, query.node.attrs_as<FusedConvAttrs>().activation);
}

}  // namespace

const Kernel kWinogradConv = {"conv.winograd", refuse_winograd, prepare_winograd, input_bit(1)};
const Kernel kWinogradFusedConv = {"conv.winograd", refuse_winograd, prepare_fused_winograd, input_bit(1)};

}  // namespace thane
