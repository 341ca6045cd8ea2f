// Matrices: bands, diagonals, inverses and factors.
#include <algorithm>
#include <numeric>

#include "base/format.h"
#include "formats/tensorflow/call.h"

namespace thane::tensorflow {
namespace linalg_ops {
namespace {

Edge transposed(Call& call, const Edge& x) {
  const int64_t rank = call.rank(x);
  if (rank < 2) return x;
  Dims perm(static_cast<size_t>(rank));
  std::iota(perm.begin(), perm.end(), 0);
  std::swap(perm[perm.size() - 1], perm[perm.size() - 2]);
  return call.transpose(x, perm);
}

void band_part(Call& call) {
  Edge x = call.in(0);
  const auto lower = call.known_ints(1), upper = call.known_ints(2);
  if (!lower || !upper) return call.need_shapes("its bands are not known before running");
  // A negative number of diagonals keeps all.
  if ((*upper)[0] >= 0) x = call.emit("Trilu", {x, call.int_edge((*upper)[0])}, {{"upper", int64_t{0}}});
  if ((*lower)[0] >= 0) x = call.emit("Trilu", {x, call.int_edge(-(*lower)[0])}, {{"upper", int64_t{1}}});
  call.out(x);
}

// [n] true where row + offset = column.
Edge diagonal_mask(Call& call, const Edge& rows, const Edge& columns, int64_t offset) {
  const Edge r = call.emit("Range", {call.int_edge(0), rows, call.int_edge(1)});
  const Edge c = call.emit("Range", {call.int_edge(0), columns, call.int_edge(1)});
  return call.emit("Equal", {call.add(call.unsqueeze(r, {1}), call.int_edge(offset)), call.unsqueeze(c, {0})});
}

void matrix_diag(Call& call) {
  const Edge diagonal = call.in(0);
  int64_t k = 0;
  Edge padding = call.like(0, diagonal);
  if (call.size() > 1) {
    const Dims offsets = call.need_ints(1);
    if (offsets.size() > 1 && offsets[0] != offsets[1]) return call.fail(unsupported("several diagonals at once"));
    if (!offsets.empty()) k = offsets[0];
    const auto rows = call.known_ints(2), columns = call.known_ints(3);
    if ((rows && (*rows)[0] != -1) || (columns && (*columns)[0] != -1))
      return call.fail(unsupported("a matrix of a given size"));
    padding = call.in(4);
  }
  if (call.failed()) return;
  const Edge n = call.squeeze(call.dim_of(diagonal, -1), {0});
  const Edge size = call.add(n, call.int_edge(k < 0 ? -k : k));
  // Along the columns for k ≥ 0: moved by k, else the rows move.
  const Edge mask = diagonal_mask(call, size, size, k);
  Edge moved = diagonal;
  if (k != 0) {
    const int64_t rank = call.rank(diagonal);
    Dims pads(static_cast<size_t>(2 * rank), 0);
    pads[static_cast<size_t>(k > 0 ? 2 * rank - 1 : 2 * rank - 1)] = k < 0 ? -k : k;
    moved = call.emit("Pad", {diagonal, call.ints_edge(pads)});
  }
  // Entry i stands in row i (k ≥ 0) or column i.
  const Edge values = k >= 0 ? call.unsqueeze(moved, {-1}) : call.unsqueeze(moved, {-2});
  call.out(call.emit("Where", {mask, values, padding}));
}

void matrix_diag_part(Call& call) {
  const Edge x = call.in(0);
  int64_t k = 0;
  if (call.size() > 1) {
    const Dims offsets = call.need_ints(1);
    if (offsets.size() > 1 && offsets[0] != offsets[1]) return call.fail(unsupported("several diagonals at once"));
    if (!offsets.empty()) k = offsets[0];
  }
  const Edge rows = call.squeeze(call.dim_of(x, -2), {0}), columns = call.squeeze(call.dim_of(x, -1), {0});
  const Edge r = call.int_edge(k < 0 ? -k : 0), c = call.int_edge(k > 0 ? k : 0);
  const Edge n = call.emit("Min", {call.sub(rows, r), call.sub(columns, c)});
  const Edge positions = call.emit("Range", {call.int_edge(0), n, call.int_edge(1)});
  // Over the matrix laid out as one row.
  const Edge flat_positions = call.add(call.mul(call.add(positions, r), columns), call.add(positions, c));
  const Edge shape = call.concat({call.emit("Shape", {x}, {{"end", int64_t{-2}}}), call.ints_edge({-1})}, 0);
  call.out(call.gather(call.reshape(x, shape), flat_positions, -1));
}

void matrix_set_diag(Call& call) {
  const Edge x = call.in(0), diagonal = call.in(1);
  int64_t k = 0;
  if (call.size() > 2) {
    const Dims offsets = call.need_ints(2);
    if (offsets.size() > 1 && offsets[0] != offsets[1]) return call.fail(unsupported("several diagonals at once"));
    if (!offsets.empty()) k = offsets[0];
  }
  if (k != 0) return call.fail(unsupported("a diagonal beside the main one"));
  const Edge rows = call.squeeze(call.dim_of(x, -2), {0}), columns = call.squeeze(call.dim_of(x, -1), {0});
  const Dim r = call.dim(x, -2), c = call.dim(x, -1);
  if (call.failed()) return;
  // Entry i in row i: padded to as many rows.
  Edge values = call.unsqueeze(diagonal, {-1});
  if (!(r == c)) {
    if (!r.is_number() || !c.is_number())
      return call.need_shapes("the shape of its matrices is not known before running");
    if (r.number() > c.number()) {
      const int64_t rank = call.rank(values);
      Dims pads(static_cast<size_t>(2 * rank), 0);
      pads[static_cast<size_t>(2 * rank - 2)] = r.number() - c.number();
      values = call.emit("Pad", {values, call.ints_edge(pads)});
    }
  }
  call.out(call.emit("Where", {diagonal_mask(call, rows, columns, 0), values, x}));
}

// Tensors of any rank: the diagonal of the square matrix that they are laid out as.
void diag(Call& call) {
  const Edge x = call.in(0);
  const Edge flat = call.reshape(x, Dims{-1});
  const Edge n = call.emit("Size", {x});
  const Edge matrix = call.emit("Where", {diagonal_mask(call, n, n, 0), call.unsqueeze(flat, {-1}), call.like(0, x)});
  const Edge shape = call.shape_of(x);
  call.out(call.reshape(matrix, call.concat({shape, shape}, 0)));
}
void diag_part(Call& call) {
  const Edge x = call.in(0);
  const int64_t rank = call.rank(x);
  if (call.failed()) return;
  const Edge shape = call.emit("Shape", {x}, {{"end", rank / 2}});
  const Edge n = call.reduce("ReduceProd", shape, {0}, false);
  const Edge positions = call.emit("Range", {call.int_edge(0), n, call.int_edge(1)});
  const Edge picked = call.gather(call.reshape(x, Dims{-1}), call.mul(positions, call.add(n, call.int_edge(1))), 0);
  call.out(call.reshape(picked, shape));
}

void cross(Call& call) {
  const Edge a = call.in(0), b = call.in(1);
  const auto part = [&](const Edge& x, int64_t i) { return call.slice(x, {i}, {i + 1}, {-1}); };
  const auto entry = [&](int64_t i, int64_t j) {
    return call.sub(call.mul(part(a, i), part(b, j)), call.mul(part(a, j), part(b, i)));
  };
  call.out(call.concat({entry(1, 2), entry(2, 0), entry(0, 1)}, -1));
}

void inverse(Call& call) {
  Edge x = call.in(0);
  if (call.b("adjoint")) x = transposed(call, x);
  call.out(call.own("Inverse", {x}));
}
void determinant(Call& call) { call.out(call.emit("Det", {call.in(0)})); }
void log_determinant(Call& call) {
  const Edge value = call.emit("Det", {call.in(0)});
  call.out(0, call.emit("Sign", {value}));
  call.out(1, call.emit("Log", {call.emit("Abs", {value})}));
}
void solve(Call& call) {
  Edge a = call.in(0);
  if (call.b("adjoint")) a = transposed(call, a);
  call.out(call.emit("MatMul", {call.own("Inverse", {a}), call.in(1)}));
}
void triangular_solve(Call& call) {
  const bool lower = call.b("lower", true);
  Edge a = call.emit("Trilu", {call.in(0)}, {{"upper", int64_t{!lower}}});
  if (call.b("adjoint")) a = transposed(call, a);
  call.out(call.emit("MatMul", {call.own("Inverse", {a}), call.in(1)}));
}

constexpr OpRow kRows[] = {
    {"MatrixBandPart", band_part},
    {"MatrixDiag", matrix_diag},
    {"MatrixDiagV2", matrix_diag},
    {"MatrixDiagV3", matrix_diag},
    {"MatrixDiagPart", matrix_diag_part},
    {"MatrixDiagPartV2", matrix_diag_part},
    {"MatrixDiagPartV3", matrix_diag_part},
    {"MatrixSetDiag", matrix_set_diag},
    {"MatrixSetDiagV2", matrix_set_diag},
    {"MatrixSetDiagV3", matrix_set_diag},
    {"Diag", diag},
    {"DiagPart", diag_part},
    {"Cross", cross},
    {"MatrixInverse", inverse},
    {"BatchMatrixInverse", inverse},
    {"MatrixDeterminant", determinant},
    {"LogMatrixDeterminant", log_determinant},
    {"MatrixSolve", solve},
    {"MatrixTriangularSolve", triangular_solve},
};

}  // namespace
}  // namespace linalg_ops

std::span<const OpRow> linalg_rows() { return linalg_ops::kRows; }

}  // namespace thane::tensorflow
