// Memory for what kernels make of weights.
#pragma once

#include "ir/tensor.h"

namespace thane {

// Hands out one piece after the other of a large buffer, which the system maps in large pages: pieces of their own
// would be mapped a small page at a time, which takes longer than filling them. The buffer lives as long as any piece
// does, so it is for pieces that live equally long.
class FormMemory {
 public:
  // expected_bytes: about what all pieces need together. Memory that is never handed out is never mapped; what goes
  // beyond it is allocated by itself.
  explicit FormMemory(size_t expected_bytes) : expected_bytes_(expected_bytes) {}

  // As Tensor::allocate.
  Result<Tensor> allocate(DType dtype, Dims dims);

 private:
  size_t expected_bytes_;
  std::shared_ptr<Buffer> buffer_;  // made with the first piece
  size_t used_bytes_ = 0;
};

}  // namespace thane
