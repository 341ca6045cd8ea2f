// Cholesky, LU, QR, singular values, eigenvalues of symmetric matrices, triangular systems, exponentials of matrices:
// […, m, n], in float64 whatever the dtype. Domain kThane.
#include <algorithm>

#include "base/format.h"
#include "ir/context.h"
#include "ops/convert.h"
#include "ops/families.h"
#include "ops/linalg/linalg.h"

namespace thane {
namespace {

struct TriangularAttrs : Attrs {
  bool upper = false;
  bool unit = false;  // ones on the diagonal, whatever is there
  template <class Self, class V>
  static void fields(Self& self, V& v) {
    v("upper", self.upper);
    v("unit", self.unit);
  }
};

// What an output's trailing axes are, a letter each: m and n of the matrix, k the smaller of them, c columns of B.
struct Output {
  std::string_view axes;
  DType dtype = DType::kUndefined;  // the input's
};
struct Decomposition {
  void (*function)(const linalg::Matrices&);
  bool square;
  size_t count;
  Output outputs[4];
};
constexpr Decomposition kCholesky = {linalg::cholesky, true, 2, {{"mn"}, {"", DType::kInt32}}};
constexpr Decomposition kLu = {
    linalg::lu, false, 4, {{"mn"}, {"k", DType::kInt32}, {"", DType::kInt32}, {"m", DType::kInt32}}};
constexpr Decomposition kQr = {linalg::qr, false, 2, {{"mm"}, {"mn"}}};
constexpr Decomposition kSvd = {linalg::svd, false, 3, {{"mk"}, {"k"}, {"nk"}}};
constexpr Decomposition kEigh = {linalg::eigh, true, 2, {{"n"}, {"mn"}}};
constexpr Decomposition kTriangular = {linalg::solve_triangular, true, 1, {{"mc"}}};
constexpr Decomposition kExponential = {linalg::exponential, true, 1, {{"mn"}}};

Status infer_decomposition(InferContext& context, const Decomposition& kind) {
  const SymDims *a = context.dims(0), *b = context.num_inputs() > 1 ? context.dims(1) : nullptr;
  const auto dtype = [&](const Output& out) { return out.dtype == DType::kUndefined ? context.dtype(0) : out.dtype; };
  if (!a || (context.num_inputs() > 1 && !b)) {
    for (size_t i = 0; i < kind.count; ++i) context.set(i, dtype(kind.outputs[i]));
    return ok();
  }
  if (a->size() < 2) return invalid_model(format("input of shape {}", to_string(*a))).expecting("matrices [..., m, n]");
  const Dim m = (*a)[a->size() - 2], n = a->back();
  if (kind.square && m.is_number() && n.is_number() && !(m == n)) {
    return invalid_model(format("input of shape {}", to_string(*a))).expecting("square matrices [..., n, n]");
  }
  const SymDims batch(a->begin(), a->end() - 2);
  if (b &&
      (b->size() != a->size() || !std::equal(batch.begin(), batch.end(), b->begin()) || !((*b)[b->size() - 2] == m))) {
    return invalid_model(format("B of shape {}", to_string(*b)))
        .expecting(format("as many rows as A {}", to_string(*a)));
  }
  for (size_t i = 0; i < kind.count; ++i) {
    SymDims dims = batch;
    bool known = true;
    for (const char axis : kind.outputs[i].axes) {
      known = known && (axis != 'k' || (m.is_number() && n.is_number()));
      if (axis == 'k')
        dims.push_back(known && m.number() < n.number() ? m : n);
      else
        dims.push_back(axis == 'm' ? m : axis == 'n' ? n : b->back());
    }
    context.set(i, dtype(kind.outputs[i]), known ? std::optional(dims) : std::nullopt);
  }
  return ok();
}

Status eval_decomposition(KernelContext& context, const Decomposition& kind) {
  THANE_ASSIGN(const Tensor a, converted(context.input(0), DType::kFloat64, context.threads()));
  Tensor b;
  linalg::Matrices x{a.dim(a.rank() - 2), a.dim(a.rank() - 1)};
  if (context.num_inputs() > 1) {
    THANE_ASSIGN(b, converted(context.input(1), DType::kFloat64, context.threads()));
    x.columns = b.dim(b.rank() - 1);
    x.upper = context.attrs<TriangularAttrs>().upper;
    x.unit = context.attrs<TriangularAttrs>().unit;
  }
  Tensor results[4];
  int64_t sizes[4] = {}, count = 1;
  for (size_t i = 0; i + 2 < a.rank(); ++i) count *= a.dim(i);
  for (size_t i = 0; i < kind.count; ++i) {
    Dims dims(a.dims().begin(), a.dims().end() - 2);
    sizes[i] = 1;
    for (const char axis : kind.outputs[i].axes) {
      dims.push_back(axis == 'm' ? x.m : axis == 'n' ? x.n : axis == 'c' ? x.columns : std::min(x.m, x.n));
      sizes[i] *= dims.back();
    }
    THANE_ASSIGN(results[i], Tensor::allocate(DType::kFloat64, dims));
  }
  for (int64_t at = 0; at < count; ++at) {
    x.a = a.data<double>() + at * x.m * x.n;
    if (x.columns > 0) x.b = b.data<double>() + at * x.m * x.columns;
    for (size_t i = 0; i < kind.count; ++i) x.out[i] = results[i].data<double>() + at * sizes[i];
    kind.function(x);
  }
  for (size_t i = 0; i < kind.count; ++i) {
    if (context.wants_output(i)) convert_tensor(results[i], context.output(i), context.threads());
  }
  return ok();
}

constexpr Param kMatrices[] = {{.name = "A", .types = kIeeeFloats, .variable = 'T'},
                               {.name = "B", .types = kIeeeFloats, .variable = 'T'}};
constexpr Param kResults[] = {{.name = "X", .types = kFloats | kInts, .optional = true},
                              {.name = "Y", .types = kFloats | kInts, .optional = true},
                              {.name = "Z", .types = kFloats | kInts, .optional = true},
                              {.name = "W", .types = kFloats | kInts, .optional = true}};

template <const Decomposition& kKind>
constexpr OpDef row(std::string_view name, int inputs = 1, const AttrsSchema* attrs = nullptr) {
  return {.name = name,
          .domain = Domain::kThane,
          .inputs = std::span(kMatrices).first(static_cast<size_t>(inputs)),
          .min_inputs = inputs,
          .outputs = std::span(kResults).first(kKind.count),
          .min_outputs = 1,
          .attrs = attrs,
          .infer = [](InferContext& context) { return infer_decomposition(context, kKind); },
          .eval = [](KernelContext& context) { return eval_decomposition(context, kKind); }};
}

constexpr OpDef kOps[] = {
    row<kCholesky>("Cholesky"),
    row<kEigh>("Eigh"),
    row<kLu>("LU"),
    row<kExponential>("MatrixExp"),
    row<kQr>("QR"),
    row<kTriangular>("SolveTriangular", 2, &attrs_schema<TriangularAttrs>),
    row<kSvd>("Svd"),
};

}  // namespace

std::span<const OpDef> linalg_ops() { return kOps; }

}  // namespace thane
