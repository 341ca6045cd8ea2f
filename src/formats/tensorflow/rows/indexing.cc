// Gathers, scatters, orders and sets.
#include <algorithm>
#include <numeric>

#include "base/format.h"
#include "formats/tensorflow/call.h"

namespace thane::tensorflow {
namespace indexing_ops {
namespace {

// Gather along `axis` where the first `batch` axes of data and indices run together.
Edge gather_batched(Call& call, const Edge& data, const Edge& indices, int64_t axis, int64_t batch) {
  if (batch == 0) return call.gather(data, indices, axis);
  // The axis goes right behind the batch axes; then GatherND picks by one-number tuples.
  const int64_t rank = call.rank(data);
  Dims perm(static_cast<size_t>(rank));
  std::iota(perm.begin(), perm.end(), 0);
  perm.erase(perm.begin() + axis);
  perm.insert(perm.begin() + batch, axis);
  Edge picked = call.emit("GatherND", {call.transpose(data, perm), call.unsqueeze(call.to_int64(indices), {-1})},
                          {{"batch_dims", batch}});
  // Result: batch, indices, then the axes between batch and axis, then the rest. The indices' go where the axis was.
  const int64_t index_axes = call.rank(indices) - batch, between = axis - batch;
  if (between == 0 || call.failed()) return picked;
  Dims back;
  for (int64_t i = 0; i < batch; ++i) back.push_back(i);
  for (int64_t i = 0; i < between; ++i) back.push_back(batch + index_axes + i);
  for (int64_t i = 0; i < index_axes; ++i) back.push_back(batch + i);
  for (int64_t i = batch + index_axes + between; i < call.rank(picked); ++i) back.push_back(i);
  return call.transpose(picked, back);
}

void gather_v2(Call& call) {
  const Dims axes = call.need_ints(2);
  const bool complex = call.is_complex(0);
  const Edge data = complex ? call.item(0).edge : call.in(0), indices = call.in(1);
  int64_t batch = call.i("batch_dims");
  if (call.failed() || axes.size() != 1) return;
  if (batch < 0) batch += call.rank(indices);
  int64_t axis = axes[0] < 0 && complex ? axes[0] - 1 : axes[0];
  if (axis < 0 && batch != 0) axis = call.axis(axis, data);
  if (call.failed()) return;
  const Edge y = gather_batched(call, data, indices, axis, batch);
  call.set(0, {complex ? Item::Kind::kComplex : Item::Kind::kTensor, y, 0});
}
void gather(Call& call) { call.out(call.gather(call.in(0), call.in(1), 0)); }
void resource_gather(Call& call) {
  const Item handle = call.item(0);
  if (handle.kind != Item::Kind::kVariable) return call.fail(invalid_model("its input is no variable"));
  const Edge data = call.in(0);
  const int64_t batch = call.i("batch_dims");
  call.out(gather_batched(call, data, call.in(1), batch, batch));
}
void gather_nd(Call& call) { call.out(call.emit("GatherND", {call.in(0), call.to_int64(call.in(1))})); }
void resource_gather_nd(Call& call) { call.out(call.emit("GatherND", {call.in(0), call.to_int64(call.in(1))})); }

void scatter_nd(Call& call) {
  const Edge indices = call.to_int64(call.in(0)), updates = call.in(1), shape = call.to_int64(call.in(2));
  if (call.failed()) return;
  const Edge zeros = call.emit(
      "Expand", {call.number(0, call.dtype(updates) == DType::kBool ? DType::kBool : call.dtype(updates)), shape});
  if (call.dtype(updates) == DType::kBool) return call.out(call.emit("ScatterND", {zeros, indices, updates}));
  call.out(call.emit("ScatterND", {zeros, indices, updates}, {{"reduction", std::string("add")}}));
}
// TensorScatter*: the row's target is the reduction.
void tensor_scatter(Call& call) {
  Edge updates = call.in(2);
  std::string reduction(call.row.target);
  if (reduction == "sub") {
    updates = call.emit("Neg", {updates});
    reduction = "add";
  }
  const Edge data = call.in(0), indices = call.to_int64(call.in(1));
  if (call.has_rank(indices) && call.has_rank(data)) {
    // Updates may be one number for all.
    const int64_t tuple = call.dim(indices, -1).is_number() ? call.dim(indices, -1).number() : -1;
    if (tuple >= 0 && call.has_rank(updates) && call.rank(updates) == 0) {
      const Edge shape = call.concat(
          {call.emit("Shape", {indices}, {{"end", int64_t{-1}}}), call.emit("Shape", {data}, {{"start", tuple}})}, 0);
      updates = call.emit("Expand", {updates, shape});
    }
  }
  call.out(call.emit("ScatterND", {data, indices, updates}, {{"reduction", reduction}}));
}

void top_k(Call& call) {
  Edge k = call.node.op == "TopK" ? call.int_edge(call.i("k")) : call.to_int64(call.in(1));
  const auto outputs = call.emit_many("TopK", {call.in(0), call.reshape(k, Dims{1})}, 2,
                                      {{"axis", int64_t{-1}}, {"sorted", int64_t{1}}});
  call.out(0, outputs[0]);
  call.out(1, call.cast(outputs[1], call.type("index_type", DType::kInt32)));
}
void nth_element(Call& call) {
  const Edge x = call.in(0), n = call.to_int64(call.in(1));
  const Edge length = call.dim_of(x, -1);
  const auto sorted =
      call.emit_many("TopK", {x, length}, 2, {{"axis", int64_t{-1}}, {"largest", int64_t{call.b("reverse")}}});
  call.out(call.gather(sorted[0], n, -1));
}

void unique(Call& call) {
  AttrMap attrs = {{"sorted", int64_t{0}}};
  if (call.node.op.find("V2") != std::string_view::npos) {
    const Dims axes = call.need_ints(1);
    if (axes.size() == 1) attrs.emplace("axis", axes[0]);
  }
  Edge x = call.in(0);
  const auto outputs = call.emit_many("Unique", {x}, 4, attrs);
  const DType index = call.type("out_idx", DType::kInt32);
  call.out(0, outputs[0]);
  call.out(1, call.cast(outputs[2], index));
  if (call.node.op.find("WithCounts") != std::string_view::npos) call.out(2, call.cast(outputs[3], index));
}

// Elements of x that are not in y, and where they were.
void list_diff(Call& call) {
  const Edge x = call.in(0), y = call.in(1);
  const Edge equal = call.cast(call.emit("Equal", {call.unsqueeze(x, {1}), call.unsqueeze(y, {0})}), DType::kInt32);
  const Edge found = call.reduce("ReduceSum", equal, {1}, false);
  const Edge keep = call.emit("Equal", {found, call.like(0, found)});
  const Edge places = call.squeeze(call.emit("NonZero", {keep}), {0});
  call.out(0, call.gather(x, places, 0));
  call.out(1, call.cast(places, call.type("out_idx", DType::kInt32)));
}

// data of several inputs, each at its indices; later ones win.
void dynamic_stitch(Call& call) {
  const auto n = static_cast<size_t>(std::clamp<int64_t>(call.i("N", 1), 1, 1 << 16));
  if (call.size() < 2 * n) return call.fail(invalid_model("it has too few inputs"));
  std::vector<Edge> indices, data;
  for (size_t i = 0; i < n; ++i) {
    const Edge at = call.to_int64(call.in(i)), values = call.in(n + i);
    const int64_t rank = call.rank(at);
    if (call.failed()) return;
    indices.push_back(call.reshape(at, Dims{-1}));
    // The leading axes that belong to the indices become one.
    if (rank == 1) {
      data.push_back(values);
    } else {
      const Edge shape = call.concat({call.ints_edge({-1}), call.emit("Shape", {values}, {{"start", rank}})}, 0);
      data.push_back(call.reshape(values, shape));
    }
  }
  const Edge at = call.concat(indices, 0), values = call.concat(data, 0);
  const Edge size =
      call.add(call.emit("ReduceMax", {at, call.ints_edge({0})}, {{"keepdims", int64_t{1}}}), call.int_edge(1));
  const DType type = call.dtype(values);
  if (type == DType::kString) return call.fail(unsupported("of strings"));
  const Edge shape = call.concat({size, call.emit("Shape", {values}, {{"start", int64_t{1}}})}, 0);
  const Edge zeros = call.emit("Expand", {call.number(0, type), shape});
  call.out(call.emit("ScatterND", {zeros, call.unsqueeze(at, {1}), values}));
}

void dynamic_partition(Call& call) {
  const auto n = std::clamp<int64_t>(call.i("num_partitions", 1), 1, 1 << 16);
  Edge data = call.in(0), parts = call.in(1);
  const int64_t rank = call.rank(parts);
  if (call.failed()) return;
  if (rank != 1) {
    data = call.reshape(data, call.concat({call.ints_edge({-1}), call.emit("Shape", {data}, {{"start", rank}})}, 0));
    parts = call.reshape(parts, Dims{-1});
  }
  for (int64_t i = 0; i < n; ++i) {
    const Edge chosen = call.emit("Equal", {parts, call.like(static_cast<double>(i), parts)});
    call.out(static_cast<size_t>(i), call.emit("Compress", {data, chosen}, {{"axis", int64_t{0}}}));
  }
}

void boolean_count(Call& call) {  // Bincount, DenseBincount
  const Edge x = call.in(0), size = call.in(1), weights = call.in(2);
  call.out(call.own("Bincount", {x, size, weights}, {{"binary_output", int64_t{call.b("binary_output")}}}));
}

void search_sorted(Call& call) {
  const Edge y = call.own("SearchSorted", {call.in(0), call.in(1)}, {{"right", int64_t{call.row.target == "right"}}});
  call.out(call.cast(y, call.type("out_type", DType::kInt32)));
}
void bucketize(Call& call) {
  const AttrProto* boundaries = call.node.attr("boundaries");
  if (!boundaries) return call.fail(invalid_model("it has no boundaries"));
  const Edge x = call.in(0);
  const DType type = call.dtype(x);
  const DType wide =
      type == DType::kFloat64 || type == DType::kInt64 || type == DType::kInt32 ? DType::kFloat64 : DType::kFloat32;
  const Edge limits = call.cast(call.constant(Tensor::vector<float>(boundaries->reals)), wide);
  const Edge flat = call.reshape(call.cast(x, wide), Dims{1, -1});
  const Edge y = call.own("SearchSorted", {call.unsqueeze(limits, {0}), flat}, {{"right", int64_t{1}}});
  call.out(call.cast(call.reshape(y, call.shape_of(x)), DType::kInt32));
}

// Segment reductions: the row's target is the reduction.
void segment(Call& call) {
  const Edge data = call.in(0), ids = call.to_int64(call.in(1));
  const Edge last = call.emit("ReduceMax", {call.concat({ids, call.ints_edge({-1})}, 0), call.ints_edge({0})},
                              {{"keepdims", int64_t{0}}});
  call.out(
      call.own("SegmentReduce", {data, ids, call.add(last, call.int_edge(1))},
               {{"reduction", std::string(call.row.target)}, {"empty_is_zero", int64_t{call.row.target != "prod"}}}));
}
void unsorted_segment(Call& call) {
  const Edge data = call.in(0), ids = call.to_int64(call.in(1)), count = call.to_int64(call.in(2));
  call.out(call.own("SegmentReduce", {data, ids, count}, {{"reduction", std::string(call.row.target)}}));
}
void sparse_segment(Call& call) {
  const Edge data = call.gather(call.in(0), call.in(1), 0), ids = call.to_int64(call.in(2));
  Edge count;
  if (call.node.op.find("WithNumSegments") != std::string_view::npos) {
    count = call.to_int64(call.in(3));
  } else {
    const Edge last = call.emit("ReduceMax", {call.concat({ids, call.ints_edge({-1})}, 0), call.ints_edge({0})},
                                {{"keepdims", int64_t{0}}});
    count = call.add(last, call.int_edge(1));
  }
  call.out(call.own("SegmentReduce", {data, ids, count},
                    {{"reduction", std::string(call.row.target)}, {"empty_is_zero", int64_t{1}}}));
}

constexpr OpRow kRows[] = {
    {"GatherV2", gather_v2},
    {"Gather", gather},
    {"ResourceGather", resource_gather},
    {"ResourceGatherNd", resource_gather_nd},
    {"GatherNd", gather_nd},
    {"ScatterNd", scatter_nd},
    {"ScatterNdNonAliasingAdd", tensor_scatter, "add"},
    {"TensorScatterUpdate", tensor_scatter, "none"},
    {"TensorScatterAdd", tensor_scatter, "add"},
    {"TensorScatterSub", tensor_scatter, "sub"},
    {"TensorScatterMax", tensor_scatter, "max"},
    {"TensorScatterMin", tensor_scatter, "min"},
    {"TopK", top_k},
    {"TopKV2", top_k},
    {"NthElement", nth_element},
    {"Unique", unique},
    {"UniqueV2", unique},
    {"UniqueWithCounts", unique},
    {"UniqueWithCountsV2", unique},
    {"ListDiff", list_diff},
    {"DynamicStitch", dynamic_stitch},
    {"ParallelDynamicStitch", dynamic_stitch},
    {"DynamicPartition", dynamic_partition},
    {"Bincount", boolean_count},
    {"DenseBincount", boolean_count},
    {"LowerBound", search_sorted, "left"},
    {"UpperBound", search_sorted, "right"},
    {"Bucketize", bucketize},
    {"SegmentSum", segment, "sum"},
    {"SegmentSumV2", unsorted_segment, "sum"},
    {"SegmentMean", segment, "mean"},
    {"SegmentMax", segment, "max"},
    {"SegmentMaxV2", unsorted_segment, "max"},
    {"SegmentMin", segment, "min"},
    {"SegmentMinV2", unsorted_segment, "min"},
    {"SegmentProd", segment, "prod"},
    {"SegmentProdV2", unsorted_segment, "prod"},
    {"UnsortedSegmentSum", unsorted_segment, "sum"},
    {"UnsortedSegmentMax", unsorted_segment, "max"},
    {"UnsortedSegmentMin", unsorted_segment, "min"},
    {"UnsortedSegmentProd", unsorted_segment, "prod"},
    {"SparseSegmentSum", sparse_segment, "sum"},
    {"SparseSegmentSumWithNumSegments", sparse_segment, "sum"},
    {"SparseSegmentMean", sparse_segment, "mean"},
    {"SparseSegmentMeanWithNumSegments", sparse_segment, "mean"},
    {"SparseSegmentSqrtN", sparse_segment, "sqrtn"},
    {"SparseSegmentSqrtNWithNumSegments", sparse_segment, "sqrtn"},
};

}  // namespace
}  // namespace indexing_ops

std::span<const OpRow> indexing_rows() { return indexing_ops::kRows; }

}  // namespace thane::tensorflow
