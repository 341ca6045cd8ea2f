// 16-bit floats are computed on as float32 and rounded once at the end.
#pragma once

#include "base/threads.h"
#include "ir/tensor.h"

namespace thane {

// float16 and bfloat16 as a float32 copy; any other tensor itself, sharing its memory.
Result<Tensor> widened(const Tensor& tensor, ThreadPool& threads);

// Writes `from` into `to`, which has as many elements, rounding to the latter's dtype. Both are floats, or have the same dtype.
void narrow(const Tensor& from, Tensor& to, ThreadPool& threads);

// The dtype widened() gives.
inline DType widened_dtype(DType dtype) {
  return dtype == DType::kFloat16 || dtype == DType::kBFloat16 ? DType::kFloat32 : dtype;
}

}  // namespace thane
