// Working memory that a prepared kernel keeps between runs, so that a run costs no page faults.
#pragma once

#include <mutex>
#include <vector>

#include "ir/tensor.h"

namespace thane {

// Blocks of one size, one per run in progress. The size may grow.
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
  Result<Lease> take(int64_t at_least = 0) {
    size_t bytes = 0;
    {
      const std::lock_guard lock(mutex_);
      if (floats_ < at_least) {
        floats_ = at_least;
        idle_.clear();
      }
      bytes = block_bytes();
      if (!idle_.empty()) {
        auto buffer = std::move(idle_.back());
        idle_.pop_back();
        return Lease(*this, std::move(buffer));
      }
    }
    THANE_ASSIGN(auto buffer, allocate_buffer(bytes));
    return Lease(*this, std::move(buffer));
  }

 private:
  void give_back(std::shared_ptr<Buffer> buffer) {
    constexpr size_t kMostIdle = 16;
    const std::lock_guard lock(mutex_);
    if (idle_.size() < kMostIdle && buffer->size_bytes() >= block_bytes()) idle_.push_back(std::move(buffer));
  }
  size_t block_bytes() const { return static_cast<size_t>(floats_) * sizeof(float); }

  int64_t floats_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<Buffer>> idle_;
};

}  // namespace thane
