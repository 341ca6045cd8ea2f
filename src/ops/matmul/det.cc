#include <cmath>
#include <utility>

#include "base/format.h"
#include "ops/matmul/matmul.h"

namespace thane {
namespace {

// Gaussian elimination with row exchanges for size's sake, in place.
double determinant(double* matrix, int64_t n) {
  double product = 1;
  for (int64_t col = 0; col < n; ++col) {
    int64_t pivot = col;
    for (int64_t row = col + 1; row < n; ++row) {
      if (std::abs(matrix[row * n + col]) > std::abs(matrix[pivot * n + col])) pivot = row;
    }
    const double top = matrix[pivot * n + col];
    if (top == 0) return 0;
    if (pivot != col) {
      std::swap_ranges(matrix + pivot * n, matrix + (pivot + 1) * n, matrix + col * n);
      product = -product;
    }
    product *= top;
    for (int64_t row = col + 1; row < n; ++row) {
      const double factor = matrix[row * n + col] / top;
      for (int64_t k = col + 1; k < n; ++k) matrix[row * n + k] -= factor * matrix[col * n + k];
    }
  }
  return product;
}

}  // namespace

Status infer_det(InferContext& context) {
  const SymDims* dims = context.dims(0);
  if (!dims) return context.set(0, context.dtype(0)), ok();
  const size_t rank = dims->size();
  const bool square = rank >= 2 && (!(*dims)[rank - 2].is_number() || !(*dims)[rank - 1].is_number() ||
                                    (*dims)[rank - 2] == (*dims)[rank - 1]);
  if (!square) {
    return invalid_model(format("the input has the shape {}", to_string(*dims))).expecting("square matrices [*, n, n]");
  }
  context.set(0, context.dtype(0), SymDims(dims->begin(), dims->end() - 2));
  return ok();
}

Status eval_det(KernelContext& context) {
  const Tensor& input = context.input(0);
  const int64_t n = input.dim(input.rank() - 1);
  THANE_ASSIGN(Tensor work, Tensor::allocate(DType::kFloat64, {n, n}));
  dispatch_floats(input.dtype(), [&]<class T>() {
    T* out = context.output(0).data<T>();
    for (int64_t i = 0; i < context.output(0).size(); ++i) {
      const T* matrix = input.data<T>() + i * n * n;
      for (int64_t k = 0; k < n * n; ++k) work.data<double>()[k] = static_cast<double>(matrix[k]);
      out[i] = T(determinant(work.data<double>(), n));
    }
  });
  return ok();
}

}  // namespace thane
