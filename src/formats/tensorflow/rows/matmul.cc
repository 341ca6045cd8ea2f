// Products of matrices.
#include <algorithm>
#include <numeric>

#include "base/format.h"
#include "formats/tensorflow/call.h"

namespace thane::tensorflow {
namespace matmul_ops {
namespace {

Edge transposed(Call& call, const Edge& x, bool transpose) {
  if (!transpose || !x.present()) return x;
  const int64_t rank = call.rank(x);
  if (rank < 2) return x;
  Dims perm(static_cast<size_t>(rank));
  std::iota(perm.begin(), perm.end(), 0);
  std::swap(perm[perm.size() - 1], perm[perm.size() - 2]);
  return call.transpose(x, perm);
}

Edge activated(Call& call, Edge y) {
  const std::string kind = call.strings("fused_ops").size() > 1 ? call.strings("fused_ops").back() : "";
  if (kind.empty() || kind == "BiasAdd") return y;
  if (kind == "Relu" || kind == "Elu" || kind == "Sigmoid" || kind == "Tanh") return call.emit(kind, {y});
  if (kind == "Relu6") return call.emit("Clip", {y, call.like(0, y), call.like(6, y)});
  if (kind == "LeakyRelu")
    return call.emit("LeakyRelu", {y}, {{"alpha", static_cast<float>(call.f("leakyrelu_alpha", 0.2))}});
  if (kind == "GeluApproximate") return call.emit("Gelu", {y}, {{"approximate", std::string("tanh")}});
  if (kind == "GeluExact") return call.emit("Gelu", {y});
  call.fail(unsupported(format("fused with {}", kind)));
  return y;
}

void mat_mul(Call& call) {
  const Edge a = transposed(call, call.in(0), call.b("transpose_a")),
             b = transposed(call, call.in(1), call.b("transpose_b"));
  Edge y = call.emit("MatMul", {a, b});
  if (call.node.op == "_FusedMatMul" && call.size() > 2) y = activated(call, call.add(y, call.in(2)));
  call.out(y);
}

Edge part(Call& call, const Edge& pair, int64_t which) { return call.gather(pair, call.int_edge(which), -1); }
void batch_mat_mul(Call& call) {
  const bool adj_x = call.b("adj_x"), adj_y = call.b("adj_y");
  if (!call.is_complex(0) && !call.is_complex(1)) {
    const Edge y = call.emit("MatMul", {transposed(call, call.in(0), adj_x), transposed(call, call.in(1), adj_y)});
    const DType wanted = call.type("Tout");  // BatchMatMulV3
    return call.out(wanted == DType::kUndefined ? y : call.cast(y, wanted));
  }
  const Edge x = call.item(0).edge, y = call.item(1).edge;
  const auto sign = [&](const Edge& edge, bool negative) { return negative ? call.emit("Neg", {edge}) : edge; };
  const Edge a = transposed(call, part(call, x, 0), adj_x), b = sign(transposed(call, part(call, x, 1), adj_x), adj_x);
  const Edge c = transposed(call, part(call, y, 0), adj_y), d = sign(transposed(call, part(call, y, 1), adj_y), adj_y);
  const auto product = [&](const Edge& l, const Edge& r) { return call.emit("MatMul", {l, r}); };
  const Edge real = call.sub(product(a, c), product(b, d)), imaginary = call.add(product(a, d), product(b, c));
  call.out_complex(0, call.concat({call.unsqueeze(real, {-1}), call.unsqueeze(imaginary, {-1})}, -1));
}

void einsum(Call& call) { call.out(call.emit("Einsum", call.all_in(), {{"equation", call.s("equation")}})); }

constexpr OpRow kRows[] = {
    {"MatMul", mat_mul},
    {"_FusedMatMul", mat_mul},
    {"SparseMatMul", mat_mul},
    {"BatchMatMul", batch_mat_mul},
    {"BatchMatMulV2", batch_mat_mul},
    {"BatchMatMulV3", batch_mat_mul},
    {"Einsum", einsum},
};

}  // namespace
}  // namespace matmul_ops

std::span<const OpRow> matmul_rows() { return matmul_ops::kRows; }

}  // namespace thane::tensorflow
