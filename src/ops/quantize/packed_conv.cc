// ConvInteger and QLinearConv with data channels last and constant weights, as packed integer products.
#include "ops/integer_depthwise.h"
#include "ops/integer_product.h"
#include "ops/integer_winograd.h"
#include "ops/packed_integer.h"
#include "ops/quantize/kernels.h"
#include "ops/quantize/packed.h"
#include "ops/quantize/quantize.h"

namespace thane {
namespace {

// Where the inputs are. QLinearConv and FusedQLinearConv: x, x_scale, x_zero_point, w, w_scale, w_zero_point, y_scale,
// y_zero_point, B. ConvInteger: x, w, x_zero_point, w_zero_point.
constexpr PackedInputs kLinear{.zero = 2, .weights = 3, .weight_zeros = 5, .bias = 8};
constexpr PackedInputs kPlain{.zero = 2, .weights = 1, .weight_zeros = 3, .bias = SIZE_MAX};

IntegerConvCase conv_case(const KernelQuery& query, const PackedInputs& in) {
  const Tensor& weights = *query.constants[in.weights];
  const Tensor* zeros = query.constant(in.weight_zeros);
  return {resolve_conv(query.node.attrs_as<ConvAttrs>(), to_numbers(*query.inputs[0]->dims), weights.dims()),
          {query, [&weights, zeros] { return conv_weights(weights, zeros); }}};
}

template <class Product, const PackedInputs& kIn>
std::string refuse(const KernelQuery& query) {
  if (std::string reason = refuse_packed(query, kIn); !reason.empty()) return reason;
  return conv_case(query, kIn).template refusal<Product>();
}
template <class Product>
std::string refuse_linear(const KernelQuery& query) {
  if (std::string reason = refuse_scales(query, 4); !reason.empty()) return reason;
  return refuse<Product, kLinear>(query);
}

template <class Product, const PackedInputs& kIn>
Result<std::unique_ptr<PreparedKernel>> prepare(const KernelQuery& query, IntegerColumns columns) {
  auto [settled, source] = conv_case(query, kIn);
  THANE_ASSIGN(const ConvShape shape, std::move(settled));
  THANE_ASSIGN(auto product, Product::make(source, shape, std::move(columns)));
  return std::unique_ptr<PreparedKernel>(
      new PackedInteger<Product>(std::move(product), {.bias = kIn.bias, .zero = kIn.zero}));
}
template <class Product>
Result<std::unique_ptr<PreparedKernel>> prepare_linear(const KernelQuery& query) {
  const QuantizedRange range = result_range<FusedQLinearConvAttrs>(query.node, query.inputs[7]->dtype);
  return prepare<Product, kLinear>(query, scaled_columns(query, query.constants[3]->dim(0), 4, range));
}
template <class Product>
Result<std::unique_ptr<PreparedKernel>> prepare_sums(const KernelQuery& query) {
  return prepare<Product, kPlain>(query, {});
}

template <class Product>
constexpr Kernel linear_kernel(std::string_view name) {
  return {name, refuse_linear<Product>, prepare_linear<Product>};
}
template <class Product>
constexpr Kernel sums_kernel(std::string_view name) {
  return {name, refuse<Product, kPlain>, prepare_sums<Product>};
}

}  // namespace

const Kernel kDepthwiseQLinearConv = linear_kernel<IntegerDepthwiseConv>("qlinear.depthwise");
const Kernel kWinogradQLinearConv = linear_kernel<IntegerWinogradConv>("qlinear.winograd");
const Kernel kPackedQLinearConv = linear_kernel<IntegerProduct>("qlinear.gemm");
const Kernel kWinogradConvInteger = sums_kernel<IntegerWinogradConv>("integer.winograd");
const Kernel kPackedConvInteger = sums_kernel<IntegerProduct>("integer.gemm");

}  // namespace thane
