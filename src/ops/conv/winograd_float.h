// What Winograd's convolutions in float32 share.
#pragma once

#include "ir/kernel.h"
#include "kernels/map/map.h"
#include "ops/activation.h"
#include "ops/conv/winograd_tiles.h"

namespace thane {

std::string refuse_winograd(const KernelQuery& query);

// The last step: sums of products to outputs, with bias, residual and activation.
class WinogradFinish {
 public:
  struct Data {
    const float* bias;      // null: none
    const float* residual;  // laid out as y; null: none
    float* y;
  };

  // `channels`: of all outputs. `tiles` must outlive it.
  WinogradFinish(Isa isa, const WinogradTiles& tiles, int64_t channels, const Activation& activation)
      : kernels_(winograd_kernels(isa)), maps_(map_kernels(isa)), tiles_(tiles), channels_(channels) {
    set_activation(activation, epilogue_);
  }

  // A tile's outputs, `count` channels of them from `first` on, of which m[point · point_stride …] are the sums.
  void run(int64_t tile, const float* m, int64_t point_stride, int64_t first, int64_t count, const Data& data) const {
    const WinogradTiles::Place at = tiles_.place(tile);
    const int64_t corner = at.corner + first;
    const WinogradOutput output{.channels = count,
                                .pixel_stride = channels_,
                                .m = m,
                                .point_stride = point_stride,
                                .bias = data.bias ? data.bias + first : nullptr,
                                .residual = data.residual ? data.residual + corner : nullptr,
                                .low = epilogue_.low,
                                .high = epilogue_.high,
                                .rows = at.rows,
                                .columns = at.columns,
                                .y = data.y + corner,
                                .row_stride = tiles_.row_stride()};
    kernels_.output(output);
    if (epilogue_.map.op == MapOp::kCopy) return;
    for (int r = 0; r < output.rows; ++r) {
      float* row = output.y + r * output.row_stride;
      const bool whole = count == channels_;  // pixels follow each other
      for (int c = 0; c < (whole ? 1 : output.columns); ++c, row += channels_) {
        maps_.run(epilogue_.map, whole ? output.columns * count : count, row, row);
      }
    }
  }

 private:
  const WinogradKernels& kernels_;
  const MapKernels& maps_;
  const WinogradTiles& tiles_;
  int64_t channels_;
  GemmEpilogue epilogue_;
};

}  // namespace thane
