// Depthwise convolution of 8-bit data with constant 8-bit weights, channels last, whatever the rounding.
#pragma once

#include <memory>
#include <vector>

#include "base/threads.h"
#include "kernels/integer/depthwise.h"
#include "ops/conv/depthwise.h"
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
  struct Weights {
    std::vector<int32_t> packed, sums;  // sums: per channel
  };
  using SharedWeights = std::shared_ptr<const Weights>;

  // The kernel takes lines in pairs. A window of one line is one of many for it, each a step further on.
  bool is_one_line() const { return rows_.kernel == 1; }
  int64_t kernel_rows() const { return is_one_line() ? pixels_.kernel : rows_.kernel; }

  const IntegerDepthwise* kernel_ = nullptr;
  ConvShape shape_;
  WindowAxis rows_, pixels_;
  SharedWeights weights_;
  IntegerColumns columns_;
  int64_t padded_ = 0;
};

}  // namespace thane
