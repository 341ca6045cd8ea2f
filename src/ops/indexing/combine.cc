// The reductions of scattering, one element at a time.
#include <cmath>

#include "kernels/copy.h"
#include "ops/indexing/indexing.h"

namespace thane {
namespace {

// Integers wrap around; 16-bit floats compute in float. NaN wins over any number, as in NumPy.
template <class T, Reduction kReduction>
T reduce(T a, T b) {
  if constexpr (kReduction == Reduction::kMin || kReduction == Reduction::kMax) {
    if constexpr (!std::is_integral_v<T>) {
      if (std::isnan(static_cast<double>(a))) return a;
      if (std::isnan(static_cast<double>(b))) return b;
    }
    return (kReduction == Reduction::kMin ? b < a : a < b) ? b : a;
  } else if constexpr (std::is_same_v<T, bool>) {
    return kReduction == Reduction::kAdd ? (a || b) : (a && b);
  } else if constexpr (std::is_integral_v<T>) {
    const auto x = static_cast<uint64_t>(a), y = static_cast<uint64_t>(b);
    return static_cast<T>(kReduction == Reduction::kAdd ? x + y : x * y);
  } else if constexpr (std::is_same_v<T, double>) {
    return kReduction == Reduction::kAdd ? a + b : a * b;
  } else {
    const float x = a, y = b;
    return T(kReduction == Reduction::kAdd ? x + y : x * y);
  }
}

template <class T, Reduction kReduction>
void combine(void* into, const void* value) {
  T& target = *static_cast<T*>(into);
  target = reduce<T, kReduction>(target, *static_cast<const T*>(value));
}

template <class T>
void replace(void* into, const void* value) {
  *static_cast<T*>(into) = *static_cast<const T*>(value);
}

}  // namespace

Combine combiner(DType dtype, Reduction reduction) {
  Combine found = nullptr;
  if (reduction == Reduction::kNone) {
    dispatch_by_size(dtype, [&]<class T>() { found = &replace<T>; });
    return found;
  }
  const auto choose = [&]<class T>() {
    constexpr Combine kTable[] = {nullptr, &combine<T, Reduction::kAdd>, &combine<T, Reduction::kMul>,
                                  &combine<T, Reduction::kMin>, &combine<T, Reduction::kMax>};
    found = kTable[static_cast<size_t>(reduction)];
  };
  if (!dispatch_numeric(dtype, choose)) dispatch<bool>(dtype, choose);
  return found;
}

}  // namespace thane
