#include "kernels/fft.h"

#include <bit>
#include <cmath>
#include <new>
#include <utility>

#include "base/format.h"

namespace thane {
namespace {

constexpr double kPi = 3.14159265358979323846;
constexpr int64_t kMost = int64_t{1} << 32;

}  // namespace

std::unique_ptr<Complex[]> allocate_complex(int64_t count) {
  return std::unique_ptr<Complex[]>(new (std::nothrow) Complex[static_cast<size_t>(count)]);
}

Result<Fft> Fft::make(int64_t n) {
  const auto too_long = [&] { return resource_limit(format("a Fourier transform of length {}", n)); };
  if (n > kMost) return too_long();
  Fft fft;
  fft.n_ = n;
  const bool power = std::has_single_bit(static_cast<uint64_t>(n));
  fft.padded_ = static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(power ? n : 2 * n - 1)));
  fft.roots_ = allocate_complex(fft.padded_ / 2);
  if (!fft.roots_) return too_long();
  for (int64_t k = 0; k < fft.padded_ / 2; ++k) {
    const double angle = -2 * kPi * static_cast<double>(k) / static_cast<double>(fft.padded_);
    fft.roots_[static_cast<size_t>(k)] = {std::cos(angle), std::sin(angle)};
  }
  if (power) return fft;
  fft.chirp_ = allocate_complex(n);
  fft.filter_ = allocate_complex(fft.padded_);
  if (!fft.chirp_ || !fft.filter_) return too_long();
  const double scale = 1 / static_cast<double>(fft.padded_);
  for (int64_t k = 0; k < fft.padded_; ++k) fft.filter_[static_cast<size_t>(k)] = {0, 0};
  int64_t square = 0;  // k² mod 2n, exact where the angle of k² itself would not be
  for (int64_t k = 0; k < n; ++k) {
    const double angle = -kPi * static_cast<double>(square) / static_cast<double>(n);
    const Complex chirp{std::cos(angle), std::sin(angle)};
    const Complex inverse{chirp.re * scale, -chirp.im * scale};
    fft.chirp_[static_cast<size_t>(k)] = chirp;
    fft.filter_[static_cast<size_t>(k)] = inverse;
    if (k > 0) fft.filter_[static_cast<size_t>(fft.padded_ - k)] = inverse;
    square = (square + 2 * k + 1) % (2 * n);
  }
  fft.power_of_two(fft.filter_.get());
  return fft;
}

void Fft::transform(Complex* x, bool inverse, Complex* scratch) const {
  if (inverse) {
    for (int64_t i = 0; i < n_; ++i) x[i] = conj(x[i]);
  }
  forward(x, scratch);
  if (inverse) {
    for (int64_t i = 0; i < n_; ++i) x[i] = conj(x[i]);
  }
}

void Fft::forward(Complex* x, Complex* scratch) const {
  if (!chirp_) return power_of_two(x);
  // jk = (j² + k² − (k − j)²) / 2 makes the sum a convolution with the inverse chirp.
  for (int64_t i = 0; i < n_; ++i) scratch[i] = x[i] * chirp_[static_cast<size_t>(i)];
  for (int64_t i = n_; i < padded_; ++i) scratch[i] = {0, 0};
  power_of_two(scratch);
  for (int64_t i = 0; i < padded_; ++i) scratch[i] = conj(scratch[i] * filter_[static_cast<size_t>(i)]);
  power_of_two(scratch);
  for (int64_t i = 0; i < n_; ++i) x[i] = conj(scratch[i]) * chirp_[static_cast<size_t>(i)];
}

void Fft::power_of_two(Complex* x) const {
  const int64_t n = padded_;
  for (int64_t i = 1, j = 0; i < n; ++i) {  // j is i with its bits reversed
    int64_t bit = n / 2;
    for (; j & bit; bit /= 2) j ^= bit;
    j ^= bit;
    if (i < j) std::swap(x[i], x[j]);
  }
  for (int64_t half = 1; half < n; half *= 2) {
    const int64_t step = n / (2 * half);
    for (int64_t start = 0; start < n; start += 2 * half) {
      for (int64_t k = 0; k < half; ++k) {
        const Complex odd = x[start + half + k] * roots_[static_cast<size_t>(k * step)];
        const Complex even = x[start + k];
        x[start + k] = even + odd;
        x[start + half + k] = even - odd;
      }
    }
  }
}

}  // namespace thane
