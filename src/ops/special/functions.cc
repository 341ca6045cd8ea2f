#include "ops/special/functions.h"

#include <cmath>
#include <limits>
#include <numbers>

namespace thane::special {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kEpsilon = std::numeric_limits<double>::epsilon();

}  // namespace

// std::lgamma writes a global.
double log_gamma(double x) {
  int sign = 0;
  return ::lgamma_r(x, &sign);
}

// Upwards by ψ(x) = ψ(x + 1) − 1/x, then the asymptotic series (A&S 6.3.18); below zero by reflection (6.3.7).
double digamma(double x) {
  if (x == 0) return std::copysign(kInfinity, -x);
  if (x < 0) {
    if (x == std::trunc(x)) return kNan;
    const double fraction = x - std::trunc(x);
    return digamma(1 - x) - std::numbers::pi / std::tan(std::numbers::pi * fraction);
  }
  double sum = 0;
  for (; x < 10; x += 1) sum -= 1 / x;
  const double r = 1 / (x * x);
  const double tail =
      r * (1.0 / 12 - r * (1.0 / 120 - r * (1.0 / 252 - r * (1.0 / 240 - r * (1.0 / 132 - r * 691.0 / 32760)))));
  return sum + std::log(x) - 0.5 / x - tail;
}

// From a rough start by Halley's method.
double erf_inverse(double y) {
  if (!(std::abs(y) < 1)) return std::abs(y) == 1 ? std::copysign(kInfinity, y) : kNan;
  // Winitzki's approximation, good to two digits.
  constexpr double kA = 0.147;
  const double l = std::log1p(-y * y), h = 2 / (std::numbers::pi * kA) + l / 2;
  double x = std::copysign(std::sqrt(std::sqrt(h * h - l / kA) - h), y);
  for (int i = 0; i < 3; ++i) {
    // Near ±1 the difference is taken between complements.
    const double error =
        std::abs(y) < 0.5 ? std::erf(x) - y : std::copysign(1.0, y) * ((1 - std::abs(y)) - std::erfc(std::abs(x)));
    const double step = error / (2 * std::numbers::inv_sqrtpi * std::exp(-x * x));
    x -= step / (1 + x * step);
  }
  return x;
}

double erfc_scaled(double x) {
  if (x < 12) return std::exp(x * x) * std::erfc(x);
  // A&S 7.1.23
  const double r = 1 / (2 * x * x);
  return std::numbers::inv_sqrtpi / x * (1 - r * (1 - 3 * r * (1 - 5 * r * (1 - 7 * r))));
}

// Through erf's inverse in the middle, by Newton's method on log Φ in the tails.
double normal_quantile(double p) {
  if (!(p > 0 && p < 1)) return p == 0 ? -kInfinity : p == 1 ? kInfinity : kNan;
  if (p > 0.5) return -normal_quantile(1 - p);
  if (p > 0.02) return std::numbers::sqrt2 * erf_inverse(2 * p - 1);
  double x = -std::sqrt(-2 * std::log(p));
  for (int i = 0; i < 8; ++i) {
    const double cdf = normal_log_cdf(x);
    const double slope = std::exp(-x * x / 2 - cdf) / std::sqrt(2 * std::numbers::pi);
    x -= (cdf - std::log(p)) / slope;
  }
  return x;
}

double normal_log_cdf(double x) {
  const double t = x / std::numbers::sqrt2;
  if (x < -1) return std::log(erfc_scaled(-t) / 2) - t * t;
  return std::log1p(-std::erfc(t) / 2);
}

