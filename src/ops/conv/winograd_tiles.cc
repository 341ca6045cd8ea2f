#include "ops/conv/winograd_tiles.h"

#include <algorithm>

#include "base/cpu.h"

namespace thane {
namespace {

// Below these the transforms cost more than the products save, or too few tiles share the weights, which are four times
// as large as the direct ones.
constexpr int64_t kLeastChannels = 16, kLeastTiles = 9;

int64_t tiles_along(int64_t out) { return (out + kWinogradOut - 1) / kWinogradOut; }

}  // namespace

std::string WinogradTiles::refuse(const ConvShape& shape) {
  if (shape.layout != DataLayout::kChannelsLast) return "data are channels first";
  if (shape.axes.size() != 2 || shape.group != 1) return "not 3×3";
  for (const WindowAxis& axis : shape.axes) {
    if (axis.kernel != 3) return "not 3×3";
    if (axis.stride != 1 || axis.dilation != 1) return "strided or dilated";
  }
  if (std::min(shape.in_channels, shape.out_channels) < kLeastChannels) return "few channels";
  const int64_t tiles = tiles_along(shape.axes[0].out) * tiles_along(shape.axes[1].out);
  if (shape.batch * tiles < kLeastTiles) return "few tiles";
  if (shape.out_spatial() * 2 <= tiles * kWinogradOut * kWinogradOut) return "tiles would be mostly empty";
  return {};
}

WinogradTiles::WinogradTiles(const ConvShape& shape)
    : y_(shape.axes[0]),
      x_(shape.axes[1]),
      in_channels_(shape.in_channels),
      out_channels_(shape.out_channels),
      along_y_(tiles_along(y_.out)),
      along_x_(tiles_along(x_.out)),
      total_(shape.batch * along_y_ * along_x_) {}

int64_t WinogradTiles::chunk(int64_t bytes_per_tile) const {
  // Half of L2; enough tiles that the weights are worth reading.
  constexpr int64_t kLeast = 24, kMost = 128;
  const int64_t l2 = l2_cache_bytes();
  const int64_t most = std::clamp(l2 / 2 / bytes_per_tile, kLeast, kMost);
  const int64_t chunks = std::max<int64_t>((total_ + most - 1) / most, 1);
  return (total_ + chunks - 1) / chunks;
}

WinogradTiles::Place WinogradTiles::place(int64_t tile) const {
  const int64_t row = tile / along_x_, image = row / along_y_;
  const int64_t y = row % along_y_ * kWinogradOut, x = tile % along_x_ * kWinogradOut;
  return {.image = image,
          .y = y,
          .x = x,
          .rows = static_cast<int>(std::min<int64_t>(kWinogradOut, y_.out - y)),
          .columns = static_cast<int>(std::min<int64_t>(kWinogradOut, x_.out - x)),
          .corner = ((image * y_.out + y) * x_.out + x) * out_channels_};
}

}  // namespace thane
