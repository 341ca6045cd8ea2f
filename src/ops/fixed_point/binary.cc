// Arithmetic on two quantized operands.
#include "base/format.h"
#include "kernels/integer/sum.h"
#include "ops/broadcast.h"
#include "ops/fixed_point/fixed_point.h"
#include "ops/fixed_point/kernels.h"
#include "ops/infer_shapes.h"

namespace thane {
namespace {

int64_t shifted(int64_t x, int64_t bits) { return x * (int64_t{1} << bits); }

// One element, without the result's zero point.
template <class T>
int64_t combine(const FixedBinaryAttrs& f, int64_t a, int64_t b) {
  const auto narrow = [](int64_t x) { return static_cast<int32_t>(x); };
  if (sizeof(T) == 1 && f.sum) return (*f.sum)(narrow(a + f.a_zero_point), narrow(b + f.b_zero_point));
  if (sizeof(T) == 1 && f.product) {
    const bool scaled = f.kind == FixedKind::kPRelu && a >= 0;
    return scaled ? nearest_product(narrow(a), f.a_scale / f.y_scale) : nearest_product(narrow(a * b), *f.product);
  }
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

constexpr int64_t kGrain = 8192;

// ---- sums of bytes, many at once

bool is_byte_of(DType dtype, int64_t value) {
  return dtype == DType::kInt8 ? value >= -128 && value <= 127 : value >= 0 && value <= 255;
}

std::string refuse_sum(const KernelQuery& query) {
  const auto& f = query.node.attrs_as<FixedBinaryAttrs>();
  const DType a = query.inputs[0]->dtype, b = query.inputs[1]->dtype;
  if (f.kind != FixedKind::kAdd && f.kind != FixedKind::kSub) return "neither a sum nor a difference";
  if (!(mask_of(a) & kFixedBytes) || a != b) return "dtype is not int8 or uint8";
  if (!f.sum) return "scales are too far apart";
  if (!is_byte_of(a, f.a_zero_point) || !is_byte_of(b, f.b_zero_point)) return "a zero point beyond its dtype";
  return is_byte_of(a, f.low) && is_byte_of(a, f.high) ? "" : "a range beyond the dtype";
}

class FixedSumKernel : public PreparedKernel {
 public:
  explicit FixedSumKernel(const KernelQuery& query) : run_(integer_sum(query.isa)) {
    const auto& f = query.node.attrs_as<FixedBinaryAttrs>();
    sum_ = {.is_signed = query.inputs[0]->dtype == DType::kInt8,
            .a = f.sum->a,
            .b = f.sum->b,
            .offset = f.sum->offset,
            .shift = f.sum->shift,
            .zero = static_cast<int32_t>(f.y_zero_point),
            .low = static_cast<int32_t>(f.low),
            .high = static_cast<int32_t>(f.high)};
  }

  Status run(KernelContext& context) const override {
    const Tensor &a = context.input(0), &b = context.input(1), &y = context.output(0);
    const BroadcastWalk<2> walk(y.dims(), {&a.dims(), &b.dims()});
    const auto at = [](const Tensor& t, int64_t offset) { return static_cast<char*>(t.raw()) + offset; };
    context.threads().parallel_for(walk.size, kGrain, [&](int64_t begin, int64_t end) {
      walk.for_rows(begin, end, [&](const auto& offsets, int64_t first, int64_t n) {
        run_(sum_, n, at(a, offsets[0]), walk.inner_strides[0], at(b, offsets[1]), walk.inner_strides[1], at(y, first));
      });
    });
    return ok();
  }

 private:
  IntegerSumRun run_;
  IntegerSum sum_;
};

Result<std::unique_ptr<PreparedKernel>> prepare_sum(const KernelQuery& query) {
  return std::unique_ptr<PreparedKernel>(new FixedSumKernel(query));
}

}  // namespace

Status FixedBinaryAttrs::prepare() {
  if (!(a_scale > 0) || !(b_scale > 0) || !(y_scale > 0)) return invalid_model("a scale that is not above 0");
  if (low > high || headroom < 0 || headroom > 30) return invalid_model(format("a range of [{}, {}]", low, high));
  const double p = static_cast<double>(a_scale), q = static_cast<double>(b_scale), r = static_cast<double>(y_scale);
  if (kind == FixedKind::kMul || kind == FixedKind::kPRelu) {
    const float factor = a_scale * b_scale / y_scale;
    a = FixedMultiplier::of(static_cast<double>(a_scale / y_scale));
    b = y = FixedMultiplier::of(static_cast<double>(factor));
    if (factor >= 0x1p-16f && factor < 0x1p8f && a_scale / y_scale < 0x1p8f) product = factor;  // what XNNPACK takes
    return ok();
  }
  if (kind != FixedKind::kSquaredDifference) {
    const float sign = kind == FixedKind::kSub ? -1.0f : 1.0f;
    sum = SumFactors::of(a_scale / y_scale, sign * b_scale / y_scale, a_zero_point, b_zero_point);
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
      context.threads().parallel_for(walk.size, kGrain, [&](int64_t begin, int64_t end) {
        walk.for_rows(begin, end, [&](const auto& offsets, int64_t at, int64_t n) {
          const A* p = a.data<A>() + offsets[0];
          const B* q = b.data<B>() + offsets[1];
          A* out = y.data<A>() + at;
          for (int64_t i = 0; i < n; ++i) {
            const int64_t left = p[i * walk.inner_strides[0]] - f.a_zero_point;
            const int64_t right = q[i * walk.inner_strides[1]] - f.b_zero_point;
            out[i] = static_cast<A>(std::clamp(combine<A>(f, left, right) + f.y_zero_point, f.low, f.high));
          }
        });
      });
    });
  });
  return ok();
}

const Kernel kFixedSum = {"fixed.sum", refuse_sum, prepare_sum};

}  // namespace thane
