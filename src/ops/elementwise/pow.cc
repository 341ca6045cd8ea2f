#include "ops/elementwise/pow.h"

#include <cmath>

#include "ops/broadcast.h"
#include "ops/elementwise/binary.h"
#include "ops/float_to_int.h"

namespace thane {
namespace {

// Exact, wrapping around. Negative exponents truncate the true result towards zero; a zero base gives zero.
int64_t integer_power(int64_t base, int64_t exponent) {
  if (exponent < 0) return base == 1 ? 1 : base == -1 ? (exponent % 2 ? -1 : 1) : 0;
  uint64_t result = 1;
  for (uint64_t square = static_cast<uint64_t>(base); exponent; exponent >>= 1, square *= square) {
    if (exponent & 1) result *= square;
  }
  return static_cast<int64_t>(result);
}

struct Power {
  template <class T>
  static T apply(T base, T exponent) {
    if constexpr (std::is_integral_v<T>)
      return integer_power(base, exponent);
    else if (exponent == T{2})
      return base * base;
    else
      return std::pow(base, exponent);
  }
};

constexpr BinaryRuns power_runs() {
  BinaryRuns runs{};
  add_runs<Power, float, double, int64_t>(runs);
  return runs;
}
constexpr BinaryRuns kPower = power_runs();

// Both operands in the type that the power is computed in. float32 with integer exponents stays in float32 as long as
// they are exact there; the exponent of an int base decides between exact and floating-point powers.
DType compute_dtype(DType base, DType exponent) {
  const bool int_base = mask_of(base) & kInts, int_exponent = mask_of(exponent) & kInts;
  if (int_base) return int_exponent ? DType::kInt64 : DType::kFloat64;
  if (base == DType::kFloat64 || exponent == DType::kFloat64) return DType::kFloat64;
  return int_exponent && dtype_size(exponent) > 2 ? DType::kFloat64 : DType::kFloat32;
}

}  // namespace

Status infer_pow(InferContext& context) { return infer_broadcast(context); }

Status eval_pow(KernelContext& context) {
  const Tensor &base = context.input(0), &exponent = context.input(1);
  Tensor& out = context.output(0);
  ThreadPool& threads = context.threads();
  const DType dtype = compute_dtype(base.dtype(), exponent.dtype());
  THANE_ASSIGN(const Tensor x, converted(base, dtype, threads));
  THANE_ASSIGN(const Tensor y, converted(exponent, dtype, threads));
  if (dtype == out.dtype()) return run_binary(kPower, x, y, out, threads), ok();
  THANE_ASSIGN(const Tensor z, Tensor::allocate(dtype, out.dims()));
  run_binary(kPower, x, y, z, threads);
  convert_tensor(z, out, threads);
  return ok();
}

}  // namespace thane
