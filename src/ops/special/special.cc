// Series, asymptotic expansions and continued fractions from Abramowitz and Stegun, Handbook of Mathematical Functions.
#include "ops/special/special.h"

#include <cmath>
#include <limits>
#include <numbers>

namespace thane::special {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr int kMostTerms = 2000;

// B(2k) / (2k)! for k = 1 …
constexpr double kBernoulli[] = {
    1.0 / 12, -1.0 / 720, 1.0 / 30240, -1.0 / 1209600, 1.0 / 47900160, -691.0 / 1307674368000, 1.0 / 74724249600};

double gamma_series(double a, double x) {
  double term = 1 / a, sum = term;
  for (int n = 1; n < kMostTerms && std::fabs(term) > std::fabs(sum) * 1e-17; ++n) {
    term *= x / (a + n);
    sum += term;
  }
  return sum * std::exp(a * std::log(x) - x - lgamma(a));
}

// Lentz's algorithm for Γ(a, x) / Γ(a).
double gamma_fraction(double a, double x) {
  constexpr double kTiny = 1e-300;
  double b = x + 1 - a, c = 1 / kTiny, d = 1 / b, h = d;
  for (int i = 1; i < kMostTerms; ++i) {
    const double an = -i * (i - a);
    b += 2;
    d = an * d + b;
    if (std::fabs(d) < kTiny) d = kTiny;
    c = b + an / c;
    if (std::fabs(c) < kTiny) c = kTiny;
    d = 1 / d;
    const double factor = d * c;
    h *= factor;
    if (std::fabs(factor - 1) < 1e-16) break;
  }
  return std::exp(a * std::log(x) - x - lgamma(a)) * h;
}

double beta_fraction(double a, double b, double x) {
  constexpr double kTiny = 1e-300;
  double c = 1, d = 1 - (a + b) * x / (a + 1);
  if (std::fabs(d) < kTiny) d = kTiny;
  d = 1 / d;
  double h = d;
  for (int m = 1; m < kMostTerms; ++m) {
    double numerator = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
    for (int step = 0; step < 2; ++step) {
      d = 1 + numerator * d;
      if (std::fabs(d) < kTiny) d = kTiny;
      c = 1 + numerator / c;
      if (std::fabs(c) < kTiny) c = kTiny;
      d = 1 / d;
      h *= d * c;
      if (step == 1 && std::fabs(d * c - 1) < 1e-16) return h;
      numerator = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    }
  }
  return h;
}

// I_v(x) e^-x for large x.
double bessel_i_asymptotic(double v, double x) {
  double term = 1, sum = 1;
  for (int k = 1; k < 40; ++k) {
    const double next = term * -(4 * v * v - (2 * k - 1) * (2 * k - 1)) / (k * 8 * x);
    if (std::fabs(next) > std::fabs(term)) break;
    term = next;
    sum += term;
  }
  return sum / std::sqrt(2 * std::numbers::pi * x);
}

double bessel_ie(double v, double x) {
  const double size = std::fabs(x);
  return size > 50 ? bessel_i_asymptotic(v, size) : std::exp(-size) * std::cyl_bessel_i(v, size);
}

}  // namespace

double lgamma(double x) {
  int sign = 0;
  return ::lgamma_r(x, &sign);
}

double digamma(double x) {
  if (x == 0) return std::copysign(kInfinity, -x);
  if (x < 0 && x == std::floor(x)) return kNaN;
  double shift = 0;
  if (x < 0) {
    // Reflection.
    const double fraction = x - std::floor(x);
    return digamma(1 - x) - std::numbers::pi / std::tan(std::numbers::pi * fraction);
  }
  while (x < 10) {
    shift -= 1 / x;
    x += 1;
  }
  const double y = 1 / (x * x);
  const double tail =
      y * (1.0 / 12 - y * (1.0 / 120 - y * (1.0 / 252 - y * (1.0 / 240 - y * (1.0 / 132 - y * 691.0 / 32760)))));
  return shift + std::log(x) - 0.5 / x - tail;
}

