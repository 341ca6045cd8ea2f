// Elements of every dtype as uint64 numbers of the same order, so that sorting is compiled once.
#include <bit>
#include <cmath>
#include <limits>

#include "ops/indexing/indexing.h"

namespace thane {
namespace {

constexpr uint64_t kSign = uint64_t{1} << 63;

template <class T>
uint64_t key_of(T value) {
  if constexpr (std::is_unsigned_v<T>) {
    return value;
  } else if constexpr (std::is_integral_v<T>) {
    return static_cast<uint64_t>(static_cast<int64_t>(value)) ^ kSign;
  } else {
    const double v = static_cast<double>(value);
    if (std::isnan(v)) return std::numeric_limits<uint64_t>::max();
    const auto bits = std::bit_cast<uint64_t>(v + 0.0);  // makes -0 a 0
    return bits & kSign ? ~bits : bits | kSign;
  }
}

}  // namespace

void order_keys(DType dtype, const void* base, int64_t stride, int64_t count, uint64_t* out) {
  const auto fill = [&]<class T>() {
    const T* in = static_cast<const T*>(base);
    for (int64_t i = 0; i < count; ++i) out[i] = key_of(in[i * stride]);
  };
  if (!dispatch_numeric(dtype, fill)) dispatch<bool>(dtype, fill);
}

}  // namespace thane
