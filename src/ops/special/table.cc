// Special functions of one to three tensors; domain kThane.
#include <cmath>

#include "ops/broadcast.h"
#include "ops/convert.h"
#include "ops/families.h"
#include "ops/infer_shapes.h"
#include "ops/special/special.h"

namespace thane {
namespace {

constexpr DTypeMask kTypes = kFloats;

// output = f(inputs), broadcast, through float64.
template <size_t K, auto kFunction>
Status eval_function(KernelContext& context) {
  std::array<Tensor, K> inputs;
  std::array<const Dims*, K> dims;
  for (size_t k = 0; k < K; ++k) {
    THANE_ASSIGN(inputs[k], converted(context.input(k), DType::kFloat64, context.threads()));
    dims[k] = &inputs[k].dims();
  }
  Tensor& out = context.output(0);
  THANE_ASSIGN(const Tensor wide, out.dtype() == DType::kFloat64 ? Result<Tensor>(Tensor(out))
                                                                 : Tensor::allocate(DType::kFloat64, out.dims()));
  const BroadcastWalk<K> walk(out.dims(), dims);
  constexpr int64_t kGrain = 1024;
  context.threads().parallel_for(wide.size(), kGrain, [&](int64_t begin, int64_t end) {
    walk.for_rows(begin, end, [&](const std::array<int64_t, K>& offsets, int64_t at, int64_t n) {
      for (int64_t i = 0; i < n; ++i) {
        std::array<double, K> x;
        for (size_t k = 0; k < K; ++k) x[k] = inputs[k].template data<double>()[offsets[k] + i * walk.inner_strides[k]];
        wide.data<double>()[at + i] = std::apply(kFunction, x);
      }
    });
  });
  if (wide.raw() != out.raw()) convert_tensor(wide, out, context.threads());
  return ok();
}

// The C library's, as plain functions.
double expm1(double x) { return std::expm1(x); }
double log1p(double x) { return std::log1p(x); }
double erfc(double x) { return std::erfc(x); }
double atan2(double y, double x) { return std::atan2(y, x); }
double bessel_i0(double x) { return std::cyl_bessel_i(0.0, std::fabs(x)); }
double bessel_i1(double x) { return std::copysign(std::cyl_bessel_i(1.0, std::fabs(x)), x); }
double bessel_j0(double x) { return ::j0(x); }
double bessel_j1(double x) { return ::j1(x); }
double bessel_y0(double x) { return ::y0(x); }
double bessel_y1(double x) { return ::y1(x); }

// In the dtype itself: its neighbour, not float64's.
Status eval_next_after(KernelContext& context) {
  const Tensor &a = context.input(0), &b = context.input(1), &out = context.output(0);
  const BroadcastWalk<2> walk(out.dims(), {&a.dims(), &b.dims()});
  dispatch<float, double>(out.dtype(), [&]<class T>() {
    walk.for_rows(0, out.size(), [&](const std::array<int64_t, 2>& offsets, int64_t at, int64_t n) {
      for (int64_t i = 0; i < n; ++i) {
        out.data<T>()[at + i] = std::nextafter(a.data<T>()[offsets[0] + i * walk.inner_strides[0]],
                                               b.data<T>()[offsets[1] + i * walk.inner_strides[1]]);
      }
    });
  });
  return ok();
}

constexpr Param kInputs[] = {{.name = "x", .types = kTypes, .variable = 'T'},
                             {.name = "y", .types = kTypes, .variable = 'T'},
                             {.name = "z", .types = kTypes, .variable = 'T'}};
constexpr Param kPrecise[] = {{.name = "x", .types = mask_of(DType::kFloat32, DType::kFloat64), .variable = 'T'},
                              {.name = "y", .types = mask_of(DType::kFloat32, DType::kFloat64), .variable = 'T'}};
constexpr Param kOutput[] = {{.name = "result", .types = kTypes, .variable = 'T'}};

template <int kInputsCount>
constexpr OpDef function(std::string_view name, Status (*eval)(KernelContext&)) {
  return {.name = name,
          .domain = Domain::kThane,
          .inputs = std::span(kInputs).first(kInputsCount),
          .min_inputs = kInputsCount,
          .outputs = kOutput,
          .infer = infer_broadcast,
          .eval = eval,
          .flags = kElementwise};
}
constexpr OpDef next_after() {
  OpDef row = function<2>("NextAfter", eval_next_after);
  row.inputs = kPrecise;
  return row;
}

constexpr OpDef kOps[] = {
    function<2>("Atan2", eval_function<2, atan2>),
    function<1>("I0", eval_function<1, bessel_i0>),
    function<1>("I0e", eval_function<1, special::bessel_i0e>),
    function<1>("I1", eval_function<1, bessel_i1>),
    function<1>("I1e", eval_function<1, special::bessel_i1e>),
    function<1>("BesselJ0", eval_function<1, bessel_j0>),
    function<1>("BesselJ1", eval_function<1, bessel_j1>),
    function<1>("BesselY0", eval_function<1, bessel_y0>),
    function<1>("BesselY1", eval_function<1, bessel_y1>),
    function<3>("Betainc", eval_function<3, special::betainc>),
    function<1>("Digamma", eval_function<1, special::digamma>),
    function<1>("Erfc", eval_function<1, erfc>),
    function<1>("ErfInv", eval_function<1, special::erfinv>),
    function<1>("Expm1", eval_function<1, expm1>),
    function<2>("Igamma", eval_function<2, special::igamma>),
    function<2>("Igammac", eval_function<2, special::igammac>),
    function<1>("Lgamma", eval_function<1, special::lgamma>),
    function<1>("Log1p", eval_function<1, log1p>),
    function<1>("NdtrI", eval_function<1, special::ndtri>),
    next_after(),
    function<2>("Polygamma", eval_function<2, special::polygamma>),
    function<2>("Zeta", eval_function<2, special::zeta>),
};

}  // namespace

std::span<const OpDef> special_ops() { return kOps; }

}  // namespace thane
