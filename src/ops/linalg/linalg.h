// Decompositions of real matrices, in float64, one matrix at a time.
#pragma once

#include <cstdint>

namespace thane::linalg {

// One matrix of a batch: `a` is m × n; `b`, where there is one, has as many rows and `columns` columns.
struct Matrices {
  int64_t m = 0, n = 0, columns = 0;
  const double* a = nullptr;
  const double* b = nullptr;
  double* out[4] = {};
  bool upper = false, unit = false;
};

// Each fills its outputs, row-major; k = min(m, n).
void cholesky(const Matrices& x);  // L; the order of the first minor that is not positive, else 0
// L and U in one; row i was exchanged with pivot[i] − 1; the first zero pivot, else 0; which row of A came to each row.
void lu(const Matrices& x);
void qr(const Matrices& x);                // Q (m × m), R (m × n), as Householder's reflections give them
void svd(const Matrices& x);               // U (m × k), S falling, V (n × k)
void eigh(const Matrices& x);              // values rising, vectors in columns; of the lower triangle
void solve_triangular(const Matrices& x);  // X with A X = B
void exponential(const Matrices& x);

}  // namespace thane::linalg
