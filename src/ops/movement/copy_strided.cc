#include "ops/movement/movement.h"

namespace thane {

void copy_strided(const Tensor& input, const Dims& strides, int64_t offset, Tensor& output) {
  if (output.size() == 0) return;
  const Dims& dims = output.dims();
  const size_t rank = dims.size();
  const int64_t inner = rank ? dims[rank - 1] : 1;
  const int64_t inner_stride = rank ? strides[rank - 1] : 0;
  dispatch_by_size(output.dtype(), [&]<class T>() {
    T* out = output.data<T>();
    const T* in = input.data<T>() + offset;
    Dims index(rank, 0);
    for (int64_t written = 0; written < output.size(); written += inner) {
      for (int64_t i = 0; i < inner; ++i) out[written + i] = in[i * inner_stride];
      for (size_t axis = rank ? rank - 1 : 0; axis-- > 0;) {
        in += strides[axis];
        if (++index[axis] < dims[axis]) break;
        in -= strides[axis] * dims[axis];
        index[axis] = 0;
      }
    }
  });
}

}  // namespace thane
