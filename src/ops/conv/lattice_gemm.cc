#include "ops/conv/lattice_gemm.h"

#include <algorithm>

#include "base/unaligned.h"
#include "ir/tensor.h"

namespace thane {
namespace {

// Empty when entry i is i·stride for all i.
std::vector<int32_t> unless_regular(std::vector<int32_t> offsets, int64_t stride) {
  for (size_t i = 0; i < offsets.size(); ++i) {
    if (offsets[i] != static_cast<int64_t>(i) * stride) return offsets;
  }
  return {};
}

}  // namespace

std::vector<int64_t> kernel_offsets(const Lattice& lattice, const std::vector<WindowAxis>& axes) {
  std::vector<int64_t> offsets = {0};
  for (size_t i = 0; i < axes.size(); ++i) {
    std::vector<int64_t> next;
    for (int64_t offset : offsets) {
      for (const Tap& tap : lattice.axes[i].taps) next.push_back(offset * axes[i].kernel + tap.kernel_index);
    }
    offsets = std::move(next);
  }
  return offsets;
}

Result<Tensor> LatticeGemm::pack(const KernelQuery& query, const GemmKernel& kernel, const Lattice& lattice,
                                 const float* weights, const WeightStrides& strides,
                                 const std::vector<int64_t>& kernel_offsets) {
  const int64_t taps = lattice.taps(), k = lattice.in_channels, n = lattice.out_channels;
  const int64_t words = taps * kernel.words_of(k), group_panels = words * kernel.packed_columns(n);
  THANE_ASSIGN(Tensor packed, query.allocate(DType::kFloat32, {lattice.group * group_panels}));
  // The taps of an input channel are often all there is between it and the next one.
  bool dense = strides.in == taps && kernel.word == GemmWord::kFloat;
  for (int64_t t = 0; t < taps; ++t) dense &= kernel_offsets[static_cast<size_t>(t)] == t;
  // Else one group's weights as a matrix [taps][k, up to whole words][n].
  const int64_t depth = words * kernel.depth_per_word();
  std::vector<float> matrix(dense || taps == 1 ? 0 : static_cast<size_t>(depth * n));
  for (int64_t g = 0; g < lattice.group; ++g) {
    const float* from = weights + g * strides.group;
    float* panels = packed.data<float>() + g * group_panels;
    if (dense) {
      pack_taps(kernel, taps, k, n, from, strides.out, panels);
      continue;
    }
    if (taps == 1) {
      pack_b(kernel, k, n, from + kernel_offsets[0], strides.in, strides.out, 1.0f, panels);
      continue;
    }
    constexpr int64_t kBlock = 16;  // output channels at a time: their cache lines stay while all taps are read
    for (int64_t first = 0; first < n; first += kBlock) {
      const int64_t last = std::min(n, first + kBlock);
      for (int64_t ic = 0; ic < k; ++ic) {
        for (size_t tap = 0; tap < kernel_offsets.size(); ++tap) {
          float* row = matrix.data() + (static_cast<int64_t>(tap) * (depth / taps) + ic) * n;
          const float* element = from + ic * strides.in + kernel_offsets[tap];
          for (int64_t oc = first; oc < last; ++oc) row[oc] = load_unaligned(element + oc * strides.out);
        }
      }
    }
    pack_b(kernel, depth, n, matrix.data(), n, 1, 1.0f, panels);
  }
  return packed;
}

Result<LatticeGemm> LatticeGemm::make(const GemmKernel& kernel, const Lattice& lattice, Tensor packed) {
  LatticeGemm gemm;
  gemm.lattice_ = lattice;
  gemm.taps_ = lattice.taps();
  const int64_t positions = lattice.positions(), k = lattice.in_channels, n = lattice.out_channels;
  if (!offsets_fit(lattice)) return resource_limit("images too large for 32-bit offsets");
  std::vector<int32_t> a = tap_offsets(lattice), c = out_offsets(lattice);
  const LatticeAxis& inner = lattice.axes.back();
  gemm.row_stride_ = inner.step * inner.in_stride;
  gemm.out_stride_ = inner.out_stride;
  if (gemm.taps_ == 1) a = unless_regular(std::move(a), gemm.row_stride_);
  gemm.a_offsets_ = std::move(a);
  gemm.c_offsets_ = unless_regular(std::move(c), gemm.out_stride_);
  gemm.zeros_.assign(static_cast<size_t>(k), 0.0f);
  gemm.tiling_ = GemmTiling(kernel, positions, n, k, gemm.taps_);

  gemm.group_panels_ = gemm.taps_ * kernel.words_of(k) * kernel.packed_columns(n);
  gemm.panels_ = std::move(packed);
  return gemm;
}

void LatticeGemm::run(int64_t begin, int64_t end, const float* x, const float* bias, const float* residual, float* y,
                      const GemmEpilogue& epilogue) const {
  while (begin < end) {
    const int64_t image_group = begin / tiling_.jobs(), first = image_group * tiling_.jobs();
    const int64_t last = std::min(end, first + tiling_.jobs());
    run_group(image_group, begin - first, last - first, x, bias, residual, y, epilogue);
    begin = last;
  }
}

void LatticeGemm::run_group(int64_t image_group, int64_t begin, int64_t end, const float* x, const float* bias,
                            const float* residual, float* y, const GemmEpilogue& epilogue) const {
  const int64_t image = image_group / lattice_.group, group = image_group % lattice_.group;
  const int64_t channel = group * lattice_.out_channels;
  const int64_t corner = lattice_.out_offset + image * lattice_.out_batch_stride + channel;
  GemmPanel whole{.m = lattice_.positions(),
                  .n = lattice_.out_channels,
                  .k = lattice_.in_channels,
                  .taps = taps_,
                  .a = x + image * lattice_.in_batch_stride + group * lattice_.in_channels,
                  .lda = row_stride_,
                  .a_offsets = a_offsets_.empty() ? nullptr : a_offsets_.data(),
                  .zeros = zeros_.data(),
                  .b = panels_.data<float>() + group * group_panels_,
                  .c = y + corner,
                  .ldc = out_stride_,
                  .c_offsets = c_offsets_.empty() ? nullptr : c_offsets_.data(),
                  .epilogue = epilogue};
  if (bias) whole.epilogue.column_bias = bias + channel;
  if (residual) whole.epilogue.residual = residual + corner;
  tiling_.run(whole, begin, end);
}

}  // namespace thane
