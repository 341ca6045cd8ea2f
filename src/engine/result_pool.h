// Memory for outputs, used again once the caller has let go of them: fresh pages for every run would cost more than
// many a model takes.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "ir/tensor.h"

namespace thane {

// Shared by the runs of one plan; buffers may outlive it.
class ResultPool : public std::enable_shared_from_this<ResultPool> {
 public:
  // An uninitialised tensor whose memory comes back here when its last owner is gone.
  Result<Tensor> allocate(DType dtype, const Dims& dims);

 private:
  void give_back(std::shared_ptr<Buffer> buffer);

  std::mutex mutex_;
  std::vector<std::shared_ptr<Buffer>> idle_;
};

}  // namespace thane