// The power series (A&S 9.6.10); for large arguments the asymptotic one (9.7.1).
double bessel_i(int order, double x, bool scaled) {
  const double size = std::abs(x);
  const double sign = order % 2 && x < 0 ? -1 : 1;
  if (std::isnan(x)) return x;
  if (size > 30) {
    const double mu = 4.0 * order * order;
    double term = 1, sum = 1;
    for (int k = 1; k < 30; ++k) {
      const double odd = 2.0 * k - 1;
      const double next = -term * (mu - odd * odd) / (k * 8 * size);
      if (std::abs(next) > std::abs(term) || std::abs(next) < kEpsilon * sum) break;
      sum += term = next;
    }
    const double value = sum / std::sqrt(2 * std::numbers::pi * size);
    return sign * (scaled ? value : value * std::exp(size));
  }
  const double quarter = size * size / 4;
  double term = order == 0 ? 1 : size / 2, sum = term;
  for (int k = 1; k < 500 && term > sum * kEpsilon / 4; ++k) sum += term *= quarter / k / (k + order);
  return sign * (scaled ? sum * std::exp(-size) : sum);
}

namespace {

// x^a e^−x / Γ(a)
double gamma_density(double a, double x) { return std::exp(a * std::log(x) - x - log_gamma(a)); }

// A&S 6.5.29
double lower_series(double a, double x) {
  double term = 1 / a, sum = term;
  for (int k = 1; k < 100000 && term > sum * kEpsilon / 4; ++k) sum += term *= x / (a + k);
  return sum * gamma_density(a, x);
}

// A&S 6.5.31, by Lentz's method
double upper_fraction(double a, double x) {
  constexpr double kTiny = 1e-300;
  double b = x + 1 - a, c = 1 / kTiny, d = 1 / (b == 0 ? kTiny : b), h = d;
  for (int i = 1; i < 100000; ++i) {
    const double an = -i * (i - a);
    b += 2;
    d = an * d + b;
    if (std::abs(d) < kTiny) d = kTiny;
    c = b + an / c;
    if (std::abs(c) < kTiny) c = kTiny;
    d = 1 / d;
    h *= d * c;
    if (std::abs(d * c - 1) < kEpsilon) break;
  }
  return h * gamma_density(a, x);
}

}  // namespace

double gamma_p(double a, double x) {
  if (!(x >= 0 && a >= 0)) return kNan;
  if (a == 0) return x > 0 ? 1 : kNan;
  if (x == 0) return 0;
  if (std::isinf(a)) return std::isinf(x) ? kNan : 0;
  if (std::isinf(x)) return 1;
  return x < a + 1 ? lower_series(a, x) : 1 - upper_fraction(a, x);
}

double gamma_q(double a, double x) {
  if (!(x >= 0 && a >= 0)) return kNan;
  if (a == 0) return x > 0 ? 0 : kNan;
  if (x == 0) return 1;
  if (std::isinf(a)) return std::isinf(x) ? kNan : 1;
  if (std::isinf(x)) return 0;
  return x < a + 1 ? 1 - lower_series(a, x) : upper_fraction(a, x);
}

// Euler and Maclaurin's sum (DLMF 25.11.28).
double zeta(double s, double q) {
  if (s == 1) return kInfinity;
  if (!(s > 1)) return kNan;
  if (q <= 0) {
    if (q == std::floor(q)) return kInfinity;
    if (s != std::floor(s)) return kNan;
  }
  constexpr int kTerms = 12;
  double sum = 0, a = q;
  for (int k = 0; k < kTerms || a <= 9; ++k, a += 1) sum += std::pow(a, -s);
  sum += std::pow(a, 1 - s) / (s - 1) + 0.5 * std::pow(a, -s);
  // B₂ₖ / (2k)!
  static constexpr double kCoefficients[] = {
      1.0 / 12, -1.0 / 720, 1.0 / 30240, -1.0 / 1209600, 1.0 / 47900160, -691.0 / 1307674368000.0, 1.0 / 74724249600.0};
  double factor = s, power = std::pow(a, -s - 1);
  for (int k = 0; k < 7; ++k) {
    sum += kCoefficients[k] * factor * power;
    factor *= (s + 2 * k + 1) * (s + 2 * k + 2);
    power /= a * a;
  }
  return sum;
}

}  // namespace thane::special
