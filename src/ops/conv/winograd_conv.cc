// 3×3 convolutions of stride 1 by Winograd's F(4×4, 3×3), channels last. Tiles go in chunks: transform the chunk's
// inputs, 36 matrix products, transform back; a chunk's working memory stays in the cache.
#include <algorithm>

#include "ir/context.h"
#include "kernels/gemm/tiling.h"
#include "kernels/winograd/winograd.h"
#include "ops/conv/conv.h"
#include "ops/conv/kernels.h"
#include "ops/scratch.h"

namespace thane {
namespace {

// Below these the transforms cost more than the products save, or too few tiles share the weights, which are four times
// as large as the direct ones.
constexpr int64_t kLeastChannels = 16, kLeastTiles = 9;

int64_t tiles_along(int64_t out) { return (out + kWinogradOut - 1) / kWinogradOut; }

std::string refuse_winograd(const KernelQuery& query) {
  const auto& attrs = query.node.attrs_as<ConvAttrs>();
  if (query.inputs[0]->dtype != DType::kFloat32) return "dtype is not float32";
  if (query.precision == Precision::kExact) return "precision is exact";
  if (attrs.layout != DataLayout::kChannelsLast) return "data are channels first";
  if (!query.constants[1]) return "the weights are not constant";
  const Tensor& weights = *query.constants[1];
  if (weights.rank() != 4 || weights.dim(2) != 3 || weights.dim(3) != 3 || attrs.group != 1) return "not 3×3";
  for (const Dims* list : {&attrs.strides, &attrs.dilations}) {
    if (std::any_of(list->begin(), list->end(), [](int64_t v) { return v != 1; })) return "strided or dilated";
  }
  if (weights.dim(0) < kLeastChannels || weights.dim(1) < kLeastChannels) return "few channels";
  const SymDims& out = *query.outputs[0].dims;
  const int64_t y = out[1].number(), x = out[2].number(), tiles = tiles_along(y) * tiles_along(x);
  if (out[0].number() * tiles < kLeastTiles) return "few tiles";
  if (y * x * 2 <= tiles * kWinogradOut * kWinogradOut) return "tiles would be mostly empty";
  return {};
}

class WinogradConv : public PreparedKernel {
 public:
  WinogradConv(const KernelQuery& query, ConvShape shape, Tensor panels, const Activation& activation)
      : gemm_(gemm_kernel(query.isa)),
        kernels_(winograd_kernels(query.isa)),
        maps_(map_kernels(query.isa)),
        shape_(std::move(shape)),
        panels_(std::move(panels)),
        zeros_(static_cast<size_t>(shape_.in_channels), 0.0f) {
    set_activation(activation, epilogue_);
    tiles_y_ = tiles_along(shape_.axes[0].out);
    tiles_x_ = tiles_along(shape_.axes[1].out);
    // Half of L2 for what a chunk of tiles needs; enough tiles that the weights are worth reading.
    const int64_t l2 = cpu_facts().l2_bytes > 0 ? cpu_facts().l2_bytes : 512 * 1024;
    const int64_t tile_bytes = kWinogradPoints * (in() + out()) * static_cast<int64_t>(sizeof(float));
    const int64_t total = shape_.batch * tiles_y_ * tiles_x_;
    const int64_t most = std::clamp<int64_t>(l2 / 2 / tile_bytes, 24, 128);
    const int64_t chunks = (total + most - 1) / most;
    chunk_ = (total + chunks - 1) / chunks;
    scratch_.emplace(kWinogradPoints * chunk_ * (in() + out()));
  }

  bool reads(size_t input) const override { return input != 1; }  // the weights are packed
  Status run(KernelContext& context) const override {
    const int64_t total = shape_.batch * tiles_y_ * tiles_x_;
    if (total == 0) return ok();
    THANE_ASSIGN(const auto lease, scratch_->take());
    for (int64_t first = 0; first < total; first += chunk_) {
      run_chunk(context, first, std::min(chunk_, total - first), lease.data());
    }
    return ok();
  }

 private:
  int64_t in() const { return shape_.in_channels; }
  int64_t out() const { return shape_.out_channels; }

  void run_chunk(KernelContext& context, int64_t first, int64_t count, float* scratch) const {
    float* v = scratch;                                   // [36][count][in]
    float* m = scratch + kWinogradPoints * count * in();  // [36][count][out]
    ThreadPool& threads = context.threads();
    const float* x = context.input(0).data<float>();
    threads.parallel_for(count, 4096 / in() + 1, [&](int64_t begin, int64_t end) {
      const float* taps[kWinogradPoints];
      for (int64_t t = begin; t < end; ++t) {
        find_taps(x, first + t, taps);
        kernels_.input(in(), taps, v + t * in(), count * in());
      }
    });
    const GemmTiling tiling(gemm_, count, out(), in());
    const int64_t panel_floats = in() * gemm_.packed_columns(out());
    threads.parallel_for(kWinogradPoints * tiling.jobs(), tiling.grain(), [&](int64_t begin, int64_t end) {
      while (begin < end) {  // one point after the other
        const int64_t point = begin / tiling.jobs(), job = begin % tiling.jobs();
        const int64_t last = std::min(tiling.jobs(), job + end - begin);
        const float* b = panels_.data<float>() + point * panel_floats;
        tiling.run({.m = count,
                    .n = out(),
                    .k = in(),
                    .a = v + point * count * in(),
                    .lda = in(),
                    .b = b,
                    .c = m + point * count * out(),
                    .ldc = out(),
                    .next_b = point + 1 < kWinogradPoints ? b + panel_floats : nullptr},
                   job, last);
        begin += last - job;
      }
    });
    const float* bias = context.has_input(2) ? context.input(2).data<float>() : nullptr;
    const float* residual = context.has_input(3) ? context.input(3).data<float>() : nullptr;
    float* y = context.output(0).data<float>();
    threads.parallel_for(count, 4096 / out() + 1, [&](int64_t begin, int64_t end) {
      for (int64_t t = begin; t < end; ++t) {
        finish_tile(first + t, m + t * out(), count * out(), bias, residual, y);
      }
    });
  }

