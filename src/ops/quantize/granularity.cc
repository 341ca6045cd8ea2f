#include "ops/quantize/granularity.h"

#include <cstring>

#include "base/format.h"

namespace thane {
namespace {

Error wrong_scale(const Dims& x, const Dims& scale, const std::string& expected) {
  return invalid_model(format("a scale of shape {} for data of shape {}", to_string(scale), to_string(x)))
      .expecting(expected);
}

int64_t product(const Dims& dims, size_t begin, size_t end) {
  int64_t size = 1;
  for (size_t i = begin; i < end; ++i) size *= dims[i];
  return size;
}

}  // namespace

Result<Granularity> granularity(const Dims& x, const Dims& scale, int64_t axis, int64_t block_size) {
  if (block_size < 0) return invalid_model(format("block_size is {}", block_size)).expecting("0 or more");
  const int64_t size = product(x, 0, x.size());
  if (std::all_of(scale.begin(), scale.end(), [](int64_t d) { return d == 1; }) && scale.size() <= 1) {
    return Granularity{{size}, {1}};
  }
  THANE_ASSIGN(const size_t a, normalize_axis(axis, x.size()));
  const int64_t outer = product(x, 0, a), n = x[a], inner = product(x, a + 1, x.size());
  if (block_size == 0) {
    if (scale != Dims{n}) return wrong_scale(x, scale, format("[] or [{}]", n));
    return Granularity{{outer, n, inner}, {1, n, 1}};
  }
  Dims expected = x;
  expected[a] = n / block_size + (n % block_size != 0);
  if (scale != expected) return wrong_scale(x, scale, to_string(expected));
  const int64_t blocks = expected[a];
  if (n % block_size == 0) return Granularity{{outer, blocks, block_size, inner}, {outer, blocks, 1, inner}};
  return Granularity{{outer, n, inner}, {outer, n, inner}, block_size};
}

Status check_granularity(const SymDims& x, const SymDims& scale, int64_t axis, int64_t block_size) {
  if (!all_numbers(x) || !all_numbers(scale)) return ok();
  THANE_TRY(granularity(to_numbers(x), to_numbers(scale), axis, block_size));
  return ok();
}

Result<Tensor> expand_blocks(const Tensor& scales, const Granularity& granularity) {
  if (granularity.repeat == 0) return scales;
  const int64_t outer = granularity.dims[0], n = granularity.dims[1], inner = granularity.dims[2];
  const int64_t blocks = (n - 1) / granularity.repeat + 1;
  THANE_ASSIGN(Tensor out, Tensor::allocate(scales.dtype(), granularity.dims));
  const size_t bytes = static_cast<size_t>(inner) * dtype_size(scales.dtype());
  const auto* from = static_cast<const std::byte*>(scales.raw());
  auto* to = static_cast<std::byte*>(out.raw());
  for (int64_t o = 0; o < outer; ++o) {
    for (int64_t i = 0; i < n; ++i, to += bytes) {
      const auto block = static_cast<size_t>(o * blocks + i / granularity.repeat);
      if (bytes) std::memcpy(to, from + block * bytes, bytes);
    }
  }
  return out;
}

}  // namespace thane
