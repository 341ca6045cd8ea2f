// QLinearAdd and QLinearMul of com.microsoft. Their zero point is added before rounding, so that halves go to the even
// result; between DequantizeLinear and QuantizeLinear they would go to the even distance from the zero point.
#include <algorithm>
#include <array>
#include <limits>

#include "base/format.h"
#include "ops/broadcast.h"
#include "ops/contrib/contrib.h"
#include "ops/loops.h"

namespace thane::contrib {
namespace {

// Inputs: a, a's scale and zero point (may be absent: 0), b, its two, the output's two.
struct Scales {
  float a, b, c;
  int32_t a_zero, b_zero, c_zero;
};

Result<Scales> read_scales(const KernelContext& context) {
  Scales scales{};
  const std::array<float*, 3> to = {&scales.a, &scales.b, &scales.c};
  const std::array<int32_t*, 3> zeros = {&scales.a_zero, &scales.b_zero, &scales.c_zero};
  const std::array<size_t, 3> at = {1, 4, 6};
  for (size_t i = 0; i < 3; ++i) {
    *to[i] = context.input(at[i]).data<float>()[0];
    if (const Tensor* zero = optional_input(context, at[i] + 1)) *zeros[i] = static_cast<int32_t>(zero->as_int64(0));
  }
  if (scales.c == 0) return runtime_error("an output scale of 0").expecting("a positive number");
  return scales;
}

// To the nearest, halves to even, within T. NaN becomes T's least.
template <class T>
T saturate(float x) {
  constexpr float kShift = 12582912.f;  // 3 · 2^22: what is added to it loses its fraction
  const float bounded = std::min(std::max(x, static_cast<float>(std::numeric_limits<T>::min())),
                                 static_cast<float>(std::numeric_limits<T>::max()));
  return static_cast<T>(static_cast<int32_t>((bounded + kShift) - kShift));
}

template <class T, class F>
void walk(KernelContext& context, const F& combine) {
  constexpr int64_t kGrain = 8192;
  const Tensor &a = context.input(0), &b = context.input(3);
  Tensor& output = context.output(0);
  const BroadcastWalk<2> both(output.dims(), {&a.dims(), &b.dims()});
  context.threads().parallel_for(both.size, kGrain, [&](int64_t begin, int64_t end) {
    both.for_rows(begin, end, [&](const std::array<int64_t, 2>& offsets, int64_t at, int64_t n) {
      const T* x = a.data<T>() + offsets[0];
      const T* y = b.data<T>() + offsets[1];
      T* out = output.data<T>() + at;
      const int64_t x_step = both.inner_strides[0], y_step = both.inner_strides[1];
      if (x_step == 1 && y_step == 1) {
        THANE_INDEPENDENT
        for (int64_t i = 0; i < n; ++i) out[i] = saturate<T>(combine(x[i], y[i]));
      } else {
        for (int64_t i = 0; i < n; ++i) out[i] = saturate<T>(combine(x[i * x_step], y[i * y_step]));
      }
    });
  });
}

}  // namespace

Status infer_quantized_binary(InferContext& context) {
  for (const size_t i : {1, 2, 4, 5, 6, 7}) {
    const auto dims = known_dims(context, i);
    if (!dims || std::all_of(dims->begin(), dims->end(), [](int64_t d) { return d == 1; })) continue;
    return invalid_model(format("a scale or zero point of shape {}", to_string(*dims))).expecting("one element");
  }
  context.set(0, context.dtype(0));
  const SymDims *a = context.dims(0), *b = context.dims(3);
  if (!a || !b) return ok();
  const std::array<const SymDims*, 2> shapes = {a, b};
  THANE_ASSIGN(SymDims out, broadcast(shapes));
  context.set(0, context.dtype(0), std::move(out));
  return ok();
}

Status eval_quantized_add(KernelContext& context) {
  THANE_ASSIGN(const Scales s, read_scales(context));
  const float a_ratio = s.a / s.c, b_ratio = s.b / s.c;
  const float zeros = a_ratio * static_cast<float>(s.a_zero) + b_ratio * static_cast<float>(s.b_zero);
  const float fixed = static_cast<float>(s.c_zero) - zeros;
  dispatch<uint8_t, int8_t>(context.input(0).dtype(), [&]<class T>() {
    walk<T>(context,
            [=](T x, T y) { return (fixed + static_cast<float>(x) * a_ratio) + static_cast<float>(y) * b_ratio; });
  });
  return ok();
}

Status eval_quantized_mul(KernelContext& context) {
  THANE_ASSIGN(const Scales s, read_scales(context));
  const float ratio = s.a * s.b / s.c, zero = static_cast<float>(s.c_zero);
  dispatch<uint8_t, int8_t>(context.input(0).dtype(), [&]<class T>() {
    walk<T>(context, [=](T x, T y) {
      return static_cast<float>((int32_t{x} - s.a_zero) * (int32_t{y} - s.b_zero)) * ratio + zero;
    });
  });
  return ok();
}

}  // namespace thane::contrib