  struct Place {
    int64_t image, y, x;  // of the tile's first output
  };
  Place place(int64_t tile) const {
    const int64_t row = tile / tiles_x_;
    return {row / tiles_y_, row % tiles_y_ * kWinogradOut, tile % tiles_x_ * kWinogradOut};
  }

  void find_taps(const float* x, int64_t tile, const float** taps) const {
    const WindowAxis &ay = shape_.axes[0], &ax = shape_.axes[1];
    const Place at = place(tile);
    for (int64_t r = 0; r < kWinogradIn; ++r) {
      const int64_t iy = at.y - ay.pad_begin + r;
      const bool inside = iy >= 0 && iy < ay.in;
      const float* row = x + (at.image * ay.in + iy) * ax.in * in();
      for (int64_t c = 0; c < kWinogradIn; ++c) {
        const int64_t ix = at.x - ax.pad_begin + c;
        *taps++ = inside && ix >= 0 && ix < ax.in ? row + ix * in() : zeros_.data();
      }
    }
  }

  void finish_tile(int64_t tile, const float* m, int64_t point_stride, const float* bias, const float* residual,
                   float* y) const {
    const WindowAxis &ay = shape_.axes[0], &ax = shape_.axes[1];
    const Place at = place(tile);
    const int64_t corner = ((at.image * ay.out + at.y) * ax.out + at.x) * out();
    const WinogradOutput output{.channels = out(),
                                .m = m,
                                .point_stride = point_stride,
                                .bias = bias,
                                .residual = residual ? residual + corner : nullptr,
                                .low = epilogue_.low,
                                .high = epilogue_.high,
                                .rows = static_cast<int>(std::min<int64_t>(kWinogradOut, ay.out - at.y)),
                                .columns = static_cast<int>(std::min<int64_t>(kWinogradOut, ax.out - at.x)),
                                .y = y + corner,
                                .row_stride = ax.out * out()};
    kernels_.output(output);
    if (epilogue_.map.op == MapOp::kCopy) return;
    for (int r = 0; r < output.rows; ++r) {
      float* row = output.y + r * output.row_stride;
      maps_.run(epilogue_.map, output.columns * out(), row, row);
    }
  }

  const GemmKernel& gemm_;
  const WinogradKernels& kernels_;
  const MapKernels& maps_;
  ConvShape shape_;
  Tensor panels_;  // [36] of in × out
  std::vector<float> zeros_;
  GemmEpilogue epilogue_;
  int64_t tiles_y_ = 0, tiles_x_ = 0, chunk_ = 0;
  mutable std::optional<ScratchPool> scratch_;
};

// Weights [out][in][3][3] as 36 packed matrices of in × out, panel by panel: what is read and written then lies in a
// few streams.
Result<Tensor> pack_transformed(const GemmKernel& kernel, const Tensor& weights) {
  const int64_t out = weights.dim(0), in = weights.dim(1), panel_floats = in * kernel.packed_columns(out);
  THANE_ASSIGN(Tensor panels, Tensor::allocate(DType::kFloat32, {kWinogradPoints * panel_floats}));
  const float* from = weights.data<float>();
  std::vector<float> g(static_cast<size_t>(9 * kernel.columns)),
      u(static_cast<size_t>(kWinogradPoints * kernel.columns));
  for (int64_t first = 0; first < out; first += kernel.columns) {
    const int64_t count = std::min<int64_t>(kernel.columns, out - first), width = kernel.panel_width(count);
    std::fill(g.begin(), g.end(), 0.0f);
    float* panel = panels.data<float>() + first * in;
    for (int64_t ic = 0; ic < in; ++ic) {
      for (int64_t j = 0; j < count; ++j) {
        const float* taps = from + ((first + j) * in + ic) * 9;
        for (int64_t t = 0; t < 9; ++t) g[static_cast<size_t>(t * width + j)] = taps[t];
      }
      transform_weights(width, g.data(), u.data());
      for (int64_t i = 0; i < kWinogradPoints; ++i) {
        std::copy_n(u.data() + i * width, width, panel + i * panel_floats + ic * width);
      }
    }
  }
  return panels;
}

Result<std::unique_ptr<PreparedKernel>> prepare_with_winograd(const KernelQuery& query, const Activation& activation) {
  const Tensor& weights = *query.constants[1];
  THANE_ASSIGN(ConvShape shape,
               resolve_conv(query.node.attrs_as<ConvAttrs>(), to_numbers(*query.inputs[0]->dims), weights.dims()));
  THANE_ASSIGN(Tensor panels,
               query.shared<Tensor>("winograd", [&] { return pack_transformed(gemm_kernel(query.isa), weights); }));
  return std::unique_ptr<PreparedKernel>(new WinogradConv(query, std::move(shape), std::move(panels), activation));
}

Result<std::unique_ptr<PreparedKernel>> prepare_winograd(const KernelQuery& query) {
  return prepare_with_winograd(query, {});
}

Result<std::unique_ptr<PreparedKernel>> prepare_fused_winograd(const KernelQuery& query) {
  return prepare_with_winograd(query, query.node.attrs_as<FusedConvAttrs>().activation);
}

}  // namespace

const Kernel kWinogradConv = {"conv.winograd", refuse_winograd, prepare_winograd};
const Kernel kWinogradFusedConv = {"conv.winograd", refuse_winograd, prepare_fused_winograd};

}  // namespace thane
