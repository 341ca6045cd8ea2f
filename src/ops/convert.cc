#include "ops/convert.h"

#include <cstring>
#include <limits>

#include "ops/float_to_int.h"

namespace thane {
namespace {

template <class T>
inline constexpr bool kIsInteger = std::is_integral_v<T> || std::is_same_v<T, Int4> || std::is_same_v<T, UInt4> ||
                                   std::is_same_v<T, Int2> || std::is_same_v<T, UInt2>;

// The type that a conversion goes through: holds every value, and converts to others at least cost.
template <class T>
using Via = std::conditional_t<
    std::is_same_v<T, double>, double,
    std::conditional_t<std::is_same_v<T, uint64_t>, uint64_t,
                       std::conditional_t<std::is_same_v<T, int64_t> || std::is_same_v<T, uint32_t>, int64_t,
                                          std::conditional_t<kIsInteger<T>, int32_t, float>>>>;
// wide_dtype() as a C++ type.
template <class T>
using Wide = std::conditional_t<std::is_same_v<Via<T>, int32_t>, int64_t, Via<T>>;

template <class F>
bool dispatch_convertible(DType dtype, F&& f) {
  return dispatch<float, double, Half, BFloat16, int64_t, int32_t, uint8_t, int8_t, uint16_t, int16_t, uint32_t,
                  uint64_t, bool, Float8E4M3FN, Float8E4M3FNUZ, Float8E5M2, Float8E5M2FNUZ, Float8E8M0, Float4E2M1,
                  UInt4, Int4, UInt2, Int2>(dtype, f);
}

template <class From>
Via<From> widen(const From& value) {
  if constexpr (std::is_same_v<From, bool>)
    return reinterpret_cast<const uint8_t&>(value) != 0;
  else
    return static_cast<Via<From>>(value);
}

template <class To, class From>
To narrow(From value, CastRules rules) {
  if constexpr (std::is_same_v<To, bool>) {
    return value != From{0};
  } else if constexpr (std::is_integral_v<To>) {
    if constexpr (std::is_floating_point_v<From>)
      return float_to_int<To>(value);
    else
      return static_cast<To>(value);
  } else if constexpr (kIsInteger<To>) {
    if constexpr (std::is_floating_point_v<From>)
      return To(int64_t{float_to_int<int32_t>(value)});
    else
      return To(static_cast<int64_t>(value));
  } else if constexpr (std::is_same_v<To, Float8E8M0>) {
    To out;
    out.bits = float_to_e8m0(static_cast<float>(value), rules.rounding, rules.saturate);
    return out;
  } else if constexpr (std::is_same_v<To, float> || std::is_same_v<To, double>) {
    return static_cast<To>(value);
  } else if constexpr (std::is_same_v<To, Half> || std::is_same_v<To, BFloat16>) {
    return To(value);
  } else {
    return To(static_cast<float>(value), rules.saturate);
  }
}

void widen_run(DType from, const void* source, void* via, int64_t n) {
  dispatch_convertible(from, [&]<class From>() {
    const From* in = static_cast<const From*>(source);
    auto* out = static_cast<Via<From>*>(via);
    for (int64_t i = 0; i < n; ++i) out[i] = widen(in[i]);
  });
}

void narrow_run(DType via, const void* source, DType to, void* target, int64_t n, CastRules rules) {
  dispatch<float, double, int32_t, int64_t, uint64_t>(via, [&]<class From>() {
    dispatch_convertible(to, [&]<class To>() {
      const From* in = static_cast<const From*>(source);
      To* out = static_cast<To*>(target);
      for (int64_t i = 0; i < n; ++i) out[i] = narrow<To>(in[i], rules);
    });
  });
}

DType via_dtype(DType dtype) {
  DType via = DType::kUndefined;
  dispatch_convertible(dtype, [&]<class T>() { via = kDTypeOf<Via<T>>; });
  return via;
}

}  // namespace

DType wide_dtype(DType dtype) {
  DType wide = DType::kUndefined;
  dispatch_convertible(dtype, [&]<class T>() { wide = kDTypeOf<Wide<T>>; });
  return wide;
}

void convert_elements(DType from, const void* source, DType to, void* target, int64_t n, CastRules rules) {
  if (n <= 0) return;
  if (from == to) {
    std::memmove(target, source, static_cast<size_t>(n) * dtype_size(from));
    return;
  }
  const DType via = via_dtype(from);
  if (via == from) return narrow_run(via, source, to, target, n, rules);
  if (via == to) return widen_run(from, source, target, n);
  alignas(64) uint64_t run[kConversionRun];
  const auto* in = static_cast<const std::byte*>(source);
  auto* out = static_cast<std::byte*>(target);
  for (int64_t done = 0; done < n; done += kConversionRun) {
    const int64_t count = std::min(kConversionRun, n - done);
    widen_run(from, in + done * static_cast<int64_t>(dtype_size(from)), run, count);
    narrow_run(via, run, to, out + done * static_cast<int64_t>(dtype_size(to)), count, rules);
  }
}

void convert_tensor(const Tensor& source, const Tensor& target, ThreadPool& threads, CastRules rules) {
  constexpr int64_t kGrain = 16384;
  threads.parallel_for(source.size(), kGrain, [&](int64_t begin, int64_t end) {
    convert_elements(source.dtype(), element(source, begin), target.dtype(), mutable_element(target, begin),
                     end - begin, rules);
  });
}

Result<Tensor> converted(const Tensor& source, DType to, ThreadPool& threads) {
  if (source.dtype() == to) return source;
  THANE_ASSIGN(Tensor target, Tensor::allocate(to, source.dims()));
  convert_tensor(source, target, threads);
  return target;
}

}  // namespace thane
