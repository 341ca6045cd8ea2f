#include "kernels/integer/depthwise.h"

#include <numeric>

#include "kernels/isa.h"

namespace thane {

THANE_DECLARE_ISA(IntegerDepthwise, kIntegerDepthwise)

const IntegerDepthwise& integer_depthwise(Isa ceiling) { return THANE_SELECT_ISA(ceiling, kIntegerDepthwise); }

DepthwisePairs::DepthwisePairs(int64_t kernel, int64_t stride, int64_t taps_apart, int64_t padding, int64_t outputs)
    : step(std::gcd(stride, 2 * taps_apart)), pad(padding), dilation(taps_apart), pairs((kernel + 1) / 2) {
  per_output = stride / step;
  per_pair = 2 * dilation / step;
  entries = (outputs - 1) * per_output + (pairs - 1) * per_pair + 1;
}

void pack_depthwise_pairs(int64_t channels, int64_t padded, int64_t rows, int64_t kernel, const int16_t* weights,
                          int32_t* packed) {
  const int64_t pairs = (kernel + 1) / 2;
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t p = 0; p < pairs; ++p, packed += padded) {
      for (int64_t c = 0; c < padded; ++c) {
        const int16_t* taps = weights + (c * rows + row) * kernel;
        const int32_t first = c < channels ? taps[2 * p] : 0;
        const int32_t second = c < channels && 2 * p + 1 < kernel ? taps[2 * p + 1] : 0;
        packed[c] = static_cast<int32_t>((static_cast<uint32_t>(second) << 16) | static_cast<uint16_t>(first));
      }
    }
  }
}

}  // namespace thane
