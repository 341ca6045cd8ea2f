// The arithmetic under every convolution: a matrix of weights times a matrix of input patches that is gathered tile by
// tile and never exists as a whole. Sums run over blocks of depth, which keeps the rounding error of long sums small;
// the order of additions depends on nothing but the shapes.
#pragma once

#include <algorithm>
#include <memory>

#include "base/threads.h"

namespace thane {

inline constexpr int64_t kPatchColumns = 64;  // output positions in a tile
inline constexpr int64_t kPatchDepth = 128;   // inputs of a sum gathered at a time
inline constexpr int64_t kPatchRows = 64;     // output channels that share a gathered tile

// For each image of the batch and each group: rows × depth weights times depth × columns patches.
struct PatchProduct {
  int64_t batch = 1;
  int64_t group = 1;
  int64_t rows = 0;     // output channels of one group
  int64_t depth = 0;    // input channels of one group × taps
  int64_t columns = 0;  // output positions
};

namespace patches_detail {

template <class Acc>
struct Tile {
  Acc patches[kPatchDepth * kPatchColumns];
  Acc sums[kPatchRows * kPatchColumns];
};

// kRows × 8 sums in registers.
template <int kRows, class Acc>
void multiply_strip(const Acc* weights, int64_t weight_stride, const Acc* patches, int64_t depth, Acc* sums) {
  constexpr int kLanes = 8;
  Acc acc[kRows][kLanes] = {};
  for (int64_t k = 0; k < depth; ++k) {
    const Acc* patch = patches + k * kPatchColumns;
    for (int r = 0; r < kRows; ++r) {
      const Acc weight = weights[r * weight_stride + k];
      for (int j = 0; j < kLanes; ++j) acc[r][j] += weight * patch[j];
    }
  }
  for (int r = 0; r < kRows; ++r) {
    for (int j = 0; j < kLanes; ++j) sums[r * kPatchColumns + j] += acc[r][j];
  }
}

template <class Acc>
void multiply_tile(const Acc* weights, int64_t weight_stride, int64_t rows, int64_t depth, int64_t columns,
                   Tile<Acc>& tile) {
  for (int64_t column = 0; column < columns; column += 8) {
    const Acc* patches = tile.patches + column;
    Acc* sums = tile.sums + column;
    int64_t r = 0;
    for (; r + 4 <= rows; r += 4) {
      multiply_strip<4>(weights + r * weight_stride, weight_stride, patches, depth, sums + r * kPatchColumns);
    }
    for (; r < rows; ++r) {
      multiply_strip<1>(weights + r * weight_stride, weight_stride, patches, depth, sums + r * kPatchColumns);
    }
  }
}

}  // namespace patches_detail

// weights: [group · rows][depth]. gather(image, group, k_begin, k_end, column_begin, column_end, patches) fills
// patches[(k - k_begin) · kPatchColumns + column - column_begin]. store(image, row, column_begin, count, sums) takes
// finished sums; row counts over all groups.
template <class Acc, class Gather, class Store>
void multiply_patches(const PatchProduct& product, const Acc* weights, ThreadPool& threads, const Gather& gather,
                      const Store& store) {
  const auto& p = product;
  const int64_t row_chunks = (p.rows + kPatchRows - 1) / kPatchRows;
  const int64_t tiles = (p.columns + kPatchColumns - 1) / kPatchColumns;
  const int64_t work =
      std::min(p.rows, kPatchRows) * std::min(p.columns, kPatchColumns) * std::max<int64_t>(p.depth, 1);
  threads.parallel_for(p.batch * p.group * row_chunks * tiles, 65536 / work + 1, [&](int64_t begin, int64_t end) {
    const auto tile = std::make_unique<patches_detail::Tile<Acc>>();
    for (int64_t unit = begin; unit < end; ++unit) {
      const int64_t first_column = unit % tiles * kPatchColumns;
      const int64_t last_column = std::min(first_column + kPatchColumns, p.columns);
      const int64_t first_row = unit / tiles % row_chunks * kPatchRows;
      const int64_t rows = std::min(kPatchRows, p.rows - first_row);
      const int64_t group = unit / tiles / row_chunks % p.group;
      const int64_t image = unit / tiles / row_chunks / p.group;
      const int64_t row = group * p.rows + first_row;
      std::fill_n(tile->sums, rows * kPatchColumns, Acc(0));
      for (int64_t k = 0; k < p.depth; k += kPatchDepth) {
        const int64_t k_end = std::min(k + kPatchDepth, p.depth);
        gather(image, group, k, k_end, first_column, last_column, tile->patches);
        patches_detail::multiply_tile(weights + row * p.depth + k, p.depth, rows, k_end - k, last_column - first_column,
                                      *tile);
      }
      for (int64_t r = 0; r < rows; ++r) {
        store(image, row + r, first_column, last_column - first_column, tile->sums + r * kPatchColumns);
      }
    }
  });
}

}  // namespace thane
