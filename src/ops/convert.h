// Conversion between the numeric dtypes, for Cast and for every op that computes in a wider type than it stores.
#pragma once

#include "base/threads.h"
#include "ir/tensor.h"

namespace thane {

// What Cast's attributes choose. Everything else is fixed: integers keep the low bits; floats round to nearest even;
// a float that no integer can hold becomes what x86 gives, the lowest int32 (int64 for 64-bit targets) reduced to the
// target's width.
struct CastRules {
  bool saturate = true;  // float8: the largest finite value instead of infinity or NaN
  E8M0Rounding rounding = E8M0Rounding::kUp;
};

// All dtypes but strings and complex numbers.
inline constexpr DTypeMask kConvertible = kFixedSize & ~kComplexes;

// Elements on the way through a wider type are handled in runs of at most this many, on the stack.
inline constexpr int64_t kConversionRun = 512;

// target[i] = source[i] for n elements of any two convertible dtypes. The ranges must not overlap, unless they are the
// same and so are the dtypes.
void convert_elements(DType from, const void* source, DType to, void* target, int64_t n, CastRules rules = {});

// The type that holds every value of `dtype` exactly and is computed with: float32 for float32 and narrower floats,
// else float64, uint64, or int64 (bool too).
DType wide_dtype(DType dtype);

// Same with whole tensors of equal size.
void convert_tensor(const Tensor& source, const Tensor& target, ThreadPool& threads, CastRules rules = {});
// A tensor of dtype `to`: the source itself when it has it already, else fresh memory.
Result<Tensor> converted(const Tensor& source, DType to, ThreadPool& threads);

inline const std::byte* element(const Tensor& tensor, int64_t index) {
  return static_cast<const std::byte*>(tensor.raw()) + index * static_cast<int64_t>(dtype_size(tensor.dtype()));
}
inline std::byte* mutable_element(const Tensor& tensor, int64_t index) {
  return static_cast<std::byte*>(tensor.raw()) + index * static_cast<int64_t>(dtype_size(tensor.dtype()));
}

}  // namespace thane
