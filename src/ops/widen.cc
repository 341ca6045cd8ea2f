#include "ops/widen.h"

#include "ops/convert.h"

namespace thane {

Result<Tensor> widened(const Tensor& tensor, ThreadPool& threads) {
  return converted(tensor, widened_dtype(tensor.dtype()), threads);
}

void narrow(const Tensor& from, Tensor& to, ThreadPool& threads) { convert_tensor(from, to, threads); }

Result<WideOutput> WideOutput::make(Tensor& output, DType dtype) {
  if (output.dtype() == dtype) return WideOutput(output, output);
  THANE_ASSIGN(Tensor wide, Tensor::allocate(dtype, output.dims()));
  return WideOutput(output, std::move(wide));
}

}  // namespace thane
