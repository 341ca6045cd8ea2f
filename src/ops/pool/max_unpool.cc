// MaxUnpool: puts every element back where MaxPool found it, zeros elsewhere. Indices count in the shape that kernel,
// strides and pads imply; output_shape may be larger and is then filled up with zeros.
#include <cstring>

#include "base/format.h"
#include "kernels/copy.h"
#include "ops/pool/pool.h"
#include "ops/shape_values.h"
#include "ops/window.h"

namespace thane {
namespace {

// The shape indices count in.
Result<SymDims> implied_shape(const MaxUnpoolAttrs& attrs, const SymDims& x) {
  const size_t rank = x.size() - 2;
  WindowAttrs window;
  window.strides = attrs.strides;
  window.pads = attrs.pads;
  THANE_TRY(check_window(window, rank));
  if (attrs.kernel_shape.size() != rank) {
    return invalid_model(format("kernel_shape {} for {} spatial axes", to_string(attrs.kernel_shape), rank));
  }
  SymDims out = x;
  for (size_t i = 0; i < rank; ++i) {
    const int64_t kernel = attrs.kernel_shape[i];
    if (kernel < 1 || kernel >= kMaxWindowValue) {
      return invalid_model(format("kernel_shape {}", to_string(attrs.kernel_shape))).expecting("at least 1");
    }
    const int64_t stride = attrs.strides.empty() ? 1 : attrs.strides[i];
    const int64_t pads = attrs.pads.empty() ? 0 : attrs.pads[i] + attrs.pads[rank + i];
    Dim& dim = out[i + 2];
    const Dim implied = (dim - 1) * stride + (kernel - pads);
    if (dim.is_number() && (!implied.is_number() || implied.number() < 0)) {
      return invalid_model(format("an output of {} elements along spatial axis {}", implied.to_string(), i))
          .expecting("pads that leave some of it");
    }
    dim = implied;
  }
  return out;
}

}  // namespace

Status infer_max_unpool(InferContext& context) {
  const SymDims* x = context.dims(0);
  if (!x) return context.set(0, context.dtype(0)), ok();
  if (x->size() < 3) {
    return invalid_model(format("input of shape {}", to_string(*x))).expecting("batch, channels and spatial axes");
  }
  if (const SymDims* indices = context.dims(1)) {
    const Dim count = count_of(*indices), expected = count_of(*x);
    if (count.is_number() && expected.is_number() && !(count == expected)) {
      return invalid_model(format("indices of shape {}", to_string(*indices))).expecting(to_string(*x));
    }
  }
  THANE_ASSIGN(SymDims out, implied_shape(context.attrs<MaxUnpoolAttrs>(), *x));
  if (context.has_input(2)) {
    THANE_ASSIGN(const auto asked, known_dims(context, 2, "output_shape"));
    if (asked && asked->size() != x->size()) {
      return invalid_model(format("output_shape has {} values", asked->size())).expecting(format("{}", x->size()));
    }
    for (size_t i = 0; asked && i < out.size(); ++i) {
      const Dim &have = out[i], &wanted = (*asked)[i];
      if (have.is_number() && wanted.is_number() && wanted.number() < have.number()) {
        return invalid_model(format("output_shape {}", to_string(*asked)))
            .expecting(format("at least {}", to_string(out)));
      }
    }
    out = asked ? SymDims(*asked) : SymDims(x->size());
  }
  THANE_TRY(check_sizes(context, out));
  context.set(0, context.dtype(0), std::move(out));
  return ok();
}

Status eval_max_unpool(KernelContext& context) {
  const Tensor& x = context.input(0);
  const int64_t* indices = context.input(1).data<int64_t>();
  Tensor& y = context.output(0);
  THANE_ASSIGN(const SymDims implied, implied_shape(context.attrs<MaxUnpoolAttrs>(), to_symbolic(x.dims())));
  const Dims shape = to_numbers(implied);
  int64_t elements = 1;
  for (int64_t d : shape) elements *= d;
  fill_zero(y.dtype(), y.raw(), y.size());
  const Dims strides = row_major_strides(y.dims());
  for (int64_t i = 0; i < x.size(); ++i) {
    int64_t rest = indices[i];
    if (rest < 0 || rest >= elements) {
      return runtime_error(format("index {} at position {}", rest, i)).expecting(format("0 to {}", elements - 1));
    }
    int64_t at = 0;
    for (size_t axis = shape.size(); axis-- > 0; rest /= shape[axis]) at += rest % shape[axis] * strides[axis];
    copy_elements(x.dtype(), element(x.dtype(), static_cast<const void*>(x.raw()), i), element(y.dtype(), y.raw(), at),
                  1);
  }
  return ok();
}

}  // namespace thane
