// Depthwise convolution of 8-bit data with constant 8-bit weights, channels last, whatever the rounding.
#pragma once

#include <memory>
#include <vector>

#include "base/threads.h"
#include "kernels/integer/depthwise.h"
#include "ops/integer_product.h"

namespace thane {

class IntegerDepthwiseConv {
 public:
  // As those of IntegerProduct. `columns` must give bytes.
  static std::string refuse(const IntegerSource& source, const ConvShape& shape);
  static Result<std::unique_ptr<IntegerDepthwiseConv>> make(const IntegerSource& source, const ConvShape& shape,
                                                            IntegerColumns columns);

  // As IntegerProduct::run.
  Status run(const void* x, bool is_signed, int32_t zero, const int32_t* bias, void* y, ThreadPool& threads) const;

 private:
  IntegerDepthwiseConv() = default;

  const IntegerDepthwise* kernel_ = nullptr;
  ConvShape shape_;
  WindowAxis rows_, pixels_;
  int64_t padded_ = 0, ring_ = 0;  // ring: lines that outputs of a row reach over
  DepthwisePairs pairs_;
  std::vector<int32_t> weights_;
  IntegerColumns columns_;
  std::unique_ptr<ScratchPool> scratch_;  // the ring, and a line of zeros
};

}  // namespace thane
