// Where and Clip.
#include <limits>

#include "base/format.h"
#include "ops/broadcast.h"
#include "ops/elementwise/unary.h"
#include "ops/families.h"

namespace thane {
namespace {

// ---- Where: data movement, so by element size.

template <class T>
void select_run(const uint8_t* condition, int64_t stride_c, const T* x, int64_t stride_x, const T* y, int64_t stride_y,
                T* out, int64_t n) {
  if (!stride_c) {
    const T* from = *condition ? x : y;
    const int64_t stride = *condition ? stride_x : stride_y;
    for (int64_t i = 0; i < n; ++i) out[i] = from[i * stride];
    return;
  }
  for (int64_t i = 0; i < n; ++i) out[i] = condition[i] ? x[i * stride_x] : y[i * stride_y];
}

Status eval_where(KernelContext& context) {
  constexpr int64_t kGrain = 16384;
  const Tensor &condition = context.input(0), &x = context.input(1), &y = context.input(2);
  Tensor& out = context.output(0);
  const BroadcastWalk<3> walk(out.dims(), {&condition.dims(), &x.dims(), &y.dims()});
  const auto& strides = walk.inner_strides;
  dispatch_by_size(out.dtype(), [&]<class T>() {
    context.threads().parallel_for(out.size(), kGrain, [&](int64_t begin, int64_t end) {
      walk.for_rows(begin, end, [&](const std::array<int64_t, 3>& offsets, int64_t at, int64_t n) {
        select_run(condition.data<uint8_t>() + offsets[0], strides[0], x.data<T>() + offsets[1], strides[1],
                   y.data<T>() + offsets[2], strides[2], out.data<T>() + at, n);
      });
    });
  });
  return ok();
}

Status infer_where(InferContext& context) {
  THANE_TRY(infer_broadcast(context, context.dtype(1)));
  // Exporters choose between dimensions with it (where(shape == -1, 1, shape)): follow a choice that is known.
  const auto chosen = context.ints(0);
  const auto x = context.dim_values(1), y = context.dim_values(2);
  if (!chosen || !x || !y || !context.dims(1) || !context.dims(2)) return ok();
  if (!(mask_of(context.dtype(1)) & kIndexInts) || context.dims(1)->size() > 1 || context.dims(2)->size() > 1)
    return ok();
  const size_t n = chosen->size() != 1 ? chosen->size() : x->size() != 1 ? x->size() : y->size();
  const auto at = [](const auto& list, size_t i) { return list[list.size() == 1 ? 0 : i]; };
  DimValues values(n);
  for (size_t i = 0; i < n; ++i) values[i] = at(*chosen, i) ? at(*x, i) : at(*y, i);
  context.set_dim_values(0, std::move(values));
  return ok();
}

// ---- Clip: min and max arrive as values.

template <class T>
struct Bounds {
  T low = std::numeric_limits<T>::lowest();
  T high = std::numeric_limits<T>::max();
  // NaN stays NaN; low above high gives high.
  T operator()(T x) const {
    const T raised = x < low ? low : x;
    return raised > high ? high : raised;
  }
};

// Absent bounds are the lowest and highest finite value of the data's own dtype, as the specification says.
template <class T>
Bounds<T> bounds(const KernelContext& context) {
  Bounds<T> out;
  if (context.input(0).dtype() == DType::kFloat16) out = {T(-65504), T(65504)};
  if (context.input(0).dtype() == DType::kBFloat16) out = {T(-0x1.FEp127f), T(0x1.FEp127f)};
  const auto read = [&](size_t i, T& bound) {
    if (!context.has_input(i)) return;
    const Tensor& value = context.input(i);
    convert_elements(value.dtype(), value.raw(), kDTypeOf<T>, &bound, 1);
  };
  read(1, out.low);
  read(2, out.high);
  return out;
}

struct FloatBounds {
  Bounds<float> f32;
  Bounds<double> f64;
  float operator()(float x) const { return f32(x); }
  double operator()(double x) const { return f64(x); }
};

Status eval_clip(KernelContext& context) {
  const Tensor& in = context.input(0);
  Tensor& out = context.output(0);
  const bool integer = dispatch_ints(in.dtype(), [&]<class T>() {
    const Bounds<T> op = bounds<T>(context);
    context.threads().parallel_for(in.size(), kArithmeticGrain, [&](int64_t begin, int64_t end) {
      map_run<Bounds<T>, T>(&op, in.data<T>() + begin, out.data<T>() + begin, end - begin);
    });
  });
  if (integer) return ok();
  const FloatBounds op{bounds<float>(context), bounds<double>(context)};
  map_floats(context, {&op, &map_run<FloatBounds, float>, &map_run<FloatBounds, double>}, kArithmeticGrain);
  return ok();
}

Status infer_clip(InferContext& context) {
  for (size_t i = 1; i < context.num_inputs(); ++i) {
    if (!context.has_input(i) || !context.dims(i)) continue;
    const Dim count = count_of(*context.dims(i));
    if (count.is_number() && !count.is_number(1)) {
      return invalid_model(format("{} has the shape {}", i == 1 ? "min" : "max", to_string(*context.dims(i))))
          .expecting("a scalar");
    }
  }
  return infer_same(context);
}

// Bounds that are constants, as ONNX combines them: the high one wins.
std::optional<MapSpec> find_clip(const KernelQuery& query) {
  MapSpec spec{MapOp::kClip, -__builtin_inff(), __builtin_inff()};
  float* const bounds[] = {&spec.alpha, &spec.beta};
  for (size_t i = 1; i < query.inputs.size(); ++i) {
    if (!query.inputs[i]) continue;
    if (!query.constants[i] || query.constants[i]->size() != 1) return std::nullopt;
    *bounds[i - 1] = static_cast<float>(query.constants[i]->as_double(0));
  }
  return spec;
}

constexpr Param kWhereIn[] = {{.name = "condition", .types = kBoolOnly},
                              {.name = "X", .types = kAnyTensor, .variable = 'T'},
                              {.name = "Y", .types = kAnyTensor, .variable = 'T'}};
constexpr Param kWhereOut[] = {{.name = "output", .types = kAnyTensor, .variable = 'T'}};
constexpr Param kClipIn[] = {{.name = "input", .types = kNumeric, .variable = 'T'},
                             {.name = "min", .types = kNumeric, .variable = 'T', .optional = true},
                             {.name = "max", .types = kNumeric, .variable = 'T', .optional = true}};

constexpr OpDef kSelectOps[] = {
    {.name = "Clip",
     .inputs = kClipIn,
     .min_inputs = 1,
     .outputs = kNumericOut,
     .infer = infer_clip,
     .eval = eval_clip,
     .kernels = kMapKernels<find_clip>,
     .flags = kElementwise | kInPlace},
    {.name = "Where",
     .inputs = kWhereIn,
     .min_inputs = 3,
     .outputs = kWhereOut,
     .infer = infer_where,
     .eval = eval_where,
     .flags = kElementwise},
};

}  // namespace

std::span<const OpDef> select_ops() { return kSelectOps; }

}  // namespace thane
