// How 3×3 convolutions of stride 1 are cut into Winograd's tiles of 4 × 4 outputs, whatever their numbers; channels
// last.
#pragma once

#include <algorithm>
#include <string>

#include "base/threads.h"
#include "kernels/winograd/winograd.h"
#include "ops/conv/conv.h"

namespace thane {

class WinogradTiles {
 public:
  explicit WinogradTiles(const ConvShape& shape);

  // Why Winograd does not pay for this convolution, or cannot do it; empty: it does.
  static std::string refuse(const ConvShape& shape);

  int64_t total() const { return total_; }
  // Tiles to take at a time, where each needs so many bytes of working memory.
  int64_t chunk(int64_t bytes_per_tile) const;

  // Calls run(first tile, count) for every chunk: one after the other, each by all threads, which then share the
  // reading of the weights; or, where weights are small and chunks suffice, several at once, each by one thread, as
  // threads that meet thrice a chunk would lose more.
  template <class Run>
  void for_each_chunk(int64_t chunk, int64_t weight_bytes, ThreadPool& threads, const Run& run) const {
    const int64_t chunks = (total_ + chunk - 1) / chunk;
    const auto some = [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) run(i * chunk, std::min(chunk, total_ - i * chunk));
    };
    if (weight_bytes <= kSmallWeights && chunks % threads.size() == 0)
      threads.parallel_for(chunks, 1, some);
    else
      some(0, chunks);
  }

  struct Place {
    int64_t image, y, x;  // of the tile's first output
    int rows, columns;    // of outputs that exist
    int64_t corner;       // the element of y where it begins; rows of y are row_stride() apart
  };
  Place place(int64_t tile) const;
  int64_t row_stride() const { return x_.out * out_channels_; }

  // The tile's 36 input pixels, row by row; `outside`: what those beyond the image are.
  template <class T>
  void find_taps(const T* x, int64_t tile, const T* outside, const T** taps) const {
    const Place at = place(tile);
    for (int64_t r = 0; r < kWinogradIn; ++r) {
      const int64_t iy = at.y - y_.pad_begin + r;
      const bool inside = iy >= 0 && iy < y_.in;
      const T* row = inside ? x + (at.image * y_.in + iy) * x_.in * in_channels_ : outside;
      for (int64_t c = 0; c < kWinogradIn; ++c) {
        const int64_t ix = at.x - x_.pad_begin + c;
        *taps++ = inside && ix >= 0 && ix < x_.in ? row + ix * in_channels_ : outside;
      }
    }
  }

 private:
  static constexpr int64_t kSmallWeights = 256 * 1024;  // bytes: they fit every core's second-level cache
  WindowAxis y_, x_;
  int64_t in_channels_, out_channels_;
  int64_t along_y_, along_x_, total_;  // tiles
};

}  // namespace thane
