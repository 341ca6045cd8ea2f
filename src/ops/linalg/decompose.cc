#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

#include "ops/linalg/linalg.h"

namespace thane::linalg {
namespace {

using Vector = std::vector<double>;

constexpr int kMostSweeps = 60;
constexpr double kPrecision = std::numeric_limits<double>::epsilon();

// The rotation that makes two columns orthogonal, given their squares and their product.
struct Rotation {
  double c = 1, s = 0;
};
Rotation rotation(double alpha, double beta, double gamma) {
  const double zeta = (beta - alpha) / (2 * gamma);
  const double t = std::copysign(1.0, zeta) / (std::fabs(zeta) + std::sqrt(1 + zeta * zeta));
  const double c = 1 / std::sqrt(1 + t * t);
  return {c, c * t};
}
void rotate(double& p, double& q, const Rotation& r) {
  const double old = p;
  p = r.c * old - r.s * q;
  q = r.s * old + r.c * q;
}

// One-sided Jacobi: turns the columns of w (rows × n, rows ≥ n) until they are orthogonal; v collects the turns.
void orthogonalise(Vector& w, Vector& v, size_t rows, size_t n) {
  for (int sweep = 0; sweep < kMostSweeps; ++sweep) {
    bool turned = false;
    for (size_t p = 0; p + 1 < n; ++p) {
      for (size_t q = p + 1; q < n; ++q) {
        double alpha = 0, beta = 0, gamma = 0;
        for (size_t i = 0; i < rows; ++i) {
          const double a = w[i * n + p], b = w[i * n + q];
          alpha += a * a, beta += b * b, gamma += a * b;
        }
        // A comparison that NaN fails ends the sweeps.
        if (!(std::fabs(gamma) > kPrecision * std::sqrt(alpha * beta)) || gamma == 0) continue;
        turned = true;
        const Rotation r = rotation(alpha, beta, gamma);
        for (size_t i = 0; i < rows; ++i) rotate(w[i * n + p], w[i * n + q], r);
        for (size_t i = 0; i < n; ++i) rotate(v[i * n + p], v[i * n + q], r);
      }
    }
    if (!turned) return;
  }
}

Vector identity(size_t n) {
  Vector one(n * n, 0);
  for (size_t i = 0; i < n; ++i) one[i * n + i] = 1;
  return one;
}
Vector product(const Vector& a, const Vector& b, size_t n) {
  Vector y(n * n, 0);
  for (size_t i = 0; i < n; ++i) {
    for (size_t k = 0; k < n; ++k) {
      for (size_t j = 0; j < n; ++j) y[i * n + j] += a[i * n + k] * b[k * n + j];
    }
  }
  return y;
}

}  // namespace

void cholesky(const Matrices& x) {
  const auto n = static_cast<size_t>(x.n);
  double* l = x.out[0];
  std::fill_n(l, n * n, 0.0);
  *x.out[1] = 0;
  for (size_t j = 0; j < n; ++j) {
    for (size_t i = j; i < n; ++i) {
      double sum = x.a[i * n + j];
      for (size_t k = 0; k < j; ++k) sum -= l[i * n + k] * l[j * n + k];
      if (i == j && !(sum > 0)) {
        *x.out[1] = static_cast<double>(j + 1);
        return;
      }
      l[i * n + j] = i == j ? std::sqrt(sum) : sum / l[j * n + j];
    }
  }
}

void lu(const Matrices& x) {
  const auto m = static_cast<size_t>(x.m), n = static_cast<size_t>(x.n);
  double* a = x.out[0];
  std::copy_n(x.a, m * n, a);
  *x.out[2] = 0;
  for (size_t row = 0; row < m; ++row) x.out[3][row] = static_cast<double>(row);
  for (size_t col = 0; col < std::min(m, n); ++col) {
    size_t pivot = col;
    for (size_t row = col + 1; row < m; ++row) {
      if (std::fabs(a[row * n + col]) > std::fabs(a[pivot * n + col])) pivot = row;
    }
    x.out[1][col] = static_cast<double>(pivot + 1);
    if (pivot != col) std::swap_ranges(a + pivot * n, a + (pivot + 1) * n, a + col * n);
    std::swap(x.out[3][pivot], x.out[3][col]);
    const double top = a[col * n + col];
    if (top == 0) {
      if (*x.out[2] == 0) *x.out[2] = static_cast<double>(col + 1);
      continue;
    }
    for (size_t row = col + 1; row < m; ++row) {
      const double factor = a[row * n + col] /= top;
      for (size_t k = col + 1; k < n; ++k) a[row * n + k] -= factor * a[col * n + k];
    }
  }
}

void qr(const Matrices& x) {
  const auto m = static_cast<size_t>(x.m), n = static_cast<size_t>(x.n);
  double *q = x.out[0], *r = x.out[1];
  std::copy_n(x.a, m * n, r);
  std::fill_n(q, m * m, 0.0);
  for (size_t i = 0; i < m; ++i) q[i * m + i] = 1;
  Vector v(m);
  for (size_t col = 0; col < std::min(m, n); ++col) {
    double rest = 0;
    for (size_t i = col + 1; i < m; ++i) rest = std::hypot(rest, r[i * n + col]);
    if (rest == 0) continue;
    const double top = r[col * n + col], beta = -std::copysign(std::hypot(top, rest), top);
    const double tau = (beta - top) / beta;
    v[col] = 1;
    for (size_t i = col + 1; i < m; ++i) v[i] = r[i * n + col] / (top - beta);
    for (size_t j = col; j < n; ++j) {
      double dot = 0;
      for (size_t i = col; i < m; ++i) dot += v[i] * r[i * n + j];
      for (size_t i = col; i < m; ++i) r[i * n + j] -= tau * dot * v[i];
    }
    for (size_t i = col + 1; i < m; ++i) r[i * n + col] = 0;
    for (size_t i = 0; i < m; ++i) {
      double dot = 0;
      for (size_t k = col; k < m; ++k) dot += q[i * m + k] * v[k];
      for (size_t k = col; k < m; ++k) q[i * m + k] -= tau * dot * v[k];
    }
  }
}

void svd(const Matrices& x) {
  const bool tall = x.m >= x.n;
  const auto rows = static_cast<size_t>(std::max(x.m, x.n)), n = static_cast<size_t>(std::min(x.m, x.n));
  Vector w(rows * n), v = identity(n), size(n);
  for (size_t i = 0; i < rows; ++i) {
    for (size_t j = 0; j < n; ++j) w[i * n + j] = tall ? x.a[i * n + j] : x.a[j * rows + i];
  }
  orthogonalise(w, v, rows, n);
  for (size_t i = 0; i < rows; ++i) {
    for (size_t j = 0; j < n; ++j) size[j] = std::hypot(size[j], w[i * n + j]);
  }
  std::vector<size_t> order(n);
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return size[a] > size[b]; });
  double *left = x.out[tall ? 0 : 2], *right = x.out[tall ? 2 : 0];
  for (size_t j = 0; j < n; ++j) {
    const size_t from = order[j];
    x.out[1][j] = size[from];
    for (size_t i = 0; i < rows; ++i) left[i * n + j] = size[from] == 0 ? 0 : w[i * n + from] / size[from];
    for (size_t i = 0; i < n; ++i) right[i * n + j] = v[i * n + from];
  }
}

