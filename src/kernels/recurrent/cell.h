// One step of recurrent cells for one unit of batch, once the products are there.
#pragma once

#include <cstdint>

#include "base/isa.h"

namespace thane {

// Some of the units of one row of a batch. Gate g of unit j stands at x[g·x_gate + j] and sums[g·sums_gate + j]: what X
// and H contribute, biases included.
struct CellUnits {
  int64_t count = 0;
  const float* x = nullptr;
  int64_t x_gate = 0;
  const float* sums = nullptr;
  int64_t sums_gate = 0;
  const float* h = nullptr;  // the state before the step
  float* c = nullptr;        // LSTM: updated
  float* next_h = nullptr;   // may be h
};

struct CellKernels {
  // Gates in ONNX's order i, o, f, c.
  void (*lstm)(const CellUnits& units) noexcept;
  // GRU with linear_before_reset, gates z, r, h.
  void (*gru)(const CellUnits& units) noexcept;
};

const CellKernels& cell_kernels(Isa ceiling);

}  // namespace thane
