// One step of recurrent cells for one unit of batch, once the products are there.
#pragma once

#include <cstdint>

#include "base/isa.h"

namespace thane {

struct CellKernels {
  // LSTM, gates in ONNX's order i, o, f, c: x and sums hold [4][hidden], what X and H contribute. Updates c, h.
  void (*lstm)(int64_t hidden, const float* x, const float* sums, float* c, float* h) noexcept;
  // GRU with linear_before_reset, gates z, r, h: x and sums hold [3][hidden]; sums' biases are in. Updates h.
  void (*gru)(int64_t hidden, const float* x, const float* sums, float* h) noexcept;
};

const CellKernels& cell_kernels(Isa ceiling);

}  // namespace thane
