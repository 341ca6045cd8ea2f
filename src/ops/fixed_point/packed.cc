// FixedConv and FixedMatMul with constant weights, as packed integer products.
#include "ops/conv/conv.h"
#include "ops/fixed_point/fixed_point.h"
#include "ops/fixed_point/kernels.h"
#include "ops/integer_depthwise.h"
#include "ops/integer_product.h"
#include "ops/packed_integer.h"

namespace thane {
namespace {

// Input 2 of both; the zero point of the data is an attribute.
constexpr size_t kBias = 2;

std::string refuse_types(const KernelQuery& query, const Requantization& to) {
  if (!(mask_of(query.inputs[0]->dtype) & kFixedBytes)) return "data are not int8 or uint8";
  if (!query.constants[1]) return "the weights are not constant";
  if (!(mask_of(query.constants[1]->dtype()) & kFixedBytes)) return "weights are not int8 or uint8";
  if (to.wide) return "sums of more than 32 bits";
  const bool has_bias = query.inputs.size() > kBias && query.inputs[kBias];
  return has_bias && query.inputs[kBias]->dtype != DType::kInt32 ? "the bias is not int32" : "";
}

std::string refuse_conv_as(const KernelQuery& query, std::string (*refuse_shape)(const ConvShape&)) {
  const auto& attrs = query.node.attrs_as<FixedConvAttrs>();
  if (std::string reason = refuse_types(query, attrs.requantization); !reason.empty()) return reason;
  const auto shape = resolve_conv(attrs, to_numbers(*query.inputs[0]->dims), query.constants[1]->dims());
  return shape.ok() ? refuse_shape(*shape) : "the shapes do not settle";
}
std::string refuse_depthwise(const KernelQuery& query) { return refuse_conv_as(query, refuse_integer_depthwise); }
std::string refuse_conv(const KernelQuery& query) { return refuse_conv_as(query, refuse_integer_windows); }

template <class Product>
Result<std::unique_ptr<PreparedKernel>> prepare_conv(const KernelQuery& query) {
  const auto& attrs = query.node.attrs_as<FixedConvAttrs>();
  const Tensor& weights = *query.constants[1];
  THANE_ASSIGN(const ConvShape shape, resolve_conv(attrs, to_numbers(*query.inputs[0]->dims), weights.dims()));
  const Tensor zero = Tensor::scalar(attrs.weight_zero_point);
  THANE_ASSIGN(auto product, Product::make(query.isa, shape, conv_weights(weights, &zero),
                                           attrs.requantization.columns(shape.out_channels)));
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
  const Tensor zero = Tensor::scalar(attrs.b_zero_point);
  const IntegerWeights weights = matrix_weights(*query.constants[1], attrs.trans_b, &zero);
  THANE_ASSIGN(auto product, IntegerProduct::make(query.isa, to_numbers(*query.inputs[0]->dims), weights,
                                                  attrs.requantization.columns(weights.columns)));
  return std::unique_ptr<PreparedKernel>(
      new PackedInteger<IntegerProduct>(std::move(product), {.bias = kBias}, attrs.a_zero_point));
}

}  // namespace

IntegerColumns Requantization::columns(int64_t channels) const {
  IntegerColumns out{.result = IntegerResult::kFixed,
                     .zero = static_cast<int32_t>(output_zero_point),
                     .low = static_cast<int32_t>(low),
                     .high = static_cast<int32_t>(high)};
  for (int64_t c = 0; c < channels; ++c) {
    const FixedMultiplier& m = multipliers[multipliers.size() == 1 ? 0 : static_cast<size_t>(c)];
    out.fractions.push_back(m.fraction);
    out.shifts.push_back(m.shift);
  }
  return out;
}

const Kernel kFixedDepthwiseConv = {"fixed.depthwise", refuse_depthwise, prepare_conv<IntegerDepthwiseConv>};
const Kernel kPackedFixedConv = {"fixed.gemm", refuse_conv, prepare_conv<IntegerProduct>};
const Kernel kPackedFixedMatMul = {"fixed.gemm", refuse_matmul, prepare_matmul};

}  // namespace thane
