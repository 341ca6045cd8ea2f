// MatMulInteger and QLinearMatMul with a constant right-hand matrix, as packed integer products.
#include "ops/packed_integer.h"
#include "ops/quantize/kernels.h"
#include "ops/quantize/packed.h"
#include "ops/quantize/quantize.h"

namespace thane {
namespace {

constexpr PackedInputs kLinearMatrices{.zero = 2, .weights = 3, .weight_zeros = 5, .bias = 8};
constexpr PackedInputs kPlainMatrices{.zero = 2, .weights = 1, .weight_zeros = 3, .bias = SIZE_MAX};

// Zero points (or scales) of the right-hand matrix: one, or a vector of one per column.
std::string refuse_columns(const KernelQuery& query, size_t parameter, size_t weights) {
  const Tensor* values = query.constant(parameter);
  const Tensor& matrix = *query.constants[weights];
  if (!values || values->size() == 1) return {};
  return values->size() == matrix.dim(1) ? "" : "parameters are not one per column";
}

std::string refuse_matrices(const KernelQuery& query, const PackedInputs& in) {
  if (std::string reason = refuse_packed(query, in); !reason.empty()) return reason;
  if (query.constants[in.weights]->rank() != 2) return "the right-hand side is no matrix";
  if (query.inputs[0]->dims->empty()) return "the left-hand side is a scalar";
  return refuse_columns(query, in.weight_zeros, in.weights);
}
std::string refuse_plain_matrices(const KernelQuery& query) { return refuse_matrices(query, kPlainMatrices); }
std::string refuse_linear_matrices(const KernelQuery& query) {
  if (std::string reason = refuse_scales(query, 4); !reason.empty()) return reason;
  if (std::string reason = refuse_matrices(query, kLinearMatrices); !reason.empty()) return reason;
  return refuse_columns(query, 4, 3);
}

Result<std::unique_ptr<PreparedKernel>> prepare_matrices(const KernelQuery& query, const PackedInputs& in,
                                                         IntegerColumns columns) {
  const Tensor* zeros = query.constant(in.weight_zeros);
  const IntegerSource source{query, [&] { return matrix_weights(*query.constants[in.weights], false, zeros); }};
  THANE_ASSIGN(auto product, IntegerProduct::make(source, to_numbers(*query.inputs[0]->dims), std::move(columns)));
  return std::unique_ptr<PreparedKernel>(
      new PackedInteger<IntegerProduct>(std::move(product), {.bias = in.bias, .zero = in.zero}));
}
Result<std::unique_ptr<PreparedKernel>> prepare_plain_matrices(const KernelQuery& query) {
  return prepare_matrices(query, kPlainMatrices, {});
}
Result<std::unique_ptr<PreparedKernel>> prepare_linear_matrices(const KernelQuery& query) {
  const QuantizedRange range = result_range<FusedQLinearMatMulAttrs>(query.node, query.inputs[7]->dtype);
  return prepare_matrices(query, kLinearMatrices, scaled_columns(query, query.constants[3]->dim(1), 4, range));
}

}  // namespace

const Kernel kPackedMatMulInteger = {"integer.gemm", refuse_plain_matrices, prepare_plain_matrices};
const Kernel kPackedQLinearMatMul = {"qlinear.gemm", refuse_linear_matrices, prepare_linear_matrices};

}  // namespace thane
