// Operators that pick or place elements by index.
#include <algorithm>

#include "base/format.h"
#include "formats/tflite/builtins.h"
#include "formats/tflite/hybrid.h"

namespace thane::tflite {
namespace indexing_ops {
namespace {

Edge indices_of(Op& op, size_t input) {
  const Edge indices = op.raw(input);
  return mask_of(indices.dtype()) & kIndexInts ? indices : op.to_int64(indices);
}

void lower_gather(Op& op) {
  const Edge x = op.raw(0), indices = indices_of(op, 1);
  int64_t axis = op.options().number<int32_t>(0), batch = op.options().number<int32_t>(1);
  const int rank = op.rank(x), index_rank = op.rank(indices);
  if (axis < 0) axis += rank;
  if (batch < 0) batch += index_rank;
  if (!op.check(axis >= 0 && axis < rank && batch >= 0 && batch <= axis && batch <= index_rank, "an axis out of range"))
    return;
  if (batch == 0) return op.set_raw(0, op("Gather", {x, indices}, {{"axis", axis}}));
  // Batches lead both: the axis comes to stand behind them, and each index becomes a tuple of one.
  Dims perm;
  for (int64_t i = 0; i < batch; ++i) perm.push_back(i);
  perm.push_back(axis);
  for (int64_t i = batch; i < rank; ++i) {
    if (i != axis) perm.push_back(i);
  }
  const Edge tuples = op("Unsqueeze", {op.to_int64(indices), op.list({-1})});
  const Edge picked = op("GatherND", {op.transpose(x, perm), tuples}, {{"batch_dims", batch}});
  // [batch…, before the axis…, indices…, after…] from [batch…, indices…, before…, after…].
  const int64_t own = index_rank - batch, before = axis - batch;
  Dims back;
  for (int64_t i = 0; i < batch; ++i) back.push_back(i);
  for (int64_t i = 0; i < before; ++i) back.push_back(batch + own + i);
  for (int64_t i = 0; i < own; ++i) back.push_back(batch + i);
  for (int64_t i = batch + own + before; i < rank - 1 + own; ++i) back.push_back(i);
  op.set_raw(0, op.transpose(picked, back));
}

void lower_gather_nd(Op& op) { op.set_raw(0, op("GatherND", {op.raw(0), op.to_int64(op.raw(1))})); }

Edge zeros(Op& op, const Edge& shape, DType dtype) { return op("Expand", {op.scalar(0, dtype), op.to_int64(shape)}); }

// Updates at one place add up.
void lower_scatter_nd(Op& op) {
  const Edge indices = op.to_int64(op.raw(0)), updates = op.raw(1);
  const bool is_bool = updates.dtype() == DType::kBool;
  const Edge numbers = is_bool ? op.cast(updates, DType::kUInt8) : updates;
  const Edge y = op("ScatterND", {zeros(op, op.raw(2), numbers.dtype()), indices, numbers},
                    {{"reduction", std::string(is_bool ? "max" : "add")}});
  op.set_raw(0, op.cast(y, updates.dtype()));
}

void lower_sparse_to_dense(Op& op) {
  Edge indices = op.to_int64(op.raw(0));
  const Edge shape = op.raw(1), values = op.raw(2), fallback = op.reshape(op.raw(3), Dims{});
  const Dim rank = op.dim(shape, 0);
  if (!rank.is_number()) return op.unsupported_form("an unknown rank");
  if (op.rank(indices) < 2) indices = op.reshape(indices, Dims{-1, rank.number()});
  const Edge count = op("Slice", {op.shape(indices), op.list({0}), op.list({1})});
  const Edge all = op("Expand", {values, count});
  op.set_raw(0, op("ScatterND", {op("Expand", {fallback, op.to_int64(shape)}), indices, all}));
}

// Indices of what is true, a row each.
void lower_where(Op& op) {
  const Edge x = op.raw(0);
  op.set_raw(0, op.transpose(op("NonZero", {x}), {1, 0}));
}

void lower_one_hot(Op& op) {
  const Edge on = op.reshape(op.raw(2), Dims{1}), off = op.reshape(op.raw(3), Dims{1});
  const Edge values = op("Concat", {off, on}, {{"axis", int64_t{0}}});
  int64_t axis = op.options().number<int32_t>(0);
  const Edge depth = op.reshape(op.to_int64(op.raw(1)), Dims{});
  // Indices out of range give nothing; ONNX counts negative ones from the end.
  const Edge indices = op.to_int64(op.raw(0));
  const Edge safe = op("Where", {op("Less", {indices, op.number(0)}), depth, indices});
  op.set_raw(0, op("OneHot", {safe, depth, values}, {{"axis", axis}}));
}

void lower_embedding_lookup(Op& op) {
  const Edge ids = indices_of(op, 0), table = op.raw(1);
  const TensorInfo& info = op.tensor(1);
  const bool real = op.wants(0) && (mask_of(op.result().dtype) & kFloats);
  if (!real || !is_quantized(info)) return op.set_raw(0, op("Gather", {table, ids}, {{"axis", int64_t{0}}}));
  if (info.quantization.block_size > 0 || info.quantization.per_axis()) {
    const Edge reals = info.quantization.block_size > 0 ? dequantized_blocks(op, 1) : op.dequantized(table, info);
    return op.set_raw(0, op("Gather", {reals, ids}, {{"axis", int64_t{0}}}));
  }
  op.set_raw(0, op.dequantized(op("Gather", {table, ids}, {{"axis", int64_t{0}}}), info));
}

// Rows of `data` joined by equal segment numbers. kSegments: how many, known or the last number plus one.
void segments(Op& op, std::string_view reduction, double start, const Edge& count) {
  const Edge x = op.in(0), ids = op.to_int64(op.raw(1));
  const int rank = op.rank(x), id_rank = op.rank(ids);
  if (!op.check(id_rank >= 1 && id_rank <= rank, "segment numbers of a higher rank than the data")) return;
  const Edge rest = op("Shape", {x}, {{"start", int64_t{id_rank}}});
  const Edge shape = op("Concat", {op.reshape(count, Dims{1}), rest}, {{"axis", int64_t{0}}});
  const Edge base = op("Expand", {op.scalar(start, x.dtype()), shape});
  // Negative segments are dropped: they go to a row of their own, cut off afterwards.
  const Edge more = op(
      "Concat",
      {base, op("Expand", {op.scalar(start, x.dtype()), op("Concat", {op.list({1}), rest}, {{"axis", int64_t{0}}})})},
      {{"axis", int64_t{0}}});
  const Edge last = op.reshape(count, Dims{});
  const Edge rows = op("Where", {op("Less", {ids, op.number(0)}), last, ids});
  const Edge joined =
      op("ScatterND", {more, op("Unsqueeze", {rows, op.list({-1})}), x}, {{"reduction", std::string(reduction)}});
  op.done(op("Slice", {joined, op.list({0}), op.list({-1}), op.list({0})}));
}

void lower_segment_sum(Op& op) {
  const Edge ids = op.to_int64(op.raw(1));
  const Edge last =
      op("ReduceMax", {op("Concat", {ids, op.list({-1})}, {{"axis", int64_t{0}}})}, {{"keepdims", int64_t{0}}});
  segments(op, "add", 0, op("Add", {last, op.number(1)}));
}

double lowest(DType dtype) {
  switch (dtype) {
    case DType::kFloat32: return -3.4028234663852886e38;
    case DType::kInt32: return -2147483648.0;
    case DType::kInt64: return -9223372036854775808.0;
    default: return 0;
  }
}
double highest(DType dtype) {
  switch (dtype) {
    case DType::kFloat32: return 3.4028234663852886e38;
    case DType::kInt32: return 2147483647.0;
    case DType::kInt64: return 9223372036854775807.0;
    default: return 0;
  }
}
enum class SegmentKind { kSum, kProd, kMax, kMin };
template <SegmentKind kKind>
void lower_unsorted_segments(Op& op) {
  static constexpr std::string_view kNames[] = {"add", "mul", "max", "min"};
  const DType dtype = op.raw(0).dtype();
  const double start = kKind == SegmentKind::kSum    ? 0
                       : kKind == SegmentKind::kProd ? 1
                       : kKind == SegmentKind::kMax  ? lowest(dtype)
                                                     : highest(dtype);
  segments(op, kNames[static_cast<size_t>(kKind)], start, op.to_int64(op.raw(2)));
}

// Values in the order of first occurrence, and where each element went.
void lower_unique(Op& op) {
  const auto results =
      op.many({.op = "Unique", .inputs = {op.raw(0)}, .outputs = 3, .attrs = {{"sorted", int64_t{0}}}});
  op.set_raw(0, results[0]);
  if (op.wants(1)) op.set_raw(1, op.cast(results[2], op.result(1).dtype));
}

// --- matrices with a diagonal

// A mask of the diagonal of the last two axes.
Edge diagonal_mask(Op& op, const Edge& rows, const Edge& columns) {
  const auto count = [&](const Edge& n) { return op("Range", {op.number(0), op.reshape(n, Dims{}), op.number(1)}); };
  return op("Equal", {op("Unsqueeze", {count(rows), op.list({1})}), count(columns)});
}

void lower_matrix_diag(Op& op) {
  const Edge x = op.raw(0);
  const Edge n = op("Shape", {x}, {{"start", int64_t{-1}}});
  op.set_raw(0, op("Where", {diagonal_mask(op, n, n), op("Unsqueeze", {x, op.list({-1})}), op.scalar_like(0, x)}));
}

void lower_matrix_set_diag(Op& op) {
  const Edge x = op.raw(0), diagonal = op.raw(1);
  const Edge rows = op("Shape", {x}, {{"start", int64_t{-2}}, {"end", int64_t{-1}}}),
             columns = op("Shape", {x}, {{"start", int64_t{-1}}});
  // One column that broadcasts along the rows: row i has the diagonal's element i. Short diagonals need filling up.
  Edge column = op("Unsqueeze", {diagonal, op.list({-1})});
  const Edge missing = op("Sub", {rows, op("Shape", {diagonal}, {{"start", int64_t{-1}}})});
  column = op("Pad", {column, op("Concat", {op.list({0}), missing}, {{"axis", int64_t{0}}}), Edge{}, op.list({-2})});
  op.set_raw(0, op("Where", {diagonal_mask(op, rows, columns), column, x}));
}

// --- boxes

template <bool kSoft>
void lower_non_max_suppression(Op& op) {
  const Edge boxes = op.in(0), scores = op.in(1);
  const auto scalar = [&](size_t i) { return op.reshape(op.raw(i), Dims{}); };
  std::vector<Edge> inputs = {boxes, scores, op.to_int64(scalar(2)), scalar(3), scalar(4)};
  if (kSoft) inputs.push_back(scalar(5));
  const auto results = op.many({.op = "BoxSelection", .inputs = inputs, .outputs = 3, .domain = Domain::kThane});
  op.set_raw(0, results[0]);
  if (kSoft) op.set_raw(1, results[1]);
  op.set_raw(kSoft ? 2 : 1, results[2]);
}

void lower_bucketize(Op& op) {
  const Edge x = op.raw(0);
  const auto boundaries = op.options().numbers<float>(0);
  // How many boundaries are at most x.
  const Edge limits = op.cast(op.constant(Tensor::vector<float>(boundaries)), DType::kFloat32);
  const Edge at_most = op("LessOrEqual", {limits, op("Unsqueeze", {op.cast(x, DType::kFloat32), op.list({-1})})});
  op.set_raw(
      0, op.cast(op("ReduceSum", {op.to_int64(at_most), op.list({-1})}, {{"keepdims", int64_t{0}}}), DType::kInt32));
}

// Old-style tables: keys sorted, a row of values each; rows of zeros and a hit of 0 where there is none.
void lower_hashtable_lookup(Op& op) {
  const Edge lookup = op.raw(0), keys = op.raw(1), values = op.raw(2);
  const Edge same = op("Equal", {op("Unsqueeze", {lookup, op.list({1})}), keys});  // [lookups, keys]
  const Edge numbers = op.cast(same, DType::kInt32);
  const Edge place = op("ArgMax", {numbers}, {{"axis", int64_t{1}}, {"keepdims", int64_t{0}}});
  const Edge hit = op("ReduceMax", {numbers, op.list({1})}, {{"keepdims", int64_t{0}}});
  const Edge rows = op("Gather", {values, place}, {{"axis", int64_t{0}}});
  if (values.dtype() == DType::kString) {
    op.set_raw(0, op("Where", {op.cast(hit, DType::kBool), rows, op.constant(Tensor::scalar(std::string()))}));
  } else {
    Edge mask = op.cast(hit, DType::kBool);
    Dims axes;
    for (int i = 1; i < op.rank(values); ++i) axes.push_back(i);
    if (!axes.empty()) mask = op("Unsqueeze", {mask, op.list(axes)});
    op.set_raw(0, op("Where", {mask, rows, op.scalar_like(0, values)}));
  }
  op.set_raw(1, op.cast(hit, DType::kUInt8));
}

// Weighted sums, means or root-means of table rows, by rows of a sparse matrix of ids.
void lower_embedding_lookup_sparse(Op& op) {
  const Edge ids = indices_of(op, 0), indices = op.to_int64(op.raw(1)), shape = op.to_int64(op.raw(2));
  const Edge weights = op.in(3), table = op.in(4);
  const int combiner = op.options().number<int8_t>(0);
  const Dim depth = op.dim(indices, 1);
  if (!depth.is_number() || depth.number() < 1) return op.unsupported_form("an unknown rank");
  const int64_t lookup = depth.number() - 1;
  const Edge outer = op("Slice", {shape, op.list({0}), op.list({lookup})});
  const Edge at = op("Slice", {indices, op.list({0}), op.list({lookup}), op.list({1})});
  const Edge rows = op("Gather", {table, ids}, {{"axis", int64_t{0}}});
  Dims trailing;
  for (int i = 1; i < op.rank(table); ++i) trailing.push_back(i);
  const Edge column = op("Unsqueeze", {weights, op.list(trailing)});
  const auto scattered = [&](const Edge& values, const Edge& inner) {
    const Edge base =
        op("Expand", {op.scalar(0, DType::kFloat32), op("Concat", {outer, inner}, {{"axis", int64_t{0}}})});
    return op("ScatterND", {base, at, values}, {{"reduction", std::string("add")}});
  };
  const Edge sum = scattered(op("Mul", {rows, column}), op("Shape", {table}, {{"start", int64_t{1}}}));
  if (combiner == 0) return op.done(sum);
  const Edge factors = combiner == 1 ? column : op("Mul", {column, column});
  Edge total = scattered(factors, op.list(Dims(trailing.size(), 1)));
  if (combiner == 2) total = op("Sqrt", {total});
  const Edge zero = op.scalar(0, DType::kFloat32);
  op.done(op("Where", {op("Equal", {total, zero}), zero, op("Div", {sum, total})}));
}

constexpr Builtin kRows[] = {
    {7, "EMBEDDING_LOOKUP", 0, lower_embedding_lookup},
    {10, "HASHTABLE_LOOKUP", 0, lower_hashtable_lookup},
    {33, "EMBEDDING_LOOKUP_SPARSE", 20, lower_embedding_lookup_sparse},
    {36, "GATHER", 23, lower_gather},
    {68, "SPARSE_TO_DENSE", 50, lower_sparse_to_dense},
    {85, "ONE_HOT", 61, lower_one_hot},
    {103, "UNIQUE", 80, lower_unique},
    {107, "GATHER_ND", 0, lower_gather_nd},
    {109, "WHERE", 0, lower_where},
    {113, "MATRIX_DIAG", 0, lower_matrix_diag},
    {115, "MATRIX_SET_DIAG", 0, lower_matrix_set_diag},
    {120, "NON_MAX_SUPPRESSION_V4", 0, lower_non_max_suppression<false>},
    {121, "NON_MAX_SUPPRESSION_V5", 0, lower_non_max_suppression<true>},
    {122, "SCATTER_ND", 0, lower_scatter_nd},
    {125, "SEGMENT_SUM", 0, lower_segment_sum},
    {147, "BUCKETIZE", 115, lower_bucketize},
    {153, "UNSORTED_SEGMENT_PROD", 0, lower_unsorted_segments<SegmentKind::kProd>},
    {154, "UNSORTED_SEGMENT_MAX", 0, lower_unsorted_segments<SegmentKind::kMax>},
    {155, "UNSORTED_SEGMENT_SUM", 0, lower_unsorted_segments<SegmentKind::kSum>},
    {157, "UNSORTED_SEGMENT_MIN", 0, lower_unsorted_segments<SegmentKind::kMin>},
};

}  // namespace
}  // namespace indexing_ops

std::span<const Builtin> indexing_builtins() { return indexing_ops::kRows; }

}  // namespace thane::tflite
