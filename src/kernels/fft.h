// The discrete Fourier transform of any length in O(n log n), in float64.
#pragma once

#include <cstdint>
#include <memory>

#include "base/result.h"

namespace thane {

// std::complex's product checks for infinities; this one does not.
struct Complex {
  double re, im;
  friend Complex operator+(Complex a, Complex b) { return {a.re + b.re, a.im + b.im}; }
  friend Complex operator-(Complex a, Complex b) { return {a.re - b.re, a.im - b.im}; }
  friend Complex operator*(Complex a, Complex b) { return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re}; }
  friend Complex conj(Complex a) { return {a.re, -a.im}; }
};

// Uninitialised numbers; null when memory is short.
std::unique_ptr<Complex[]> allocate_complex(int64_t count);

// Tables for one length. Powers of two by Cooley and Tukey's radix-2 algorithm, other lengths as a convolution of the
// next power of two from 2n − 1 (Bluestein, 1970). Shared by any number of threads, each with its own scratch.
class Fft {
 public:
  // n ≥ 1. Fails when the tables do not fit into memory.
  static Result<Fft> make(int64_t n);

  int64_t size() const { return n_; }
  // Numbers of scratch that a transform needs.
  int64_t scratch_size() const { return chirp_ ? padded_ : 0; }

  // y[k] = Σ_j x[j] · e^(∓2πi·jk/n), in place: minus, or plus for the inverse, which is not divided by n.
  void transform(Complex* x, bool inverse, Complex* scratch) const;

 private:
  Fft() = default;
  void forward(Complex* x, Complex* scratch) const;
  void power_of_two(Complex* x) const;

  int64_t n_ = 0;
  int64_t padded_ = 0;                 // the power of two worked on
  std::unique_ptr<Complex[]> roots_;   // e^(-2πi·k/padded) for k < padded / 2
  std::unique_ptr<Complex[]> chirp_;   // e^(-πi·k²/n); null for powers of two
  std::unique_ptr<Complex[]> filter_;  // transform of the inverse chirp, divided by padded
};

}  // namespace thane
