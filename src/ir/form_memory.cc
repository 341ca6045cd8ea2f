#include "ir/form_memory.h"

#include <algorithm>

namespace thane {

Result<Tensor> FormMemory::allocate(DType dtype, Dims dims) {
  constexpr size_t kAlignment = 64;
  const auto bytes = dtype != DType::kString ? byte_count(dtype, dims) : std::nullopt;
  if (!buffer_ && bytes && *bytes <= expected_bytes_) {
    if (auto made = allocate_buffer(expected_bytes_); made.ok()) buffer_ = std::move(*made);
  }
  if (!buffer_ || !bytes || *bytes > buffer_->size_bytes() - used_bytes_)
    return Tensor::allocate(dtype, std::move(dims));
  const size_t offset = used_bytes_;
  used_bytes_ = std::min(buffer_->size_bytes(), (offset + *bytes + kAlignment - 1) / kAlignment * kAlignment);
  return Tensor::view(dtype, std::move(dims), buffer_, offset);
}

}  // namespace thane
