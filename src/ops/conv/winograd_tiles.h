// How convolutions of stride 1 with three taps along an axis are cut into Winograd's tiles, whatever their numbers;
// channels last. Dilated ones are as many plain convolutions, interleaved, as the dilation says.
#pragma once

#include <algorithm>
#include <string>

#include "base/threads.h"
#include "kernels/winograd/winograd.h"
#include "ops/conv/conv.h"

namespace thane {

class WinogradTiles {
 public:
  struct Choice {
    std::string refusal;  // why no form pays for the convolution, or can do it; empty: `form` does
    WinogradForm form = kWinograd4x4;
  };
  static Choice choose(const ConvShape& shape);

  // One spatial axis or two, of kernels that the form knows.
  WinogradTiles(const ConvShape& shape, WinogradForm form);

  WinogradForm form() const { return form_; }
  int64_t total() const { return total_; }
  // Tiles to take at a time, where each needs so many bytes of working memory.
  int64_t chunk(int64_t bytes_per_tile) const;

  // Calls run(first tile, count) for every chunk: one after the other, each by all threads, which then share the
  // reading of the weights; or, where weights are small and there are chunks for all threads, several at once, each by
  // one thread, as threads that meet thrice a chunk would lose more.
  template <class Run>
  void for_each_chunk(int64_t chunk, int64_t weight_bytes, ThreadPool& threads, const Run& run) const {
    const int64_t chunks = (total_ + chunk - 1) / chunk;
    const auto some = [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) run(i * chunk, std::min(chunk, total_ - i * chunk));
    };
    const int64_t turns = (chunks + threads.size() - 1) / threads.size();
    if (weight_bytes <= kSmallWeights &&
        4 * chunks >= 3 * turns * threads.size())  // threads are idle a quarter at most
      threads.parallel_for(chunks, 1, some);
    else
      some(0, chunks);
  }

  struct Place {
    int64_t image, y, x;  // of the tile's first output
    int rows, columns;    // of outputs that exist; perhaps none
    int64_t corner;       // the element of y where it begins; strides are between its outputs
  };
  Place place(int64_t tile) const;
  int64_t row_stride() const { return y_.window.dilation * x_.window.out * out_channels_; }
  int64_t column_stride() const { return x_.window.dilation * out_channels_; }

  // The tile's input pixels, row by row; `outside`: what those beyond the image are.
  template <class T>
  void find_taps(const T* x, int64_t tile, const T* outside, const T** taps) const {
    const Place at = place(tile);
    for (int64_t r = 0; r < form_.points_y(); ++r) {
      const int64_t iy = at.y - y_.window.pad_begin + r * y_.window.dilation;
      const bool inside = iy >= 0 && iy < y_.window.in;
      const T* row = inside ? x + (at.image * y_.window.in + iy) * x_.window.in * in_channels_ : outside;
      for (int64_t c = 0; c < form_.points_x(); ++c) {
        const int64_t ix = at.x - x_.window.pad_begin + c * x_.window.dilation;
        *taps++ = inside && ix >= 0 && ix < x_.window.in ? row + ix * in_channels_ : outside;
      }
    }
  }

 private:
  static constexpr int64_t kSmallWeights = 5 << 18;  // bytes: each core may read them anew for every chunk

  // Tiles go through the phases of a dilation first: neighbours in turn are neighbours in memory.
  struct Axis {
    Axis(const WindowAxis& axis, int most);
    int64_t start(int64_t tile) const { return tile % phases + tile / phases * most * window.dilation; }
    int outputs(int64_t tile) const;

    WindowAxis window;
    int most;  // outputs of a tile
    int64_t phases, tiles;
  };

  WinogradForm form_;
  Axis y_, x_;
  int64_t in_channels_, out_channels_;
  int64_t total_;  // tiles
};

}  // namespace thane
