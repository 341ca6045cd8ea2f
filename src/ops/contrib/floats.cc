#include "ops/contrib/floats.h"

namespace thane::contrib {

Floats::Floats(const Tensor* tensor) {
  if (!tensor) return;
  if (tensor->dtype() == DType::kFloat32) {
    data_ = tensor->data<float>();
    return;
  }
  storage_.resize(static_cast<size_t>(tensor->size()));
  dispatch<Half, BFloat16, double>(tensor->dtype(), [&]<class T>() {
    for (size_t i = 0; i < storage_.size(); ++i) storage_[i] = static_cast<float>(tensor->data<T>()[i]);
  });
  data_ = storage_.data();
}

void store(const float* values, Tensor& tensor) {
  dispatch<float, Half, BFloat16>(tensor.dtype(), [&]<class T>() {
    for (int64_t i = 0; i < tensor.size(); ++i) tensor.data<T>()[i] = T(values[i]);
  });
}

}  // namespace thane::contrib
