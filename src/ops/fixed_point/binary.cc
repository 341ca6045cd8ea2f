// Arithmetic on two quantized operands.
#include <array>
#include <functional>

#include "base/format.h"
#include "ops/broadcast.h"
#include "ops/fixed_point/fixed_point.h"
#include "ops/infer_shapes.h"

namespace thane {
namespace {

int64_t shifted(int64_t x, int64_t bits) { return x * (int64_t{1} << bits); }

// One element, without the result's zero point.
int64_t combine(const FixedBinaryAttrs& f, int64_t a, int64_t b) {
  const auto narrow = [](int64_t x) { return static_cast<int32_t>(x); };
  switch (f.kind) {
    case FixedKind::kMul: return f.y.times(narrow(a * b));
    case FixedKind::kPRelu: return a >= 0 ? f.a.times(narrow(a)) : f.b.times(narrow(a * b));
    default: break;
  }
  // Both on a common scale with room below the point.
  const int32_t x = f.a.times(narrow(shifted(a, f.headroom))), y = f.b.times(narrow(shifted(b, f.headroom)));
  switch (f.kind) {
    case FixedKind::kAdd: return f.y.times(narrow(int64_t{x} + y));
    case FixedKind::kSub: return f.y.times(narrow(int64_t{x} - y));
    default: return f.y.times(narrow((int64_t{x} - y) * (int64_t{x} - y)));
  }
}

// What one operand of a sum contributes, for each of its 256 values, by the bits of the byte.
template <class T>
std::array<int32_t, 256> contributions(const FixedMultiplier& factor, int64_t zero, int64_t headroom) {
  std::array<int32_t, 256> table;
  for (int i = 0; i < 256; ++i) {
    table[static_cast<size_t>(i)] =
        factor.times(static_cast<int32_t>(shifted(int64_t{static_cast<T>(i)} - zero, headroom)));
  }
  return table;
}

}  // namespace

Status FixedBinaryAttrs::prepare() {
  if (!(a_scale > 0) || !(b_scale > 0) || !(y_scale > 0)) return invalid_model("a scale that is not above 0");
  if (low > high || headroom < 0 || headroom > 30) return invalid_model(format("a range of [{}, {}]", low, high));
  const double p = static_cast<double>(a_scale), q = static_cast<double>(b_scale), r = static_cast<double>(y_scale);
  if (kind == FixedKind::kMul) {
    y = FixedMultiplier::of(static_cast<double>(a_scale * b_scale / y_scale));
    return ok();
  }
  if (kind == FixedKind::kPRelu) {
    a = FixedMultiplier::of(static_cast<double>(a_scale / y_scale));
    b = FixedMultiplier::of(static_cast<double>(a_scale * b_scale / y_scale));
    return ok();
  }
  const double common = 2 * std::max(p, q);
  a = FixedMultiplier::of(p / common);
  b = FixedMultiplier::of(q / common);
  const double unit = std::ldexp(1.0, static_cast<int>(headroom));
  y = FixedMultiplier::of(kind == FixedKind::kSquaredDifference ? common * common / (unit * unit * r)
                                                                : common / (unit * r));
  return ok();
}

Status infer_fixed_binary(InferContext& context) { return infer_broadcast(context); }

Status eval_fixed_binary(KernelContext& context) {
  const auto& f = context.attrs<FixedBinaryAttrs>();
  const Tensor &a = context.input(0), &b = context.input(1), &y = context.output(0);
  const BroadcastWalk<2> walk(y.dims(), {&a.dims(), &b.dims()});
  dispatch<int8_t, uint8_t, int16_t>(a.dtype(), [&]<class A>() {
    dispatch<int8_t, uint8_t, int16_t>(b.dtype(), [&]<class B>() {
      const auto write = [&](const auto& result) {  // result(p, q): without the zero point
        constexpr int64_t kGrain = 8192;
        context.threads().parallel_for(walk.size, kGrain, [&](int64_t begin, int64_t end) {
          walk.for_rows(begin, end, [&](const auto& offsets, int64_t at, int64_t n) {
            const A* p = a.data<A>() + offsets[0];
            const B* q = b.data<B>() + offsets[1];
            A* out = y.data<A>() + at;
            const int64_t zero = f.y_zero_point, low = f.low, high = f.high;
            for (int64_t i = 0; i < n; ++i) {
              const int64_t value = result(p[i * walk.inner_strides[0]], q[i * walk.inner_strides[1]]);
              out[i] = static_cast<A>(std::clamp(value + zero, low, high));
            }
          });
        });
      };
      if constexpr (sizeof(A) == 1 && sizeof(B) == 1) {
        if (f.kind == FixedKind::kAdd || f.kind == FixedKind::kSub) {  // by tables of what operands contribute
          const auto x = contributions<A>(f.a, f.a_zero_point, f.headroom);
          auto z = contributions<B>(f.b, f.b_zero_point, f.headroom);
          if (f.kind == FixedKind::kSub) std::transform(z.begin(), z.end(), z.begin(), std::negate<>());
          return write([&, factor = f.y](A p, B q) -> int64_t {
            const int64_t sum = int64_t{x[static_cast<uint8_t>(p)]} + z[static_cast<uint8_t>(q)];
            return factor.times(static_cast<int32_t>(sum));
          });
        }
      }
      write([&](A p, B q) { return combine(f, int64_t{p} - f.a_zero_point, int64_t{q} - f.b_zero_point); });
    });
  });
  return ok();
}

}  // namespace thane