double ndtri(double p) {
  if (p <= 0 || p >= 1) return p == 0 ? -kInfinity : p == 1 ? kInfinity : kNaN;
  if (p > 0.5) return -ndtri(1 - p);
  // A rational start (formula 26.2.23), then Newton's method with Halley's correction on the logarithm of the tail.
  const double t = std::sqrt(-2 * std::log(p));
  double x = -(t - (2.515517 + t * (0.802853 + t * 0.010328)) / (1 + t * (1.432788 + t * (0.189269 + t * 0.001308))));
  for (int i = 0; i < 4; ++i) {
    const double error = 0.5 * std::erfc(-x / std::numbers::sqrt2) - p;
    const double u = error * std::sqrt(2 * std::numbers::pi) * std::exp(x * x / 2);
    x -= u / (1 + x * u / 2);
  }
  return x;
}

double erfinv(double x) {
  if (x <= -1 || x >= 1) return x == -1 ? -kInfinity : x == 1 ? kInfinity : kNaN;
  if (std::fabs(x) < 0.5) {
    // Near 0 the difference to 1 would lose digits.
    double y = x * std::sqrt(std::numbers::pi) / 2;
    for (int i = 0; i < 8; ++i) {
      const double u = (std::erf(y) - x) * std::sqrt(std::numbers::pi) / 2 * std::exp(y * y);
      y -= u / (1 + y * u);
    }
    return y;
  }
  const double size = -ndtri((1 - std::fabs(x)) / 2) / std::numbers::sqrt2;
  return std::copysign(size, x);
}

double igamma(double a, double x) {
  if (!(x >= 0) || !(a > 0)) return a == 0 && x > 0 ? 1 : kNaN;
  if (x == 0) return 0;
  if (std::isinf(x)) return 1;
  return x < a + 1 ? gamma_series(a, x) : 1 - gamma_fraction(a, x);
}

double igammac(double a, double x) {
  if (!(x >= 0) || !(a > 0)) return a == 0 && x > 0 ? 0 : kNaN;
  if (x == 0) return 1;
  if (std::isinf(x)) return 0;
  return x < a + 1 ? 1 - gamma_series(a, x) : gamma_fraction(a, x);
}

double zeta(double x, double q) {
  if (x == 1) return kInfinity;
  if (!(x > 1)) return kNaN;
  if (q <= 0 && q == std::floor(q)) return kInfinity;
  if (q <= 0 && x != std::floor(x)) return kNaN;
  // Euler and Maclaurin's summation after the first terms.
  constexpr int kFirst = 12;
  double sum = 0;
  int n = 0;
  for (; n < kFirst || q + n < kFirst; ++n) {
    if (n > 100000) return kNaN;
    sum += std::pow(q + n, -x);
  }
  const double a = q + n;
  sum += std::pow(a, 1 - x) / (x - 1) + 0.5 * std::pow(a, -x);
  double factor = x, power = std::pow(a, -x - 1);
  for (int k = 0; k < 7; ++k) {
    sum += kBernoulli[k] * factor * power;
    factor *= (x + 2 * k + 1) * (x + 2 * k + 2);
    power /= a * a;
  }
  return sum;
}

double polygamma(double n, double x) {
  if (n == 0) return digamma(x);
  if (n < 0 || n != std::floor(n)) return kNaN;
  const double size = std::exp(lgamma(n + 1)) * zeta(n + 1, x);
  return std::fmod(n, 2) == 0 ? -size : size;
}

double betainc(double a, double b, double x) {
  if (!(a > 0) || !(b > 0) || !(x >= 0) || !(x <= 1)) return kNaN;
  if (x == 0 || x == 1) return x;
  const double front = std::exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * std::log(x) + b * std::log1p(-x));
  return x < (a + 1) / (a + b + 2) ? front * beta_fraction(a, b, x) / a : 1 - front * beta_fraction(b, a, 1 - x) / b;
}

double bessel_i0e(double x) { return bessel_ie(0, x); }
double bessel_i1e(double x) { return std::copysign(bessel_ie(1, x), x); }

}  // namespace thane::special
