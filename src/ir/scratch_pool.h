// Working memory of kernels, kept between runs, so that a run costs no page faults.
#pragma once

#include <algorithm>
#include <mutex>
#include <vector>

#include "ir/tensor.h"

namespace thane {

// Blocks that the kernels of a session share: each takes one for as long as it runs, or one per thread. So there are as
// many as are in use at a time, and not as many as there are kernels; and what the last kernel used is still in the
// cache.
class ScratchPool {
 public:
  class Lease {
   public:
    Lease(ScratchPool& pool, std::shared_ptr<Buffer> buffer) : pool_(&pool), buffer_(std::move(buffer)) {}
    Lease(Lease&&) noexcept = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (buffer_) pool_->give_back(std::move(buffer_));
    }
    float* data() const { return reinterpret_cast<float*>(buffer_->data()); }

   private:
    ScratchPool* pool_;
    std::shared_ptr<Buffer> buffer_;
  };

  // At least so many floats, of any value. The pool outlives the lease.
  Result<Lease> take(int64_t floats) {
    const size_t bytes = static_cast<size_t>(floats) * sizeof(float);
    std::shared_ptr<Buffer> outgrown;
    {
      const std::lock_guard lock(mutex_);
      const auto fits =
          std::find_if(idle_.begin(), idle_.end(), [&](const auto& b) { return b->size_bytes() >= bytes; });
      if (fits != idle_.end()) {
        Lease lease(*this, std::move(*fits));
        idle_.erase(fits);
        return lease;
      }
      if (!idle_.empty()) {  // the largest makes way for a larger one
        outgrown = std::move(idle_.back());
        idle_.pop_back();
      }
    }
    outgrown.reset();
    THANE_ASSIGN(auto buffer, allocate_buffer(bytes));
    return Lease(*this, std::move(buffer));
  }

 private:
  void give_back(std::shared_ptr<Buffer> buffer) {
    constexpr size_t kMostIdle = 64;
    const std::lock_guard lock(mutex_);
    if (idle_.size() == kMostIdle) return;
    const auto larger = [&](const auto& other) { return other->size_bytes() >= buffer->size_bytes(); };
    idle_.insert(std::find_if(idle_.begin(), idle_.end(), larger), std::move(buffer));
  }

  std::mutex mutex_;
  std::vector<std::shared_ptr<Buffer>> idle_;  // by size
};

}  // namespace thane
