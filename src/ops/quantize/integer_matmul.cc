// MatMulInteger and QLinearMatMul. Zero points and scales are one for all, one for each row of a, or one for each
// column of b; as vectors, or shaped to broadcast to their matrix.
#include "base/format.h"
#include "ops/broadcast.h"
#include "ops/convert.h"
#include "ops/matmul/matmul.h"
#include "ops/quantize/quantize.h"
#include "ops/quantize/requantize.h"

namespace thane {
namespace {

enum class Side { kLeft, kRight };

// The shape in which a parameter broadcasts to its matrix.
Result<Dims> parameter_dims(const Dims& parameter, const Dims& matrix, Side side) {
  Dims dims = parameter;
  if (std::all_of(dims.begin(), dims.end(), [](int64_t d) { return d == 1; })) return Dims{};
  if (dims.size() == 1 && side == Side::kLeft) dims.push_back(1);
  const size_t rank = dims.size();
  bool fits = matrix.size() > 1 && rank <= matrix.size();
  fits = fits && (side == Side::kLeft ? dims[rank - 1] == 1 : rank == 1 || dims[rank - 2] == 1);
  for (size_t i = 0; fits && i < dims.size(); ++i) {
    fits = dims[i] == 1 || dims[i] == matrix[matrix.size() - dims.size() + i];
  }
  if (fits) return dims;
  return invalid_model(format("a scale or zero point of shape {} for a matrix of shape {}", to_string(parameter),
                              to_string(matrix)))
      .expecting(side == Side::kLeft ? "a scalar, or one for each row" : "a scalar, or one for each column");
}

Status check_parameter(const InferContext& context, size_t parameter, size_t matrix, Side side) {
  if (!context.has_input(parameter) || !context.type(parameter).has_concrete_dims() ||
      !context.type(matrix).has_concrete_dims()) {
    return ok();
  }
  THANE_TRY(parameter_dims(to_numbers(*context.dims(parameter)), to_numbers(*context.dims(matrix)), side));
  return ok();
}

// matrix - zero point, as int32 or float32.
Result<Tensor> centered(const Tensor& matrix, const Tensor* zero, Side side, DType dtype, ThreadPool& threads) {
  THANE_ASSIGN(Tensor wide, converted(matrix, dtype, threads));
  if (!zero) return wide;
  THANE_ASSIGN(const Tensor zeros, converted(*zero, dtype, threads));
  THANE_ASSIGN(const Dims dims, parameter_dims(zero->dims(), matrix.dims(), side));
  const BroadcastWalk<1> walk(matrix.dims(), {&dims});
  dispatch<int32_t, float>(dtype, [&]<class T>() {
    walk.for_rows(0, walk.size, [&](const std::array<int64_t, 1>& offsets, int64_t at, int64_t n) {
      const T* z = zeros.data<T>() + offsets[0];
      T* x = wide.data<T>() + at;
      for (int64_t i = 0; i < n; ++i) x[i] -= z[i * walk.inner_strides[0]];
    });
  });
  return wide;
}

Status infer_product(InferContext& context, size_t b, DType dtype) {
  if (!context.dims(0) || !context.dims(b)) return context.set(0, dtype), ok();
  THANE_ASSIGN(SymDims dims, matmul_dims(*context.dims(0), *context.dims(b)));
  context.set(0, dtype, std::move(dims));
  return ok();
}

// a_scale · b_scale / y_scale, each step in the scales' own precision.
void multipliers(DType dtype, const float* a, int64_t stride_a, const float* b, int64_t stride_b, float y, float* out,
                 int64_t n) {
  const auto rounded = [&](float* values) {
    if (dtype == DType::kFloat32) return;
    uint16_t narrow[kConversionRun];
    convert_elements(DType::kFloat32, values, dtype, narrow, n);
    convert_elements(dtype, narrow, DType::kFloat32, values, n);
  };
  for (int64_t i = 0; i < n; ++i) out[i] = a[i * stride_a] * b[i * stride_b];
  rounded(out);
  for (int64_t i = 0; i < n; ++i) out[i] /= y;
  rounded(out);
}

}  // namespace

Status infer_matmul_integer(InferContext& context) {
  THANE_TRY(check_parameter(context, 2, 0, Side::kLeft));
  THANE_TRY(check_parameter(context, 3, 1, Side::kRight));
  return infer_product(context, 1, DType::kInt32);
}

Status eval_matmul_integer(KernelContext& context) {
  const Tensor* zero_a = context.has_input(2) ? &context.input(2) : nullptr;
  const Tensor* zero_b = context.has_input(3) ? &context.input(3) : nullptr;
  THANE_ASSIGN(const Tensor a, centered(context.input(0), zero_a, Side::kLeft, DType::kInt32, context.threads()));
  THANE_ASSIGN(const Tensor b, centered(context.input(1), zero_b, Side::kRight, DType::kInt32, context.threads()));
  multiply(a, b, context.output(0), context.threads());
  return ok();
}

// Inputs: a, a_scale, a_zero_point, b, b_scale, b_zero_point, y_scale, y_zero_point.
Status infer_qlinear_matmul(InferContext& context) {
  for (size_t i : {1, 2}) THANE_TRY(check_parameter(context, i, 0, Side::kLeft));
  for (size_t i : {4, 5}) THANE_TRY(check_parameter(context, i, 3, Side::kRight));
  for (size_t i : {6, 7}) {
    if (context.type(i).has_concrete_dims() && !count_of(*context.dims(i)).is_number(1)) {
      return unsupported(format("an output scale or zero point of shape {}", to_string(*context.dims(i))))
          .expecting("one for all");
    }
  }
  return infer_product(context, 3, context.dtype(7));
}

Status eval_qlinear_matmul(KernelContext& context) {
  ThreadPool& threads = context.threads();
  const Tensor& y = context.output(0);
  if (y.size() == 0) return ok();
  const bool ints = !((mask_of(context.input(0).dtype()) | mask_of(context.input(3).dtype())) & kFloat8s);
  const DType dtype = ints ? DType::kInt32 : DType::kFloat32;
  THANE_ASSIGN(const Tensor a, centered(context.input(0), &context.input(2), Side::kLeft, dtype, threads));
  THANE_ASSIGN(const Tensor b, centered(context.input(3), &context.input(5), Side::kRight, dtype, threads));
  THANE_ASSIGN(const Tensor sums, Tensor::allocate(dtype, y.dims()));
  multiply(a, b, sums, threads);

  THANE_ASSIGN(const Tensor scale_a, converted(context.input(1), DType::kFloat32, threads));
  THANE_ASSIGN(const Tensor scale_b, converted(context.input(4), DType::kFloat32, threads));
  THANE_ASSIGN(Dims dims_a, parameter_dims(scale_a.dims(), context.input(0).dims(), Side::kLeft));
  THANE_ASSIGN(Dims dims_b, parameter_dims(scale_b.dims(), context.input(3).dims(), Side::kRight));
  // A vector's missing axis is missing in the product too.
  if (context.input(3).rank() == 1 && !dims_a.empty()) dims_a.pop_back();
  if (context.input(0).rank() == 1 && dims_b.size() > 1) dims_b.erase(dims_b.end() - 2);
  const float scale_y = static_cast<float>(context.input(6).as_double(0));
  const double zero = context.input(7).as_double(0);
  const BroadcastWalk<2> walk(y.dims(), {&dims_a, &dims_b});
  const auto [stride_a, stride_b] = walk.inner_strides;
  walk.for_rows(
      0, y.size(),
      [&, stride_a = stride_a, stride_b = stride_b](const std::array<int64_t, 2>& offsets, int64_t at, int64_t row) {
        for (int64_t done = 0; done < row; done += kConversionRun) {
          const int64_t n = std::min(kConversionRun, row - done);
          float factors[kConversionRun], values[kConversionRun];
          multipliers(context.input(1).dtype(), scale_a.data<float>() + offsets[0] + done * stride_a, stride_a,
                      scale_b.data<float>() + offsets[1] + done * stride_b, stride_b, scale_y, factors, n);
          convert_elements(dtype, element(sums, at + done), DType::kFloat32, values, n);
          for (int64_t i = 0; i < n; ++i) values[i] *= factors[i];
          if (mask_of(y.dtype()) & kFloat8s) {
            for (int64_t i = 0; i < n; ++i) values[i] += static_cast<float>(zero);
            convert_elements(DType::kFloat32, values, y.dtype(), mutable_element(y, at + done), n);
          } else {
            uint8_t* out = y.data<uint8_t>() + at + done;
            const QuantizedRange range = quantized_range(y.dtype());
            for (int64_t i = 0; i < n; ++i) {
              out[i] = static_cast<uint8_t>(quantized(values[i], static_cast<int32_t>(zero), range));
            }
          }
        }
      });
  return ok();
}

}  // namespace thane
