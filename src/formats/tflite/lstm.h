// Recurrent operators on integers.
#pragma once

#include <array>
#include <functional>
#include <vector>

#include "formats/tflite/op.h"

namespace thane::tflite {

// An LSTM's parameters by gate: input, forget, cell, output. Absent: no weights of the input gate (it is one minus the
// forget gate), no peephole, no normalization, no projection.
struct RealLstm {
  std::array<Edge, 4> weights, recurrent, peephole, bias, norm;
  Edge projection, projection_bias;
};

// The full LSTM's operands on int8 data, x being [time, batch, inputs]: outputs, h, c.
std::vector<Edge> fixed_lstm(Op& op, const Edge& x, float cell_clip, float projection_clip);

// What SVDFs share whatever their numbers are.
struct Svdf {
  Edge (*moved_memory)(Op& op, const Edge& state, const Edge& newest, const Dim& filters, const Dim& memory);
  std::function<Edge(const Edge& sums)> units;
  Dim filters, memory;
  SymDims flat;  // of the state
};
void lower_fixed_svdf(Op& op, int activation, const Svdf& svdf);

}  // namespace thane::tflite
