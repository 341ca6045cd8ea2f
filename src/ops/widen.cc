#include "ops/widen.h"

#include <cstring>

namespace thane {
namespace {

constexpr int64_t kElementsPerRange = 8192;

template <class From, class To>
void convert(const Tensor& from, Tensor& to, ThreadPool& threads) {
  const From* in = from.data<From>();
  To* out = to.data<To>();
  threads.parallel_for(from.size(), kElementsPerRange, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      if constexpr (std::is_same_v<From, double> || std::is_same_v<To, double>) out[i] = To(static_cast<double>(in[i]));
      else out[i] = To(static_cast<float>(in[i]));
    }
  });
}

}  // namespace

Result<Tensor> widened(const Tensor& tensor, ThreadPool& threads) {
  const DType wide = widened_dtype(tensor.dtype());
  if (wide == tensor.dtype()) return tensor;
  THANE_ASSIGN(Tensor out, Tensor::allocate(wide, tensor.dims()));
  narrow(tensor, out, threads);
  return out;
}

void narrow(const Tensor& from, Tensor& to, ThreadPool& threads) {
  if (from.dtype() == to.dtype()) {
    if (from.size()) std::memcpy(to.raw(), from.raw(), from.size_bytes());
    return;
  }
  dispatch_floats(from.dtype(), [&]<class From>() {
    dispatch_floats(to.dtype(), [&]<class To>() { convert<From, To>(from, to, threads); });
  });
}

Result<WideOutput> WideOutput::make(Tensor& output, DType dtype) {
  if (output.dtype() == dtype) return WideOutput(output, output);
  THANE_ASSIGN(Tensor wide, Tensor::allocate(dtype, output.dims()));
  return WideOutput(output, std::move(wide));
}

}  // namespace thane
