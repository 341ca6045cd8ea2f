// Sparse tensors as three dense ones: indices [n, rank], values [n], shape [rank].
#include <algorithm>

#include "base/format.h"
#include "formats/tensorflow/call.h"

namespace thane::tensorflow {
namespace sparse_ops {
namespace {

void to_dense(Call& call) {
  // indices (scalar, vector or matrix), shape, values, default
  Edge indices = call.to_int64(call.in(0)), values = call.in(2);
  const Edge shape = call.to_int64(call.in(1)), fallback = call.in(3);
  if (call.failed()) return;
  const int64_t rank = call.rank(indices);
  if (rank == 0) indices = call.reshape(indices, Dims{1, 1});
  if (rank == 1) indices = call.unsqueeze(indices, {1});
  const Edge base = call.emit("Expand", {fallback, shape});
  values = call.emit("Expand", {values, call.dim_of(indices, 0)});
  call.out(call.emit("ScatterND", {base, indices, values}));
}

// Sparse × dense: rows of the dense matrix, weighted and added.
void dense_product(Call& call) {
  const Edge indices = call.to_int64(call.in(0)), values = call.in(1), shape = call.to_int64(call.in(2));
  Edge dense = call.in(3);
  const bool adjoint_a = call.b("adjoint_a");
  if (call.b("adjoint_b")) dense = call.transpose(dense, {1, 0});
  const auto column = [&](int64_t i) { return call.squeeze(call.slice(indices, {i}, {i + 1}, {1}), {1}); };
  const Edge rows = column(adjoint_a ? 1 : 0), columns = column(adjoint_a ? 0 : 1);
  const Edge terms = call.mul(call.gather(dense, columns, 0), call.unsqueeze(values, {1}));
  const Edge count = call.squeeze(call.slice(shape, {adjoint_a ? 1 : 0}, {adjoint_a ? 2 : 1}, {0}), {0});
  call.out(call.own("SegmentReduce", {terms, rows, count}, {{"reduction", std::string("sum")}}));
}

// Positions as one number each, row-major.
Edge flat_positions(Call& call, const Edge& indices, const Edge& shape) {
  const Edge strides =
      call.emit("CumProd", {shape, call.int_edge(0)}, {{"exclusive", int64_t{1}}, {"reverse", int64_t{1}}});
  return call.reduce("ReduceSum", call.mul(indices, strides), {1}, false);
}
Edge spread(Call& call, const Edge& flat, const Edge& shape) {
  const Edge strides =
      call.emit("CumProd", {shape, call.int_edge(0)}, {{"exclusive", int64_t{1}}, {"reverse", int64_t{1}}});
  return call.emit("Mod", {call.div(call.unsqueeze(flat, {1}), strides), shape});
}

void sparse_reshape(Call& call) {
  const Edge indices = call.to_int64(call.in(0)), shape = call.to_int64(call.in(1));
  Edge wanted = call.to_int64(call.in(2));
  // One length may be open.
  const Edge total = call.reduce("ReduceProd", shape, {0}, false),
             given = call.reduce("ReduceProd", wanted, {0}, false);
  const Edge open = call.emit("Equal", {wanted, call.int_edge(-1)});
  wanted = call.emit("Where", {open, call.div(total, call.emit("Neg", {given})), wanted});
  call.out(0, spread(call, flat_positions(call, indices, shape), wanted));
  call.out(1, wanted);
}

void reorder(Call& call) {
  const Edge indices = call.to_int64(call.in(0)), values = call.in(1), shape = call.to_int64(call.in(2));
  const Edge flat = flat_positions(call, indices, shape);
  const auto sorted =
      call.emit_many("TopK", {flat, call.dim_of(flat, 0)}, 2, {{"largest", int64_t{0}}, {"axis", int64_t{0}}});
  call.out(0, call.gather(indices, sorted[1], 0));
  call.out(1, call.gather(values, sorted[1], 0));
}

void fill_empty_rows(Call& call) {
  const Edge indices = call.to_int64(call.in(0)), values = call.in(1), shape = call.to_int64(call.in(2)),
             fallback = call.in(3);
  const Edge rows = call.squeeze(call.slice(indices, {0}, {1}, {1}), {1});
  const Edge count = call.slice(shape, {0}, {1}, {0});
  const Edge ones = call.emit("Expand", {call.int_edge(1), call.dim_of(indices, 0)});
  const Edge present =
      call.own("SegmentReduce", {ones, rows, call.squeeze(count, {0})}, {{"reduction", std::string("sum")}});
  const Edge empty = call.emit("Equal", {present, call.int_edge(0)});
  const Edge missing = call.squeeze(call.emit("NonZero", {empty}), {0});
  // A value in the first column of each empty row; then everything in order again.
  const Edge first = call.concat(
      {call.unsqueeze(missing, {1}),
       call.emit("Expand",
                 {call.int_edge(0),
                  call.concat({call.dim_of(missing, 0), call.sub(call.dim_of(shape, 0), call.int_edge(1))}, 0)})},
      1);
  const Edge all = call.concat({indices, first}, 0);
  const Edge all_values = call.concat({values, call.emit("Expand", {fallback, call.dim_of(missing, 0)})}, 0);
  const Edge flat = flat_positions(call, all, shape);
  const auto sorted =
      call.emit_many("TopK", {flat, call.dim_of(flat, 0)}, 2, {{"largest", int64_t{0}}, {"axis", int64_t{0}}});
  call.out(0, call.gather(all, sorted[1], 0));
  call.out(1, call.gather(all_values, sorted[1], 0));
  call.out(2, empty);
  // Where each of the old values went.
  const Edge positions =
      call.emit("Range", {call.int_edge(0), call.squeeze(call.dim_of(flat, 0), {0}), call.int_edge(1)});
  const Edge inverse = call.emit("ScatterElements", {positions, sorted[1], positions});
  call.out(3, call.emit("Slice", {inverse, call.ints_edge({0}), call.dim_of(indices, 0), call.ints_edge({0})}));
}

// Crosses of dense features alone, which is what preprocessing layers make.
void cross(Call& call) {
  if (call.i("N") != 0) return call.fail(unsupported("it crosses sparse features"));
  if (!call.b("hashed_output")) return call.fail(unsupported("it joins features as text"));
  std::vector<Edge> features = call.all_in();
  for (Edge& edge : features) {
    if (call.dtype(edge) != DType::kString) edge = call.to_int64(edge);
  }
  const Edge crossed =
      call.own("HashCross", features, {{"buckets", call.i("num_buckets")}, {"key", call.i("hash_key")}});
  // Every place is taken: positions count up row by row.
  const Edge shape = call.shape_of(crossed);
  const Edge total = call.reduce("ReduceProd", shape, {0}, false);
  const Edge flat = call.emit("Range", {call.int_edge(0), total, call.int_edge(1)});
  call.out(0, spread(call, flat, shape));
  call.out(1, call.reshape(crossed, Dims{-1}));
  call.out(2, shape);
}

constexpr OpRow kRows[] = {
    {"SparseToDense", to_dense}, {"SparseTensorDenseMatMul", dense_product}, {"SparseReshape", sparse_reshape},
    {"SparseReorder", reorder},  {"SparseFillEmptyRows", fill_empty_rows},   {"SparseCross", cross},
};

}  // namespace
}  // namespace sparse_ops

std::span<const OpRow> sparse_rows() { return sparse_ops::kRows; }

}  // namespace thane::tensorflow