void eigh(const Matrices& x) {
  const auto n = static_cast<size_t>(x.n);
  Vector a(n * n), v = identity(n);
  for (size_t i = 0; i < n; ++i) {
    for (size_t j = 0; j < n; ++j) a[i * n + j] = x.a[std::max(i, j) * n + std::min(i, j)];
  }
  double scale = 0;
  for (const double value : a) scale = std::max(scale, std::fabs(value));
  for (int sweep = 0; sweep < kMostSweeps; ++sweep) {
    bool turned = false;
    for (size_t p = 0; p + 1 < n; ++p) {
      for (size_t q = p + 1; q < n; ++q) {
        if (!(std::fabs(a[p * n + q]) > 1e-3 * kPrecision * scale)) continue;
        turned = true;
        const Rotation r = rotation(a[p * n + p], a[q * n + q], a[p * n + q]);
        for (size_t i = 0; i < n; ++i) rotate(a[i * n + p], a[i * n + q], r);
        for (size_t i = 0; i < n; ++i) rotate(a[p * n + i], a[q * n + i], r);
        for (size_t i = 0; i < n; ++i) rotate(v[i * n + p], v[i * n + q], r);
      }
    }
    if (!turned) break;
  }
  std::vector<size_t> order(n);
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t i, size_t j) { return a[i * n + i] < a[j * n + j]; });
  for (size_t j = 0; j < n; ++j) {
    x.out[0][j] = a[order[j] * n + order[j]];
    for (size_t i = 0; i < n; ++i) x.out[1][i * n + j] = v[i * n + order[j]];
  }
}

void solve_triangular(const Matrices& x) {
  const auto n = static_cast<size_t>(x.n), columns = static_cast<size_t>(x.columns);
  double* y = x.out[0];
  std::copy_n(x.b, n * columns, y);
  for (size_t step = 0; step < n; ++step) {
    const size_t row = x.upper ? n - 1 - step : step;
    for (size_t k = x.upper ? row + 1 : 0; k < (x.upper ? n : row); ++k) {
      for (size_t j = 0; j < columns; ++j) y[row * columns + j] -= x.a[row * n + k] * y[k * columns + j];
    }
    if (x.unit) continue;
    for (size_t j = 0; j < columns; ++j) y[row * columns + j] /= x.a[row * n + row];
  }
}

// Taylor's series of a matrix halved until it is small, squared as often.
void exponential(const Matrices& x) {
  const auto n = static_cast<size_t>(x.n);
  Vector a(x.a, x.a + n * n);
  double size = 0;
  for (size_t i = 0; i < n; ++i) {
    double row = 0;
    for (size_t j = 0; j < n; ++j) row += std::fabs(a[i * n + j]);
    size = std::max(size, row);
  }
  int halvings = 0;
  for (; size > 0.5 && halvings < 1100; size /= 2) ++halvings;
  for (double& value : a) value = std::ldexp(value, -halvings);
  Vector sum = identity(n), term = sum;
  for (int k = 1; k <= 18; ++k) {
    term = product(term, a, n);
    for (double& value : term) value /= k;
    for (size_t i = 0; i < n * n; ++i) sum[i] += term[i];
  }
  for (int k = 0; k < halvings; ++k) sum = product(sum, sum, n);
  std::copy(sum.begin(), sum.end(), x.out[0]);
}

}  // namespace thane::linalg
