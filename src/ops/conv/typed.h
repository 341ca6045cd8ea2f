// The element types of convolutions: sums in float (double for double), one rounding when stored.
#pragma once

#include <type_traits>
#include <vector>

#include "ir/tensor.h"

namespace thane {

template <class T>
using AccumulatorOf = std::conditional_t<std::is_same_v<T, double>, double, float>;

// A tensor's elements in the type sums are made in; no copy where that is their own type.
template <class T>
class Widened {
 public:
  using Acc = AccumulatorOf<T>;
  explicit Widened(const Tensor& tensor) {
    if constexpr (std::is_same_v<T, Acc>)
      data_ = tensor.data<T>();
    else
      copy_.assign(tensor.data<T>(), tensor.data<T>() + tensor.size()), data_ = copy_.data();
  }
  Widened(const Widened&) = delete;
  Widened& operator=(const Widened&) = delete;
  const Acc* data() const { return data_; }

 private:
  std::vector<Acc> copy_;
  const Acc* data_ = nullptr;
};

// Adds the bias, if any, of the output channel and rounds to T.
template <class T>
class ChannelStore {
 public:
  using Acc = AccumulatorOf<T>;
  ChannelStore(const Tensor* bias, Tensor& y) : bias_(bias ? bias->data<T>() : nullptr), y_(y.data<T>()) {}
  void operator()(int64_t row, int64_t offset, int64_t stride, int64_t count, const Acc* sums) const {
    const Acc bias = bias_ ? static_cast<Acc>(bias_[row]) : Acc(0);
    T* out = y_ + offset;
    for (int64_t i = 0; i < count; ++i) out[i * stride] = static_cast<T>(sums[i] + bias);
  }

 private:
  const T* bias_;
  T* y_;
};

}  // namespace thane
