#include "ops/conv/folded_conv.h"

#include <algorithm>

#include "base/unaligned.h"
#include "ops/conv/convolve.h"
#include "ops/packed_matrix.h"

namespace thane {

void PaddedRows::fill_row(const float* x, float* to) const {
  if (!x) {
    std::fill_n(to, width, 0.0f);
    return;
  }
  const int64_t count = std::min(from, width - before);
  std::fill_n(to, before, 0.0f);
  std::copy_n(x, count, to + before);
  std::fill(to + before + count, to + width, 0.0f);
}

void PaddedRows::fill(const float* x, float* padded, ThreadPool& threads) const {
  threads.parallel_for(rows, 8192 / std::max<int64_t>(width, 1) + 1, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) fill_row(x + r * from, padded + r * width);
  });
}

bool folds(const ConvShape& shape) {
  const int64_t few = shape.out_channels <= kColumnsAlongK ? kLeastAlongK : 8;
  const WindowAxis& last = shape.axes.back();
  return shape.group == 1 && shape.in_channels < few && last.kernel > 1 && last.dilation == 1;
}

Result<LatticeGemm> lattice_gemm(const KernelQuery& query, const Lattice& lattice,
                                 const std::function<Result<Tensor>()>& weights, const WeightStrides& strides,
                                 const std::vector<int64_t>& offsets) {
  const GemmKernel& kernel = gemm_for_weights(query, lattice.in_channels, lattice.out_channels);
  std::string form = "lattice";
  for (int64_t offset : offsets) form += ' ' + std::to_string(offset);
  THANE_ASSIGN(Tensor packed, query.shared<Tensor>(form, [&]() -> Result<Tensor> {
    THANE_ASSIGN(const Tensor plain, weights());
    return LatticeGemm::pack(query, kernel, lattice, plain.template data<float>(), strides, offsets);
  }));
  return LatticeGemm::make(kernel, lattice, std::move(packed));
}

namespace {

PaddedRows fold_last_axis(const ConvShape& shape, Lattice& lattice) {
  const WindowAxis& last = shape.axes.back();
  const int64_t channels = shape.in_channels;
  const int64_t width = std::max(last.pad_begin + last.in, (last.out - 1) * last.stride + last.kernel);
  PaddedRows padding{
      .rows = shape.batch, .from = last.in * channels, .before = last.pad_begin * channels, .width = width * channels};
  lattice.in_channels = channels * last.kernel;
  int64_t stride = channels;
  for (size_t i = lattice.axes.size(); i-- > 0;) {
    LatticeAxis& axis = lattice.axes[i];
    const bool inner = i + 1 == lattice.axes.size();
    if (inner) {
      axis.in = width;
      axis.taps = {{0, 0}};
    } else {
      padding.rows *= axis.in;
    }
    axis.in_stride = stride;
    stride *= axis.in;
  }
  lattice.in_batch_stride = stride;
  return padding;
}

// Weights [out][in][kernel…] as [out][kernel… but the last][last · in].
Result<Tensor> fold_weights(const Tensor& weights, int64_t kernel) {
  THANE_ASSIGN(Tensor folded, Tensor::allocate(DType::kFloat32, weights.dims()));
  const int64_t out = weights.dim(0), in = weights.dim(1),
                outer = weights.size() / std::max<int64_t>(1, out * in * kernel);
  const float* from = weights.data<float>();
  for (int64_t i = 0; i < weights.size(); ++i) {
    const int64_t x = i % kernel, rest = i / kernel;
    const int64_t y = rest % outer, c = rest / outer % in, o = rest / outer / in;
    // As [out][last · in][outer]: the order LatticeGemm takes.
    folded.data<float>()[((o * kernel + x) * in + c) * outer + y] = load_unaligned(from + i);
  }
  return folded;
}

}  // namespace

Result<FoldedConv> fold_conv(const KernelQuery& query, const ConvShape& shape, const Tensor& weights) {
  Lattice lattice = conv_lattice(shape);
  const PaddedRows padding = fold_last_axis(shape, lattice);
  std::vector<WindowAxis> axes = shape.axes;
  axes.back().kernel = 1;
  const int64_t kernel = shape.axes.back().kernel, outer = shape.taps() / kernel;
  const WeightStrides strides{lattice.in_channels * outer, outer, 0};
  const auto folded = [&] { return fold_weights(weights, kernel); };
  THANE_ASSIGN(LatticeGemm gemm, lattice_gemm(query, lattice, folded, strides, kernel_offsets(lattice, axes)));
  return FoldedConv{padding, std::move(gemm)};
}

}  // namespace thane
