// Convolution over a lattice of output positions. A Conv is one lattice; a ConvTranspose is one per phase of its strides,
// each an ordinary convolution with those taps that meet that phase.
#pragma once

#include <vector>

#include "ops/conv/conv.h"
#include "ops/conv/patches.h"

namespace thane {

// Kernel element `kernel_index` reads input position q·step + offset at lattice position q.
struct Tap {
  int64_t kernel_index;
  int64_t offset;
};

struct LatticeAxis {
  int64_t count = 0;       // lattice positions
  int64_t in = 0;          // input positions
  int64_t step = 1;        // input positions between neighbours of the lattice
  int64_t in_stride = 1;   // elements between neighbouring input positions
  int64_t out_stride = 1;  // elements between outputs of neighbouring lattice positions
  std::vector<Tap> taps;

  int64_t num_taps() const { return static_cast<int64_t>(taps.size()); }
};

struct Lattice {
  int64_t batch = 0;
  int64_t group = 1;
  int64_t in_channels = 0;   // of one group
  int64_t out_channels = 0;  // of one group
  int64_t in_batch_stride = 0, in_channel_stride = 0;
  int64_t out_batch_stride = 0, out_channel_stride = 0;
  int64_t out_offset = 0;
  std::vector<LatticeAxis> axes;  // at least one

  int64_t positions() const;
  int64_t taps() const;
};

// A neighbour run: `count` lattice positions along the last axis.
struct LatticeRun {
  int64_t column;      // of the first, counted from the start of the tile
  int64_t count;
  int64_t inner;       // its index along the last axis
  int64_t out_offset;  // of its output, relative to image and channel
  int64_t outer;       // index of its outer coordinates in LatticeRuns::outer
};

// The runs of a range of lattice positions.
struct LatticeRuns {
  LatticeRuns(const Lattice& lattice, int64_t begin, int64_t end);
  std::vector<LatticeRun> runs;
  std::vector<int64_t> outer;  // per run: coordinates along all axes but the last
};

Lattice conv_lattice(const ConvShape& shape);

// Where the taps of one patch row meet the input: relative to image and channel.
struct TapRow {
  TapRow(const Lattice& lattice, int64_t tap);
  // Element offset of the outer coordinates, or -1 when they are in the padding.
  int64_t base(const Lattice& lattice, const int64_t* outer) const;
  std::vector<int64_t> offsets;  // per axis
  int64_t first, last;           // lattice positions of the last axis whose input exists: [first, last)
};

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
      const In* channel = x + image * lattice.in_batch_stride +
                          (group * lattice.in_channels + k / taps) * lattice.in_channel_stride;
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
    const int64_t offset = lattice.out_offset + image * lattice.out_batch_stride + row * lattice.out_channel_stride;
    for (const LatticeRun& run : LatticeRuns(lattice, begin, begin + count).runs) {
      store(row, offset + run.out_offset, inner.out_stride, run.count, sums + run.column);
    }
  });
}

}  // namespace thane
