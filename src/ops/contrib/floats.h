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

// Where an op computes a result in float32: the tensor's own memory where it is of that type, else memory that finish()
// rounds into it.
class FloatResult {
 public:
  explicit FloatResult(Tensor& tensor) : tensor_(tensor) {
    if (tensor.dtype() != DType::kFloat32) storage_.resize(static_cast<size_t>(tensor.size()));
  }
  float* data() { return tensor_.dtype() == DType::kFloat32 ? tensor_.data<float>() : storage_.data(); }
  void finish() {
    if (tensor_.dtype() != DType::kFloat32) store(storage_.data(), tensor_);
  }

 private:
  Tensor& tensor_;
  std::vector<float> storage_;
};

}  // namespace thane::contrib
