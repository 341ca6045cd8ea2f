#include "ops/matmul/matmul.h"
#include "base/format.h"
#include "ops/broadcast.h"
#include "ops/fixed_point/fixed_point.h"

namespace thane {
namespace {

SymDims swapped(SymDims dims, bool swap) {
  if (swap && dims.size() >= 2) std::swap(dims[dims.size() - 1], dims[dims.size() - 2]);
  return dims;
}

template <class A, class B>
void multiply_row(const A* a, const B* b, int64_t depth, int64_t step, int64_t a_zero, int64_t b_zero, int64_t& sum) {
  if (step == 1 && sizeof(A) == 1) {
    // Sums of products of bytes fit 32 bits, zero points aside.
    int32_t products = 0, a_sum = 0, b_sum = 0;
    for (int64_t k = 0; k < depth; ++k) {
      products += static_cast<int32_t>(a[k]) * static_cast<int32_t>(b[k]);
      a_sum += a[k];
      b_sum += b[k];
    }
    sum += products - a_zero * b_sum - b_zero * a_sum + a_zero * b_zero * depth;
    return;
  }
  for (int64_t k = 0; k < depth; ++k) {
    sum += (static_cast<int64_t>(a[k]) - a_zero) * (static_cast<int64_t>(b[k * step]) - b_zero);
  }
}

}  // namespace

// Inputs: A, B, bias.
Status infer_fixed_matmul(InferContext& context) {
  const auto& attrs = context.attrs<FixedMatMulAttrs>();
  const SymDims *a = context.dims(0), *b = context.dims(1);
  if (!a || !b) {
    context.set(0, context.dtype(0));
    return ok();
  }
  if (a->size() < 2 || b->size() < 2) return invalid_model("a product of vectors").expecting("matrices");
  THANE_ASSIGN(SymDims dims, matmul_dims(*a, swapped(*b, attrs.trans_b)));
  THANE_TRY(attrs.requantization.check(dims.back()));
  if (context.has_input(2) && context.dims(2)) {
    const SymDims& bias = *context.dims(2);
    if (bias.size() != 1 ||
        (bias[0].is_number() && dims.back().is_number() && bias[0].number() != dims.back().number())) {
      return invalid_model(format("a bias of {} for {} columns", to_string(bias), dims.back().to_string()));
    }
  }
  context.set(0, context.dtype(0), std::move(dims));
  return ok();
}

Status eval_fixed_matmul(KernelContext& context) {
  const auto& attrs = context.attrs<FixedMatMulAttrs>();
  const Tensor &a = context.input(0), &b = context.input(1), &y = context.output(0);
  if (y.size() == 0) return ok();
  const int64_t rows = y.dim(y.rank() - 2), columns = y.dim(y.rank() - 1), depth = a.dim(a.rank() - 1);
  const int64_t step = attrs.trans_b ? 1 : columns, between = attrs.trans_b ? depth : 1;
  const Dims batch(y.dims().begin(), y.dims().end() - 2);
  const Dims a_batch(a.dims().begin(), a.dims().end() - 2), b_batch(b.dims().begin(), b.dims().end() - 2);
  // Which matrices meet.
  std::vector<std::pair<int64_t, int64_t>> pairs;
  BroadcastWalk<2> walk(batch, {&a_batch, &b_batch});
  walk.for_rows(0, walk.size, [&](const auto& offsets, int64_t, int64_t n) {
    for (int64_t i = 0; i < n; ++i) {
      pairs.emplace_back(offsets[0] + i * walk.inner_strides[0], offsets[1] + i * walk.inner_strides[1]);
    }
  });
  const Tensor* bias = context.has_input(2) ? &context.input(2) : nullptr;
  const int64_t grain = 65536 / std::max<int64_t>(depth * columns, 1) + 1;
  dispatch<int8_t, uint8_t, int16_t>(a.dtype(), [&]<class A>() {
    dispatch<int8_t, uint8_t, int16_t>(b.dtype(), [&]<class B>() {
      context.threads().parallel_for(static_cast<int64_t>(pairs.size()) * rows, grain, [&](int64_t begin, int64_t end) {
        for (int64_t r = begin; r < end; ++r) {
          const auto& [a_matrix, b_matrix] = pairs[static_cast<size_t>(r / rows)];
          const A* row = a.data<A>() + (a_matrix * rows + r % rows) * depth;
          const B* matrix = b.data<B>() + b_matrix * depth * columns;
          for (int64_t c = 0; c < columns; ++c) {
            int64_t sum = bias ? bias->as_int64(c) : 0;
            multiply_row(row, matrix + c * between, depth, step, attrs.a_zero_point, attrs.b_zero_point, sum);
            y.data<A>()[r * columns + c] = static_cast<A>(attrs.requantization.apply(sum, static_cast<size_t>(c)));
          }
        }
      });
    });
  });
  return ok();
}

}  // namespace thane
