// FixedConv and FixedMatMul with constant weights, as packed integer products.
#include <algorithm>

#include "ops/conv/conv.h"
#include "ops/fixed_point/fixed_point.h"
#include "ops/fixed_point/kernels.h"
#include "ops/integer_depthwise.h"
#include "ops/integer_product.h"
#include "ops/integer_winograd.h"
#include "ops/packed_integer.h"

namespace thane {
namespace {

// Input 2 of both; the zero point of the data is an attribute.
constexpr size_t kBias = 2;

std::string refuse_types(const KernelQuery& query, const Requantization& to) {
  if (!(mask_of(query.inputs[0]->dtype) & kFixedBytes)) return "data are not int8 or uint8";
  if (!query.constants[1]) return "the weights are not constant";
  if (!(mask_of(query.constants[1]->dtype()) & kFixedBytes)) return "weights are not int8 or uint8";
  if (to.rounding != Rounding::kOnce) return "sums are rounded twice";
  return query.has_input(kBias) && query.inputs[kBias]->dtype != DType::kInt32 ? "the bias is not int32" : "";
}

IntegerConvCase conv_case(const KernelQuery& query) {
  const auto& attrs = query.node.attrs_as<FixedConvAttrs>();
  const Tensor& weights = *query.constants[1];
  return {resolve_conv(attrs, to_numbers(*query.inputs[0]->dims), weights.dims()),
          {query, [&weights, &attrs] {
             const Tensor zero = Tensor::scalar(attrs.weight_zero_point);
             return conv_weights(weights, &zero);
           }}};
}

template <class Product>
std::string refuse_conv(const KernelQuery& query) {
  const Requantization& to = query.node.attrs_as<FixedConvAttrs>().requantization;
  if (std::string reason = refuse_types(query, to); !reason.empty()) return reason;
  return conv_case(query).template refusal<Product>();
}

template <class Product>
Result<std::unique_ptr<PreparedKernel>> prepare_conv(const KernelQuery& query) {
  const auto& attrs = query.node.attrs_as<FixedConvAttrs>();
  auto [settled, source] = conv_case(query);
  THANE_ASSIGN(const ConvShape shape, std::move(settled));
  THANE_ASSIGN(auto product, Product::make(source, shape, attrs.requantization.columns(shape.out_channels)));
  return std::unique_ptr<PreparedKernel>(
      new PackedInteger<Product>(std::move(product), {.bias = kBias}, attrs.input_zero_point));
}

std::string refuse_matmul(const KernelQuery& query) {
  if (std::string reason = refuse_types(query, query.node.attrs_as<FixedMatMulAttrs>().requantization); !reason.empty())
    return reason;
  return query.constants[1]->rank() == 2 ? "" : "several matrices of weights";
}

Result<std::unique_ptr<PreparedKernel>> prepare_matmul(const KernelQuery& query) {
  const auto& attrs = query.node.attrs_as<FixedMatMulAttrs>();
  const Tensor& matrix = *query.constants[1];
  const IntegerSource source{query, [&] {
                               const Tensor zero = Tensor::scalar(attrs.b_zero_point);
                               return matrix_weights(matrix, attrs.trans_b, &zero);
                             }};
  const int64_t columns = matrix.dim(attrs.trans_b ? 0 : 1);
  THANE_ASSIGN(auto product,
               IntegerProduct::make(source, to_numbers(*query.inputs[0]->dims), attrs.requantization.columns(columns)));
  return std::unique_ptr<PreparedKernel>(
      new PackedInteger<IntegerProduct>(std::move(product), {.bias = kBias}, attrs.a_zero_point));
}

}  // namespace

IntegerColumns Requantization::columns(int64_t channels) const {
  IntegerColumns out{.result = IntegerResult::kScaled,
                     .scales = scales,
                     .zero = static_cast<int32_t>(output_zero_point),
                     .low = static_cast<int32_t>(low),
                     .high = static_cast<int32_t>(high)};
  if (scales.size() == 1) out.scales.assign(static_cast<size_t>(channels), scales[0]);
  out.shrinks = std::ranges::all_of(out.scales, [](float scale) { return scale < 1; });
  return out;
}

template <class Product>
constexpr Kernel conv_kernel(std::string_view name) {
  return {name, refuse_conv<Product>, prepare_conv<Product>};
}
const Kernel kFixedDepthwiseConv = conv_kernel<IntegerDepthwiseConv>("fixed.depthwise");
const Kernel kWinogradFixedConv = conv_kernel<IntegerWinogradConv>("fixed.winograd");
const Kernel kPackedFixedConv = conv_kernel<IntegerProduct>("fixed.gemm");
const Kernel kPackedFixedMatMul = {"fixed.gemm", refuse_matmul, prepare_matmul};

}  // namespace thane
