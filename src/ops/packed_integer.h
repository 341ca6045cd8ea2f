// The prepared kernel of every op that is one packed product of 8-bit data.
#pragma once

#include <memory>

#include "ir/context.h"
#include "ir/kernel.h"
#include "ops/integer_product.h"

namespace thane {

// A convolution's shape and weights; what they refer to is the query's.
struct IntegerConvCase {
  Result<ConvShape> shape;
  IntegerSource source;

  template <class Product>
  std::string refusal() const {
    return shape.ok() ? Product::refuse(source, *shape) : "the shapes do not settle";
  }
};

// Product: IntegerProduct, IntegerDepthwiseConv or IntegerWinogradConv. Its data are input 0.
template <class Product>
class PackedInteger : public PreparedKernel {
 public:
  // Numbers of inputs; SIZE_MAX, or an absent input: there is none.
  struct Inputs {
    size_t bias = SIZE_MAX;
    size_t zero = SIZE_MAX;  // the zero point of the data
  };
  // `zero`: the zero point where no input says it.
  PackedInteger(std::unique_ptr<Product> product, Inputs in, int64_t zero = 0)
      : product_(std::move(product)), in_(in), zero_(static_cast<int32_t>(zero)) {}

  bool reads(size_t input) const override { return input == 0 || input == in_.bias || input == in_.zero; }
  Status run(KernelContext& context) const override {
    const Tensor& x = context.input(0);
    const auto zero = context.has_input(in_.zero) ? static_cast<int32_t>(context.input(in_.zero).as_int64(0)) : zero_;
    const int32_t* bias = context.has_input(in_.bias) ? context.input(in_.bias).template data<int32_t>() : nullptr;
    return product_->run(x.raw(), x.dtype() == DType::kInt8, zero, bias, context.output(0).raw(), context.threads());
  }

 private:
  std::unique_ptr<Product> product_;
  Inputs in_;
  int32_t zero_;
};

}  // namespace thane
