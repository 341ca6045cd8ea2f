// Tensors of float16, bfloat16 and float64 as float32, for ops that compute in it.
#pragma once

#include <vector>

#include "ir/context.h"

namespace thane::contrib {

// A tensor's elements as float: its own memory when float32, else converted. A null tensor has none.
class Floats {
 public:
  explicit Floats(const Tensor* tensor);
  Floats(const Floats&) = delete;
  Floats& operator=(const Floats&) = delete;
  const float* data() const { return data_; }

 private:
  const float* data_ = nullptr;
  std::vector<float> storage_;
};
// Rounds `values` into `tensor` (float32, float16 or bfloat16).
void store(const float* values, Tensor& tensor);

}  // namespace thane::contrib
