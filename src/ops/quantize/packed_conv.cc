// ConvInteger and QLinearConv with data channels last and constant weights, as packed integer products.
#include "ops/integer_depthwise.h"
#include "ops/integer_product.h"
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

template <const PackedInputs& kIn>
std::string refuse_shape(const KernelQuery& query, std::string (*refuse)(const ConvShape&)) {
  if (std::string reason = refuse_packed(query, kIn); !reason.empty()) return reason;
  const auto shape = resolve_conv(query.node.attrs_as<ConvAttrs>(), to_numbers(*query.inputs[0]->dims),
                                  query.constants[kIn.weights]->dims());
  return shape.ok() ? refuse(*shape) : "the shapes do not settle";
}
template <std::string (*kRefuse)(const ConvShape&)>
std::string refuse_linear(const KernelQuery& query) {
  if (std::string reason = refuse_scales(query, 4); !reason.empty()) return reason;
  return refuse_shape<kLinear>(query, kRefuse);
}
std::string refuse_sums(const KernelQuery& query) { return refuse_shape<kPlain>(query, refuse_integer_windows); }

template <class Product, const PackedInputs& kIn>
Result<std::unique_ptr<PreparedKernel>> prepare(const KernelQuery& query, IntegerColumns columns) {
  const Tensor& weights = *query.constants[kIn.weights];
  THANE_ASSIGN(const ConvShape shape,
               resolve_conv(query.node.attrs_as<ConvAttrs>(), to_numbers(*query.inputs[0]->dims), weights.dims()));
  THANE_ASSIGN(auto product,
               Product::make(query.isa, shape, conv_weights(weights, query_constant(query, kIn.weight_zeros)),
                             std::move(columns)));
  return std::unique_ptr<PreparedKernel>(
      new PackedInteger<Product>(std::move(product), {.bias = kIn.bias, .zero = kIn.zero}));
}

template <class Product>
Result<std::unique_ptr<PreparedKernel>> prepare_linear(const KernelQuery& query) {
  const QuantizedRange range = result_range<FusedQLinearConvAttrs>(query.node, query.inputs[7]->dtype);
  return prepare<Product, kLinear>(query, scaled_columns(query, query.constants[3]->dim(0), 4, range));
}
Result<std::unique_ptr<PreparedKernel>> prepare_sums(const KernelQuery& query) {
  return prepare<IntegerProduct, kPlain>(query, {});
}

}  // namespace

const Kernel kDepthwiseQLinearConv = {"qlinear.depthwise", refuse_linear<refuse_integer_depthwise>,
                                      prepare_linear<IntegerDepthwiseConv>};
const Kernel kPackedQLinearConv = {"qlinear.gemm", refuse_linear<refuse_integer_windows>,
                                   prepare_linear<IntegerProduct>};
const Kernel kPackedConvInteger = {"integer.gemm", refuse_sums, prepare_sums};

}  // namespace thane
