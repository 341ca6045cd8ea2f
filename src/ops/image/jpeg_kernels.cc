#include "ops/image/jpeg_kernels.h"

#include <algorithm>

namespace thane {
namespace {

constexpr int kConstBits = 13, kPassBits = 2;

constexpr int64_t fixed(double value) { return static_cast<int64_t>(value * (1 << kConstBits) + 0.5); }

int64_t descale(int64_t value, int bits) { return (value + (int64_t{1} << (bits - 1))) >> bits; }

uint8_t clamp(int64_t value) { return static_cast<uint8_t>(std::clamp<int64_t>(value, 0, 255)); }

// Eight inputs, `stride` apart, to eight outputs scaled by 2^kConstBits.
template <class T>
void inverse_dct_8(const T* in, int stride, int64_t* out) {
  const int64_t even2 = in[2 * stride], even6 = in[6 * stride];
  const int64_t shared = (even2 + even6) * fixed(0.541196100);
  const int64_t t2 = shared - even6 * fixed(1.847759065), t3 = shared + even2 * fixed(0.765366865);
  const int64_t sum = (int64_t{in[0]} + in[4 * stride]) * (1 << kConstBits);
  const int64_t difference = (int64_t{in[0]} - in[4 * stride]) * (1 << kConstBits);
  const int64_t even[4] = {sum + t3, difference + t2, difference - t2, sum - t3};

  const int64_t a = in[7 * stride], b = in[5 * stride], c = in[3 * stride], d = in[stride];
  const int64_t z5 = (a + c + b + d) * fixed(1.175875602);
  const int64_t z1 = -(a + d) * fixed(0.899976223), z2 = -(b + c) * fixed(2.562915447);
  const int64_t z3 = z5 - (a + c) * fixed(1.961570560), z4 = z5 - (b + d) * fixed(0.390180644);
  const int64_t odd[4] = {d * fixed(1.501321110) + z1 + z4, c * fixed(3.072711026) + z2 + z3,
                          b * fixed(2.053119869) + z2 + z4, a * fixed(0.298631336) + z1 + z3};
  for (int i = 0; i < 4; ++i) {
    out[i] = even[i] + odd[i];
    out[7 - i] = even[i] - odd[i];
  }
}

}  // namespace

void jpeg_inverse_dct(uint8_t* out, int out_stride, const int16_t* coefficients) {
  int64_t columns[64], line[8];
  for (int x = 0; x < 8; ++x) {
    inverse_dct_8(coefficients + x, 8, line);
    for (int y = 0; y < 8; ++y) columns[8 * y + x] = descale(line[y], kConstBits - kPassBits);
  }
  for (int y = 0; y < 8; ++y) {
    inverse_dct_8(columns + 8 * y, 1, line);
    for (int x = 0; x < 8; ++x) out[y * out_stride + x] = clamp(descale(line[x], kConstBits + kPassBits + 3) + 128);
  }
}

void jpeg_upsample_row(uint8_t* out, const uint8_t* near, const uint8_t* far, int width) {
  const auto sum = [&](int i) { return 3 * near[i] + far[i]; };
  for (int i = 0; i < width; ++i) {
    const int before = i > 0 ? sum(i - 1) : sum(i), after = i + 1 < width ? sum(i + 1) : sum(i);
    out[2 * i] = static_cast<uint8_t>((3 * sum(i) + before + 8) >> 4);
    out[2 * i + 1] = static_cast<uint8_t>((3 * sum(i) + after + 7) >> 4);
  }
}

void jpeg_to_rgb(uint8_t* out, const uint8_t* y, const uint8_t* cb, const uint8_t* cr, int count, int step) {
  constexpr auto scaled = [](double value) { return static_cast<int>(value * 65536 + 0.5); };
  constexpr int kHalf = 1 << 15;
  for (int i = 0; i < count; ++i, out += step) {
    const int blue = cb[i] - 128, red = cr[i] - 128;
    out[0] = clamp(y[i] + ((scaled(1.40200) * red + kHalf) >> 16));
    out[1] = clamp(y[i] + ((-scaled(0.34414) * blue - scaled(0.71414) * red + kHalf) >> 16));
    out[2] = clamp(y[i] + ((scaled(1.77200) * blue + kHalf) >> 16));
    if (step == 4) out[3] = 255;
  }
}

}  // namespace thane
