// The three inner loops of JPEG decoding, in the integer arithmetic of the Independent JPEG Group's software.
#pragma once

#include <cstdint>

namespace thane {

// Inverse DCT of 64 dequantized coefficients (row-major) into an 8×8 block: Loeffler, Ligtenberg, Moschytz: Practical
// fast 1-D DCT algorithms with 11 multiplications (ICASSP 1989), with 13-bit constants.
void jpeg_inverse_dct(uint8_t* out, int out_stride, const int16_t* coefficients);

// One row doubled in both directions: each pixel is 9/16 the nearest sample, 3/16 its neighbours, 1/16 the diagonal
// one, rounding up and down in turn. `out` has 2 * width pixels.
void jpeg_upsample_row(uint8_t* out, const uint8_t* near, const uint8_t* far, int width);

// YCbCr (JFIF) → RGB, `step` bytes per pixel; a fourth byte is set to 255.
void jpeg_to_rgb(uint8_t* out, const uint8_t* y, const uint8_t* cb, const uint8_t* cr, int count, int step);

}  // namespace thane
