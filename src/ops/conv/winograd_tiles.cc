#include "ops/conv/winograd_tiles.h"

#include <algorithm>

#include "base/cpu.h"

namespace thane {
namespace {

constexpr WindowAxis kNoAxis = {.in = 1, .out = 1};  // the rows of what has but one axis

int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }

// Below these the transforms cost more than the products save, or too few tiles share the weights, which are larger
// than the direct ones.
constexpr int64_t kLeastChannels = 16, kLeastTiles = 9;

// Whether a form halves the products, or nearly so, and enough tiles share its weights.
bool pays(const ConvShape& shape, WinogradForm form) {
  constexpr double kLeastGain = 1.6;
  const int64_t tiles = WinogradTiles(shape, form).total();
  const double direct = static_cast<double>(shape.batch * shape.out_spatial()) * static_cast<double>(shape.taps());
  return tiles >= kLeastTiles && direct >= kLeastGain * static_cast<double>(tiles) * form.points();
}

}  // namespace

WinogradTiles::Choice WinogradTiles::choose(const ConvShape& shape) {
  if (shape.layout != DataLayout::kChannelsLast) return {"data are channels first"};
  if (shape.group != 1) return {"in groups"};
  for (const WindowAxis& axis : shape.axes) {
    if (axis.stride != 1) return {"strided"};
  }
  const auto kernel = [&](int64_t y, int64_t x) {
    return shape.axes.size() <= 2 && shape.axes.back().kernel == x &&
           (shape.axes.size() == 2 ? shape.axes[0].kernel : 1) == y;
  };
  if (!kernel(3, 3) && !kernel(1, 3)) return {"not 3×3 or 1×3"};
  if (std::min(shape.in_channels, shape.out_channels) < kLeastChannels) return {"few channels"};
  if (kernel(1, 3)) return pays(shape, kWinograd1x4) ? Choice{{}, kWinograd1x4} : Choice{"few tiles"};
  for (const WinogradForm form : {kWinograd4x4, kWinograd2x2}) {
    if (pays(shape, form)) return {{}, form};
  }
  return {"few tiles, or mostly empty ones"};
}

WinogradTiles::Axis::Axis(const WindowAxis& axis, int most)
    : window(axis),
      most(most),
      phases(std::clamp<int64_t>(axis.out, 1, axis.dilation)),
      tiles(phases * ceil_div(ceil_div(axis.out, axis.dilation), most)) {}

int WinogradTiles::Axis::outputs(int64_t tile) const {
  return static_cast<int>(std::clamp<int64_t>(ceil_div(window.out - start(tile), window.dilation), 0, most));
}

WinogradTiles::WinogradTiles(const ConvShape& shape, WinogradForm form)
    : form_(form),
      y_(shape.axes.size() == 2 ? shape.axes[0] : kNoAxis, form.out_y),
      x_(shape.axes.back(), form.out_x),
      in_channels_(shape.in_channels),
      out_channels_(shape.out_channels),
      total_(shape.batch * y_.tiles * x_.tiles) {}

int64_t WinogradTiles::chunk(int64_t bytes_per_tile) const {
  // Half of L2; enough tiles that the weights are worth reading.
  constexpr int64_t kLeast = 24, kMost = 128;
  const int64_t l2 = l2_cache_bytes();
  const int64_t most = std::clamp(l2 / 2 / bytes_per_tile, kLeast, kMost);
  const int64_t chunks = shared_evenly(std::max<int64_t>((total_ + most - 1) / most, 1));
  return (total_ + chunks - 1) / chunks;
}

WinogradTiles::Place WinogradTiles::place(int64_t tile) const {
  const int64_t row = tile / x_.tiles, image = row / y_.tiles, along_y = row % y_.tiles, along_x = tile % x_.tiles;
  const int64_t y = y_.start(along_y), x = x_.start(along_x);
  return {.image = image,
          .y = y,
          .x = x,
          .rows = y_.outputs(along_y),
          .columns = x_.outputs(along_x),
          .corner = ((image * y_.window.out + y) * x_.window.out + x) * out_channels_};
}

}  // namespace thane
