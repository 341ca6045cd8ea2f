// Convolution over a lattice, for any element types.
#pragma once

#include "ops/conv/conv.h"
#include "ops/conv/patches.h"
#include "ops/lattice.h"

namespace thane {

// The lattice of a Conv.
inline Lattice conv_lattice(const ConvShape& shape) {
  return window_lattice(shape.axes, shape.layout, shape.batch, shape.in_channels, shape.out_channels, shape.group,
                        TapChoice::kAll);
}

// The lattices of a ConvTranspose, one per phase of its strides that a tap meets.
std::vector<Lattice> transposed_lattices(const ConvShape& shape);

// y[image][row][position] = store of Σ weights[row][channel · taps + tap] · load(x[…]); padding counts as zero.
// store(row, offset, stride, count, sums): `count` outputs at offset, offset + stride, …
template <class Acc, class In, class Load, class Store>
void convolve(const Lattice& lattice, const In* x, const Acc* weights, ThreadPool& threads, const Load& load,
              const Store& store) {
  const int64_t taps = lattice.taps();
  const PatchProduct product{lattice.batch, lattice.group, lattice.out_channels, lattice.in_channels * taps,
                             lattice.positions()};
  const LatticeAxis& inner = lattice.axes.back();
  std::vector<TapRow> rows;
  for (int64_t tap = 0; tap < taps; ++tap) rows.emplace_back(lattice, tap);

  const auto gather = [&](int64_t image, int64_t group, int64_t k_begin, int64_t k_end, int64_t begin, int64_t end,
                          Acc* patches) {
    const LatticeRuns tile(lattice, begin, end);
    std::fill_n(patches, (k_end - k_begin) * kPatchColumns, Acc(0));
    for (int64_t k = k_begin; k < k_end; ++k, patches += kPatchColumns) {
      const TapRow& row = rows[static_cast<size_t>(k % taps)];
      const In* channel =
          x + image * lattice.in_batch_stride + (group * lattice.in_channels + k / taps) * lattice.in_channel_stride;
      for (const LatticeRun& run : tile.runs) {
        const int64_t base = row.base(lattice, tile.outer.data() + run.outer);
        const int64_t first = std::max(row.first, run.inner), last = std::min(row.last, run.inner + run.count);
        if (base < 0 || first >= last) continue;
        const int64_t stride = inner.step * inner.in_stride;
        const In* in = channel + base + (first * inner.step + row.offsets.back()) * inner.in_stride;
        Acc* out = patches + run.column + first - run.inner;
        for (int64_t i = 0; i < last - first; ++i) out[i] = load(in[i * stride]);
      }
    }
  };
  multiply_patches<Acc>(product, weights, threads, gather,
                        [&](int64_t image, int64_t row, int64_t begin, int64_t count, const Acc* sums) {
                          const int64_t offset =
                              lattice.out_offset + image * lattice.out_batch_stride + row * lattice.out_channel_stride;
                          for (const LatticeRun& run : LatticeRuns(lattice, begin, begin + count).runs) {
                            store(row, offset + run.out_offset, inner.out_stride, run.count, sums + run.column);
                          }
                        });
}

}  // namespace thane
