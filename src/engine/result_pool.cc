#include "engine/result_pool.h"

namespace thane {
namespace {

constexpr size_t kLeastBytes = 64 << 10;  // below this the heap is as fast
constexpr size_t kMostIdle = 8;

}  // namespace

Result<Tensor> ResultPool::allocate(DType dtype, const Dims& dims) {
  const auto bytes = byte_count(dtype, dims);
  if (dtype == DType::kString || !bytes) return Tensor::allocate(dtype, dims);
  if (*bytes < kLeastBytes) {
    THANE_ASSIGN(std::shared_ptr<Buffer> fresh, allocate_buffer(*bytes));
    return Tensor::view(dtype, dims, std::move(fresh));
  }
  std::shared_ptr<Buffer> buffer;
  {
    const std::lock_guard lock(mutex_);
    for (auto entry = idle_.begin(); entry != idle_.end(); ++entry) {
      if ((*entry)->size_bytes() != *bytes) continue;
      buffer = std::move(*entry);
      idle_.erase(entry);
      break;
    }
  }
  if (!buffer) {
    THANE_ASSIGN(buffer, allocate_buffer(*bytes));
  }
  Buffer* const raw = buffer.get();
  std::shared_ptr<Buffer> lent(raw, [pool = weak_from_this(), buffer = std::move(buffer)](Buffer*) mutable {
    if (const auto owner = pool.lock()) owner->give_back(std::move(buffer));
  });
  return Tensor::view(dtype, dims, std::move(lent));
}

void ResultPool::give_back(std::shared_ptr<Buffer> buffer) {
  const std::lock_guard lock(mutex_);
  if (idle_.size() < kMostIdle) idle_.push_back(std::move(buffer));
}

}  // namespace thane
