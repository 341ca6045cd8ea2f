// What the packed kernels of quantized products share.
#pragma once

#include <memory>

#include "ir/context.h"
#include "ir/kernel.h"
#include "ops/integer_product.h"

namespace thane {

// Input numbers; SIZE_MAX: there is none.
struct PackedInputs {
  size_t zero, weights, weight_zeros, bias;
};

const Tensor* query_constant(const KernelQuery& query, size_t input);
// Bytes with constant weights whose zero points are constant too; one zero point of x.
std::string refuse_packed(const KernelQuery& query, const PackedInputs& in);
// Inputs 1, `weight_scales`, 6 and 7 are constant, and one but for those of weights.
std::string refuse_scales(const KernelQuery& query, size_t weight_scales);
// Factors x_scale · w_scale / y_scale from inputs 1, `weight_scales` and 6; y's zero point is input 7.
IntegerColumns scaled_columns(const KernelQuery& query, int64_t columns, size_t weight_scales);

template <class Product>
class PackedQuantized : public PreparedKernel {
 public:
  PackedQuantized(std::unique_ptr<Product> product, const PackedInputs& in) : product_(std::move(product)), in_(in) {}
  Status run(KernelContext& context) const override {
    const Tensor& x = context.input(0);
    const auto zero = context.has_input(in_.zero) ? static_cast<int32_t>(context.input(in_.zero).as_int64(0)) : 0;
    const int32_t* bias = context.has_input(in_.bias) ? context.input(in_.bias).data<int32_t>() : nullptr;
    return product_->run(x.raw(), x.dtype() == DType::kInt8, zero, bias, context.output(0).raw(), context.threads());
  }

 private:
  std::unique_ptr<Product> product_;
  PackedInputs in_;
};

}  // namespace thane
