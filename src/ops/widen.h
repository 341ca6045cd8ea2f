// 16-bit floats are computed on as float32 and rounded once at the end.
#pragma once

#include "base/threads.h"
#include "ir/tensor.h"

namespace thane {

// float16 and bfloat16 as a float32 copy; any other tensor itself, sharing its memory.
Result<Tensor> widened(const Tensor& tensor, ThreadPool& threads);

// Writes `from` into `to`, which has as many elements, rounding to the latter's dtype. Both are floats, or have the
// same dtype.
void narrow(const Tensor& from, Tensor& to, ThreadPool& threads);

// Where to compute an output whose dtype may be a 16-bit one: the output itself, or a float32 stand-in that finish()
// rounds into it.
class WideOutput {
 public:
  // Of `dtype`, which is a float of 32 or 64 bits, or the output's own. The output must outlive this.
  static Result<WideOutput> make(Tensor& output, DType dtype);
  Tensor& tensor() { return wide_; }
  void finish(ThreadPool& threads) {
    if (wide_.dtype() != output_->dtype()) narrow(wide_, *output_, threads);
  }

 private:
  WideOutput(Tensor& output, Tensor wide) : output_(&output), wide_(std::move(wide)) {}
  Tensor* output_;
  Tensor wide_;
};

// The dtype widened() gives.
inline DType widened_dtype(DType dtype) {
  return dtype == DType::kFloat16 || dtype == DType::kBFloat16 ? DType::kFloat32 : dtype;
}

}  // namespace thane
