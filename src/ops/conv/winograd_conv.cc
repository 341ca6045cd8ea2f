// 3×3 convolutions of stride 1 by Winograd's F(4×4, 3×3), channels last. Tiles go in chunks: transform the chunk's
// inputs, 36 matrix products, transform back; a chunk's working memory stays in the cache.
#include <algorithm>
#include <atomic>

#include "ir/context.h"
#include "kernels/gemm/tiling.h"
#include "kernels/gemm/transpose.h"
#include "ops/conv/conv.h"
#include "ops/conv/kernels.h"
#include "ops/conv/winograd_tiles.h"
#include "ops/scratch.h"

namespace thane {
namespace {

std::string refuse_winograd(const KernelQuery& query) {
  if (query.inputs[0]->dtype != DType::kFloat32) return "dtype is not float32";
  if (query.precision == Precision::kExact) return "precision is exact";
  if (!query.constants[1]) return "the weights are not constant";
  const auto shape =
      resolve_conv(query.node.attrs_as<ConvAttrs>(), to_numbers(*query.inputs[0]->dims), query.constants[1]->dims());
  return shape.ok() ? WinogradTiles::refuse(*shape) : "the shapes do not settle";
}

class WinogradConv : public PreparedKernel {
 public:
  WinogradConv(const KernelQuery& query, const ConvShape& shape, Tensor panels, const Activation& activation)
      : gemm_(gemm_kernel(query.isa)),
        kernels_(winograd_kernels(query.isa)),
        maps_(map_kernels(query.isa)),
        in_(shape.in_channels),
        out_(shape.out_channels),
        tiles_(shape),
        panels_(std::move(panels)),
        zeros_(static_cast<size_t>(in_), 0.0f) {
    set_activation(activation, epilogue_);
    chunk_ = tiles_.chunk(kWinogradPoints * (in_ + out_) * static_cast<int64_t>(sizeof(float)));
    scratch_.emplace(kWinogradPoints * chunk_ * (in_ + out_));
  }

  bool reads(size_t input) const override { return input != 1; }  // the weights are packed
  Status run(KernelContext& context) const override {
    if (tiles_.total() == 0) return ok();
    std::atomic<bool> short_of_memory{false};
    tiles_.for_each_chunk(chunk_, panels_.size() * static_cast<int64_t>(sizeof(float)), context.threads(),
                          [&](int64_t first, int64_t count) {
                            const auto lease = scratch_->take();
                            if (lease.ok())
                              run_chunk(context, first, count, lease->data());
                            else
                              short_of_memory = true;
                          });
    if (short_of_memory) return resource_limit("no memory for transformed tiles");
    return ok();
  }

 private:
  void run_chunk(KernelContext& context, int64_t first, int64_t count, float* scratch) const {
    float* v = scratch;                                  // [36][count][in]
    float* m = scratch + kWinogradPoints * count * in_;  // [36][count][out]
    ThreadPool& threads = context.threads();
    const float* x = context.input(0).data<float>();
    threads.parallel_for(count, 4096 / in_ + 1, [&](int64_t begin, int64_t end) {
      const float* taps[kWinogradPoints];
      for (int64_t t = begin; t < end; ++t) {
        tiles_.find_taps(x, first + t, zeros_.data(), taps);
        kernels_.input(in_, taps, v + t * in_, count * in_);
      }
    });
    const GemmTiling tiling(gemm_, count, out_, in_);
    const int64_t panel_floats = in_ * gemm_.packed_columns(out_);
    threads.parallel_for(kWinogradPoints * tiling.jobs(), tiling.grain(), [&](int64_t begin, int64_t end) {
      while (begin < end) {  // one point after the other
        const int64_t point = begin / tiling.jobs(), job = begin % tiling.jobs();
        const int64_t last = std::min(tiling.jobs(), job + end - begin);
        const float* b = panels_.data<float>() + point * panel_floats;
        tiling.run({.m = count,
                    .n = out_,
                    .k = in_,
                    .a = v + point * count * in_,
                    .lda = in_,
                    .b = b,
                    .c = m + point * count * out_,
                    .ldc = out_,
                    .next_b = point + 1 < kWinogradPoints ? b + panel_floats : nullptr},
                   job, last);
        begin += last - job;
      }
    });
    const float* bias = context.has_input(2) ? context.input(2).data<float>() : nullptr;
    const float* residual = context.has_input(3) ? context.input(3).data<float>() : nullptr;
    float* y = context.output(0).data<float>();
    threads.parallel_for(count, 4096 / out_ + 1, [&](int64_t begin, int64_t end) {
      for (int64_t t = begin; t < end; ++t) {
        finish_tile(first + t, m + t * out_, count * out_, bias, residual, y);
      }
    });
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
                                .row_stride = tiles_.row_stride()};
    kernels_.output(output);
    if (epilogue_.map.op == MapOp::kCopy) return;
    for (int r = 0; r < output.rows; ++r) {
      float* row = output.y + r * output.row_stride;
      maps_.run(epilogue_.map, output.columns * out_, row, row);
    }
  }

  const GemmKernel& gemm_;
  const WinogradKernels& kernels_;
  const MapKernels& maps_;
  int64_t in_, out_;  // channels
  WinogradTiles tiles_;
  Tensor panels_;  // [36] of in × out
  std::vector<float> zeros_;
  GemmEpilogue epilogue_;
  int64_t chunk_ = 0;
  mutable std::optional<ScratchPool> scratch_;
};

// Weights [out][in][3][3] as 36 packed matrices of in × out, panel by panel and a few input channels at a time: what is
// read and written then lies in a few streams.
Result<Tensor> pack_transformed(const KernelQuery& query, const Tensor& weights) {
  const GemmKernel& kernel = gemm_kernel(query.isa);
  const int64_t out = weights.dim(0), in = weights.dim(1), panel_floats = in * kernel.packed_columns(out);
  THANE_ASSIGN(Tensor panels, query.allocate(DType::kFloat32, {kWinogradPoints * panel_floats}));
  constexpr int64_t kChannels = 8;
  const int64_t most = kChannels * kernel.columns;
  std::vector<float> g(static_cast<size_t>(9 * most)), u(static_cast<size_t>(kWinogradPoints * most));
  for (int64_t first = 0; first < out; first += kernel.columns) {
    const int64_t count = std::min<int64_t>(kernel.columns, out - first), width = kernel.panel_width(count);
    float* panel = panels.data<float>() + first * in;
    for (int64_t ic = 0; ic < in; ic += kChannels) {
      const int64_t channels = std::min(kChannels, in - ic);
      transpose_columns(channels, 9, count, weights.data<float>() + (first * in + ic) * 9, in * 9, 1.0f, g.data(),
                        width);
      transform_weights(channels * width, g.data(), u.data());
      for (int64_t i = 0; i < kWinogradPoints; ++i) {
        std::copy_n(u.data() + i * channels * width, channels * width, panel + i * panel_floats + ic * width);
      }
    }
  }
  return panels;
}

Result<std::unique_ptr<PreparedKernel>> prepare_with_winograd(const KernelQuery& query, const Activation& activation) {
  const Tensor& weights = *query.constants[1];
  THANE_ASSIGN(const ConvShape shape,
               resolve_conv(query.node.attrs_as<ConvAttrs>(), to_numbers(*query.inputs[0]->dims), weights.dims()));
  THANE_ASSIGN(Tensor panels, query.shared<Tensor>("winograd", [&] { return pack_transformed(query, weights); }));
  return std::unique_ptr<PreparedKernel>(new WinogradConv(query, shape, std::move(panels), activation));
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
