#include "formats/containers/strided.h"

#include <algorithm>
#include <cstring>

#include "base/checked.h"
#include "base/format.h"

namespace thane {
namespace {

constexpr int64_t kFreeResultBytes = int64_t{64} << 20;

// Copies in row-major order; the innermost axis is a plain loop.
template <class T>
void gather(const StridedTensor& from, const T* source, T* to) {
  const size_t rank = from.shape.size();
  const int64_t inner = rank == 0 ? 1 : from.shape[rank - 1], step = rank == 0 ? 0 : from.strides[rank - 1];
  Dims index(rank, 0);
  int64_t at = from.offset;
  for (int64_t done = 0, total = from.size(); done < total; done += inner) {
    for (int64_t i = 0; i < inner; ++i) *to++ = source[at + i * step];
    for (size_t axis = rank < 2 ? 0 : rank - 1; axis-- > 0;) {
      at += from.strides[axis];
      if (++index[axis] < from.shape[axis]) break;
      at -= from.strides[axis] * from.shape[axis];
      index[axis] = 0;
    }
  }
}

}  // namespace

int64_t StridedTensor::size() const { return checked_product(shape).value_or(0); }

bool StridedTensor::contiguous() const {
  int64_t expected = 1;
  for (size_t axis = shape.size(); axis-- > 0;) {
    if (shape[axis] == 0) return true;
    if (shape[axis] != 1 && strides[axis] != expected) return false;
    expected *= shape[axis];
  }
  return true;
}

Status StridedTensor::check() const {
  const auto count = checked_product(shape);
  if (!count || shape.size() != strides.size() || offset < 0) {
    return invalid_model(format("a tensor of shape {} and strides {}", to_string(shape), to_string(strides)));
  }
  if (!storage) return ok();
  int64_t last = offset;
  for (size_t axis = 0; axis < shape.size(); ++axis) {
    if (strides[axis] < 0) return invalid_model("a tensor with a negative stride");
    const auto reach = checked_mul(std::max<int64_t>(shape[axis] - 1, 0), strides[axis]);
    const auto sum = reach ? checked_add(last, *reach) : std::nullopt;
    if (!sum) return invalid_model(format("a tensor of strides {}", to_string(strides)));
    last = *sum;
  }
  if (*count > 0 && last >= storage->count) {
    return invalid_model(
        format("a tensor of shape {}, strides {} and offset {} reaches beyond its storage of {} elements",
               to_string(shape), to_string(strides), offset, storage->count));
  }
  return ok();
}

Result<Tensor> StridedTensor::dense() const {
  THANE_TRY(check());
  if (dtype == DType::kUndefined) return unsupported(format("a tensor of type {}", type_name));
  const size_t width = dtype_size(dtype);
  if (size() == 0) return Tensor::allocate(dtype, shape);
  if (!storage || !storage->bytes) return unsupported("the file has a tensor's shape but not its contents");
  const auto from = checked_mul(offset, static_cast<int64_t>(width));
  const size_t there = storage->bytes->size_bytes();
  if (!from || storage->element_bytes != width || static_cast<size_t>(storage->count) > there / width) {
    return invalid_model(format("a tensor of type {} over a storage of type {}", type_name, storage->type));
  }
  if (contiguous()) return Tensor::view(dtype, shape, storage->bytes, static_cast<size_t>(*from));
  const auto bytes = byte_count(dtype, size());
  const int64_t most = std::max(kFreeResultBytes, static_cast<int64_t>(there));
  if (!bytes || *bytes > static_cast<size_t>(most)) {
    return resource_limit(format("a tensor of shape {} over a storage of {} bytes", to_string(shape), there));
  }
  THANE_ASSIGN(Tensor tensor, Tensor::allocate(dtype, shape));
  // Storages in files may be unaligned: elements are moved as bytes.
  const auto move = [&]<size_t N>() {
    struct Element {
      std::byte bytes[N];
    };
    gather(*this, reinterpret_cast<const Element*>(storage->bytes->data()), reinterpret_cast<Element*>(tensor.raw()));
  };
  switch (width) {
    case 1: move.operator()<1>(); break;
    case 2: move.operator()<2>(); break;
    case 4: move.operator()<4>(); break;
    case 8: move.operator()<8>(); break;
    default: move.operator()<16>(); break;
  }
  return tensor;
}

}  // namespace thane
