// AffineGrid: grid[n, o…] = theta[n] · (x, y, (z,) 1), where x, y, z run from -1 to 1 over the image of the given size.
#include "base/format.h"
#include "ops/image/image.h"
#include "ops/shape_values.h"
#include "ops/widen.h"

namespace thane {
namespace {

// Where pixel i of n lies between -1 and 1.
double place(int64_t i, int64_t n, bool align_corners) {
  if (!align_corners) return (2 * static_cast<double>(i) + 1) / static_cast<double>(n) - 1;
  return n == 1 ? 0.0 : 2 * static_cast<double>(i) / static_cast<double>(n - 1) - 1;
}

}  // namespace

Status infer_affine_grid(InferContext& context) {
  const SymDims* theta = context.dims(0);
  if (theta && theta->size() != 3) {
    return invalid_model(format("theta of shape {}", to_string(*theta))).expecting("[N, 2, 3] or [N, 3, 4]");
  }
  THANE_ASSIGN(const auto size, known_dims(context, 1, "size"));
  const auto length = known_length(context, 1);
  if (!size && !length) return context.set(0, context.dtype(0)), ok();
  const size_t rank = (size ? size->size() : *length) - 2;
  if (rank != 2 && rank != 3) {
    return invalid_model(format("size has {} values", rank + 2)).expecting("[N, C, H, W] or [N, C, D, H, W]");
  }
  const auto expected = static_cast<int64_t>(rank);
  if (theta && (((*theta)[1].is_number() && !(*theta)[1].is_number(expected)) ||
                ((*theta)[2].is_number() && !(*theta)[2].is_number(expected + 1)))) {
    return invalid_model(format("theta of shape {}", to_string(*theta)))
        .expecting(format("[N, {}, {}]", expected, expected + 1));
  }
  SymDims out(rank + 2);
  if (size) {
    out[0] = (*size)[0];
    std::copy(size->begin() + 2, size->end(), out.begin() + 1);
    if (theta && (*theta)[0].is_number() && out[0].is_number() && !((*theta)[0] == out[0])) {
      return invalid_model(format("theta of shape {} for size {}", to_string(*theta), to_string(*size)))
          .expecting("the same batch");
    }
  }
  out.back() = expected;
  context.set(0, context.dtype(0), std::move(out));
  return ok();
}

Status eval_affine_grid(KernelContext& context) {
  const bool align_corners = context.attrs<AffineGridAttrs>().align_corners;
  THANE_ASSIGN(const Tensor theta, widened(context.input(0), context.threads()));
  THANE_ASSIGN(WideOutput grid, WideOutput::make(context.output(0), theta.dtype()));
  if (grid.tensor().size() == 0) return ok();
  const Dims& dims = grid.tensor().dims();
  const size_t rank = dims.size() - 2;
  int64_t points = 1;
  for (size_t a = 1; a <= rank; ++a) points *= dims[a];
  dispatch<float, double>(theta.dtype(), [&]<class T>() {
    context.threads().parallel_for(dims[0] * points, 1024, [&](int64_t begin, int64_t end) {
      for (int64_t p = begin; p < end; ++p) {
        double position[4] = {0, 0, 0, 0};  // x, y, (z,) 1
        int64_t rest = p % points;
        for (size_t a = 0; a < rank; ++a) {
          const int64_t n = dims[rank - a];
          position[a] = place(rest % n, n, align_corners);
          rest /= n;
        }
        position[rank] = 1;
        const auto r = static_cast<int64_t>(rank);
        for (int64_t row = 0; row < r; ++row) {
          const T* matrix = theta.data<T>() + (p / points * r + row) * (r + 1);
          double sum = 0;
          for (int64_t k = 0; k <= r; ++k) sum += static_cast<double>(matrix[k]) * position[k];
          grid.tensor().data<T>()[p * r + row] = static_cast<T>(sum);
        }
      }
    });
  });
  grid.finish(context.threads());
  return ok();
}

}  // namespace thane
