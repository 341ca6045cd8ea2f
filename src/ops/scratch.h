// Working memory that a prepared kernel keeps between runs, so that a run costs no page faults.
#pragma once

#include <mutex>
#include <vector>

#include "ir/tensor.h"

namespace thane {

// Blocks of one size, one per run in progress.
class ScratchPool {
 public:
  explicit ScratchPool(int64_t floats = 0) : floats_(floats) {}

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

  int64_t floats() const { return floats_; }
  Result<Lease> take() {
    {
      const std::lock_guard lock(mutex_);
      if (!idle_.empty()) {
        auto buffer = std::move(idle_.back());
        idle_.pop_back();
        return Lease(*this, std::move(buffer));
      }
    }
    THANE_ASSIGN(auto buffer, allocate_buffer(static_cast<size_t>(floats_) * sizeof(float)));
    return Lease(*this, std::move(buffer));
  }

 private:
  void give_back(std::shared_ptr<Buffer> buffer) {
    constexpr size_t kMostIdle = 16;
    const std::lock_guard lock(mutex_);
    if (idle_.size() < kMostIdle) idle_.push_back(std::move(buffer));
  }

  int64_t floats_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<Buffer>> idle_;
};

}  // namespace thane
