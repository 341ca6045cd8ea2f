// The fast kernel of Gemm for float32: Y = alpha·A'·B' + beta·C with B' constant. alpha goes into the packed B', beta·C
// into a row of biases; both once, at planning.
#include <algorithm>

#include "ir/context.h"
#include "ops/matmul/matmul.h"
#include "ops/matmul/packed.h"

namespace thane {
namespace {

// C adds the same row to every row of Y.
bool is_row(const SymDims& c, const Dim& n) {
  for (size_t i = 0; i + 1 < c.size(); ++i) {
    if (!c[i].is_number(1)) return false;
  }
  return !c.empty() && c.back() == n;
}

std::string refuse(const KernelQuery& query) {
  const auto& attrs = query.node.attrs_as<GemmAttrs>();
  if (query.inputs[0]->dtype != DType::kFloat32) return "dtype is not float32";
  if (!query.constants[1]) return "the right-hand side is not constant";
  if (attrs.trans_a) return "A is transposed";
  if (query.has_input(2)) {
    if (!query.constant(2)) return "C is not constant";
    if (!is_row(*query.inputs[2]->dims, query.outputs[0].dims->back())) return "C is not one row";
  }
  return {};
}

class PackedGemm : public PreparedKernel {
 public:
  PackedGemm(PackedMatrix b, Tensor bias, Activation activation)
      : b_(std::move(b)), bias_(std::move(bias)), activation_(activation) {}
  bool reads(size_t input) const override { return input == 0; }  // B is packed, C copied
  Status run(KernelContext& context) const override {
    return multiply(b_, context.output(0).dim(0), context.input(0).data<float>(), context.output(0).data<float>(),
                    {bias_.defined() ? bias_.data<float>() : nullptr}, activation_, context.threads());
  }

 private:
  PackedMatrix b_;
  Tensor bias_;
  Activation activation_;
};

Result<std::unique_ptr<PreparedKernel>> prepare_gemm_with(const KernelQuery& query, const Activation& activation) {
  const auto& attrs = query.node.attrs_as<GemmAttrs>();
  const Tensor& b = *query.constants[1];
  const int64_t k = b.dim(attrs.trans_b ? 1 : 0), n = b.dim(attrs.trans_b ? 0 : 1);
  THANE_ASSIGN(PackedMatrix packed, query.shared<PackedMatrix>("panels", [&] {
    return pack_matrix(query, gemm_for_weights(query, k, n), k, n, b.data<float>(), attrs.trans_b ? 1 : b.dim(1),
                       attrs.trans_b ? b.dim(1) : 1, attrs.alpha);
  }));
  THANE_TRY(prepare_for_rows(query, query.inputs[0]->dims->front().number(), packed));
  Tensor bias;
  if (query.has_input(2)) {
    const Tensor& c = *query.constants[2];
    THANE_ASSIGN(bias, Tensor::allocate(DType::kFloat32, {n}));
    std::transform(c.data<float>(), c.data<float>() + n, bias.data<float>(), [&](float x) { return x * attrs.beta; });
  }
  return std::unique_ptr<PreparedKernel>(new PackedGemm(std::move(packed), std::move(bias), activation));
}

Result<std::unique_ptr<PreparedKernel>> prepare_gemm(const KernelQuery& query) { return prepare_gemm_with(query, {}); }

Result<std::unique_ptr<PreparedKernel>> prepare_fused_gemm(const KernelQuery& query) {
  return prepare_gemm_with(query, query.node.attrs_as<FusedGemmAttrs>().activation);
}

}  // namespace

const Kernel kPackedGemm = {"gemm.packed", refuse, prepare_gemm, input_bit(1)};
const Kernel kPackedFusedGemm = {"gemm.packed", refuse, prepare_fused_gemm, input_bit(1)};

}  // namespace thane
