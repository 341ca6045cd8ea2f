#include "base/format.h"
#include "kernels/matmul.h"
#include "ops/matmul/matmul.h"

namespace thane {
namespace {

Status check_matrix(const SymDims& dims, std::string_view name) {
  if (dims.size() == 2) return ok();
  return invalid_model(format("{} has the shape {}", name, to_string(dims))).expecting("rank 2");
}

// C must broadcast to [m, n] without making it larger.
Status check_bias(const SymDims& bias, const SymDims& out) {
  bool fits = bias.size() <= 2;
  for (size_t i = 0; fits && i < bias.size(); ++i) {
    const Dim& have = bias[bias.size() - 1 - i];
    const Dim& want = out[out.size() - 1 - i];
    fits = !have.is_number() || have.is_number(1) || !want.is_number() || have == want;
  }
  if (fits) return ok();
  return invalid_model(format("C has the shape {}", to_string(bias)))
      .expecting(format("one that broadcasts to {}", to_string(out)));
}

}  // namespace

Status infer_gemm(InferContext& context) {
  const auto& attrs = context.attrs<GemmAttrs>();
  const SymDims* a = context.dims(0);
  const SymDims* b = context.dims(1);
  SymDims out(2);
  if (a) {
    THANE_TRY(check_matrix(*a, "A"));
    out[0] = (*a)[attrs.trans_a ? 1 : 0];
  }
  if (b) {
    THANE_TRY(check_matrix(*b, "B"));
    out[1] = (*b)[attrs.trans_b ? 0 : 1];
  }
  if (a && b) {
    const Dim& depth_a = (*a)[attrs.trans_a ? 0 : 1];
    const Dim& depth_b = (*b)[attrs.trans_b ? 1 : 0];
    if (depth_a.is_number() && depth_b.is_number() && !(depth_a == depth_b)) {
      return invalid_model(format("A {} (transA={}) and B {} (transB={}) do not multiply", to_string(*a),
                                  attrs.trans_a ? 1 : 0, to_string(*b), attrs.trans_b ? 1 : 0));
    }
  }
  if (context.has_input(2) && context.dims(2)) THANE_TRY(check_bias(*context.dims(2), out));
  context.set(0, context.dtype(0), std::move(out));
  return ok();
}

Status eval_gemm(KernelContext& context) {
  const auto& attrs = context.attrs<GemmAttrs>();
  const Tensor& a = context.input(0);
  const Tensor& b = context.input(1);
  Tensor& c = context.output(0);
  MatmulProblem p;
  p.dtype = c.dtype();
  p.m = c.dim(0);
  p.n = c.dim(1);
  p.k = a.dim(attrs.trans_a ? 0 : 1);
  p.a = a.raw();
  p.a_row = attrs.trans_a ? 1 : a.dim(1);
  p.a_col = attrs.trans_a ? a.dim(1) : 1;
  p.b = b.raw();
  p.b_row = attrs.trans_b ? 1 : b.dim(1);
  p.b_col = attrs.trans_b ? b.dim(1) : 1;
  p.c = c.raw();
  p.c_row = p.n;
  p.alpha = attrs.alpha;
  if (context.has_input(2)) {
    const Tensor& bias = context.input(2);
    const int64_t cols = bias.rank() > 0 ? bias.dim(bias.rank() - 1) : 1;
    const int64_t rows = bias.rank() > 1 ? bias.dim(0) : 1;
    p.beta = attrs.beta;
    p.bias = bias.raw();
    p.bias_row = rows == 1 ? 0 : cols;
    p.bias_col = cols == 1 ? 0 : 1;
  }
  matmul(p, context.threads());
  return ok();
}

}  // namespace thane
