// Sigmoid and tanh of 16-bit numbers, bit for bit as TensorFlow Lite's integer LSTM computes them. Its arithmetic is
// gemmlowp's (fixedpoint/fixedpoint.h, whose steps and constants are the source here): numbers of 16 bits, of which
// `bits` are above the binary point and 15 - bits below it.
#pragma once

#include <cstdint>

namespace thane {

constexpr int kMostTanhBits = 6;

// 32768 · tanh(x), for 0 <= bits <= kMostTanhBits.
int16_t fixed_tanh(int16_t x, int bits);
// 32768 · 1/(1 + exp(-x)), with three bits above the point.
int16_t fixed_sigmoid(int16_t x);

}  // namespace thane
