// Checking indices met at run time.
#include "base/format.h"
#include "ops/indexing/indexing.h"

namespace thane {
namespace {

Error out_of_range(int64_t index, int64_t size) {
  return runtime_error(format("index {} is out of range", index))
      .expecting(size > 0 ? format("{} to {}", -size, size - 1) : "no index at all, the axis is empty");
}

}  // namespace

Result<Dims> checked_indices(const Tensor& indices, int64_t size) {
  Dims out(static_cast<size_t>(indices.size()));
  std::optional<int64_t> bad;
  dispatch<int32_t, int64_t>(indices.dtype(), [&]<class T>() {
    const T* in = indices.data<T>();
    for (size_t i = 0; i < out.size(); ++i) {
      const int64_t index = in[i];
      if (index < -size || index >= size) bad = index;
      out[i] = index < 0 ? index + size : index;
    }
  });
  if (bad) return out_of_range(*bad, size);
  return out;
}

Result<Dims> tuple_offsets(const Tensor& indices, const Dims& dims, size_t batch_dims) {
  const auto tuple = static_cast<size_t>(indices.dims().back());
  const Dims strides = row_major_strides(dims);
  int64_t tuples = 1, per_batch = 1;
  for (size_t i = 0; i + 1 < indices.rank(); ++i) {
    tuples *= indices.dim(i);
    if (i >= batch_dims) per_batch *= indices.dim(i);
  }
  const int64_t batch_stride = batch_dims ? strides[batch_dims - 1] : 0;
  Dims offsets(static_cast<size_t>(tuples));
  const int64_t* in = indices.data<int64_t>();
  for (int64_t t = 0; t < tuples; ++t) {
    int64_t offset = t / per_batch * batch_stride;
    for (size_t k = 0; k < tuple; ++k) {
      const int64_t size = dims[batch_dims + k];
      const int64_t index = *in++;
      if (index < -size || index >= size) return out_of_range(index, size);
      offset += (index < 0 ? index + size : index) * strides[batch_dims + k];
    }
    offsets[static_cast<size_t>(t)] = offset;
  }
  return offsets;
}

}  // namespace thane
