// What passes make of operators between DequantizeLinear and QuantizeLinear.
#include "base/format.h"
#include "ops/matmul/matmul.h"
#include "ops/quantize/kernels.h"
#include "ops/quantize/plain.h"
#include "ops/quantize/quantize.h"
#include "ops/quantize/requantize.h"

namespace thane {
namespace {

Status check_ones(const InferContext& context, std::initializer_list<size_t> inputs) {
  for (const size_t i : inputs) {
    if (!context.type(i).has_concrete_dims() || count_of(*context.dims(i)).is_number(1)) continue;
    return invalid_model(format("a scale or zero point of shape {}", to_string(*context.dims(i))))
        .expecting("one for all");
  }
  return ok();
}

QuantizedSum sum_of(const KernelContext& context) {
  const auto scale = [&](size_t i) { return *context.input(i).data<float>(); };
  const auto zero = [&](size_t i) { return static_cast<int32_t>(context.input(i).as_int64(0)); };
  const QuantizedRange range = result_range<QuantizedAddAttrs>(context.node(), context.input(0).dtype());
  return {scale(1), scale(4), scale(6), zero(2), zero(5), zero(7), range.low, range.high};
}

class PlainQuantizedAdd : public PreparedKernel {
 public:
  explicit PlainQuantizedAdd(const QuantizeKernels& kernels) : kernels_(kernels) {}
  Status run(KernelContext& context) const override {
    constexpr int64_t kAddGrain = 16384;
    const QuantizedSum sum = sum_of(context);
    const Tensor &a = context.input(0), &b = context.input(3), &y = context.output(0);
    context.threads().parallel_for(y.size(), kAddGrain, [&](int64_t begin, int64_t end) {
      if (a.dtype() == DType::kUInt8) {
        kernels_.add_u8(end - begin, sum, a.data<uint8_t>() + begin, b.data<uint8_t>() + begin,
                        y.data<uint8_t>() + begin);
      } else {
        kernels_.add_s8(end - begin, sum, a.data<int8_t>() + begin, b.data<int8_t>() + begin, y.data<int8_t>() + begin);
      }
    });
    return ok();
  }

 private:
  const QuantizeKernels& kernels_;
};

}  // namespace

const Kernel kPlainQuantizedAdd = {"quantized_add.plain", refuse_nothing, prepare_plain<PlainQuantizedAdd>};

Status infer_quantized_add(InferContext& context) {
  THANE_TRY(check_ones(context, {1, 2, 4, 5, 6, 7}));
  const SymDims *a = context.dims(0), *b = context.dims(3);
  if (a && b && all_numbers(*a) && all_numbers(*b) && *a != *b) {
    return invalid_model(format("shapes {} and {}", to_string(*a), to_string(*b))).expecting("equal ones");
  }
  context.set(0, context.dtype(0), a ? std::optional(*a) : std::nullopt);
  return ok();
}

Status eval_quantized_add(KernelContext& context) {
  const QuantizedSum s = sum_of(context);
  const Tensor &a = context.input(0), &b = context.input(3), &y = context.output(0);
  for (int64_t i = 0; i < y.size(); ++i) {
    const float p = static_cast<float>(a.as_int64(i) - s.a_zero) * s.a_scale;
    const float q = static_cast<float>(b.as_int64(i) - s.b_zero) * s.b_scale;
    y.data<uint8_t>()[i] = static_cast<uint8_t>(quantized((p + q) / s.y_scale, s.y_zero, {s.low, s.high}));
  }
  return ok();
}

Status infer_fused_qlinear_matmul(InferContext& context) {
  THANE_TRY(check_ones(context, {1, 2, 6, 7}));
  const SymDims *a = context.dims(0), *b = context.dims(3);
  context.set(0, context.dtype(7));
  if (!a || !b) return ok();
  if (b->size() != 2 || a->empty()) {
    return invalid_model(format("{} by {}", to_string(*a), to_string(*b))).expecting("a matrix on the right");
  }
  for (const size_t i : {size_t{4}, size_t{5}, size_t{8}}) {
    if (!context.has_input(i) || !context.type(i).has_concrete_dims() || !(*b)[1].is_number()) continue;
    const Dim count = count_of(*context.dims(i));
    if (count == (*b)[1] || (i != 8 && count.is_number(1))) continue;
    return invalid_model(format("{} parameters for {} columns", count.number(), (*b)[1].number()));
  }
  THANE_ASSIGN(SymDims dims, matmul_dims(*a, *b));
  context.set(0, context.dtype(7), std::move(dims));
  return ok();
}

Status eval_fused_qlinear_matmul(KernelContext& context) {
  const Tensor &a = context.input(0), &b = context.input(3), &y = context.output(0);
  const Tensor &scales = context.input(4), &zeros = context.input(5);
  const int64_t depth = b.dim(0), columns = b.dim(1), a_zero = context.input(2).as_int64(0);
  const float x = *context.input(1).data<float>(), step = *context.input(6).data<float>();
  const auto zero = static_cast<int32_t>(context.input(7).as_int64(0));
  const QuantizedRange range = result_range<FusedQLinearMatMulAttrs>(context.node(), y.dtype());
  for (int64_t i = 0; i < y.size(); ++i) {
    const int64_t row = i / columns, j = i % columns, b_zero = zeros.as_int64(zeros.size() == 1 ? 0 : j);
    int64_t sum = context.has_input(8) ? context.input(8).as_int64(j) : 0;
    for (int64_t k = 0; k < depth; ++k) {
      sum += (a.as_int64(row * depth + k) - a_zero) * (b.as_int64(k * columns + j) - b_zero);
    }
    const float factor = x * scales.data<float>()[scales.size() == 1 ? 0 : j] / step;
    const auto wrapped = static_cast<float>(static_cast<int32_t>(static_cast<uint32_t>(sum)));
    y.data<uint8_t>()[i] = static_cast<uint8_t>(quantized(wrapped * factor, zero, range));
  }
  return ok();
}

}  // namespace thane
