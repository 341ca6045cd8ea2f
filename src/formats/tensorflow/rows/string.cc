// Strings and ragged tensors.
#include <algorithm>

#include "base/format.h"
#include "formats/tensorflow/call.h"
#include "formats/tensorflow/tensor.h"

namespace thane::tensorflow {
namespace string_ops {
namespace {

Edge text(Call& call, std::string value) { return call.constant(string_tensor({}, {std::move(value)})); }

std::string need_string(Call& call, size_t i) {
  const Edge edge = call.in(i);
  const Tensor* known = edge.present() ? edge.known() : nullptr;
  if (known && known->dtype() == DType::kString && known->size() == 1) return *known->data<std::string>();
  if (!call.failed()) call.fail(unsupported(format("input {} is not known before running", i)));
  return {};
}

template <bool kUpper>
void change_case(Call& call) {
  call.out(call.own("StringCase", {call.in(0)},
                    {{"upper", int64_t{kUpper}}, {"unicode", int64_t{call.s("encoding") == "utf-8"}}}));
}
void strip(Call& call) { call.out(call.own("StringStrip", {call.in(0)})); }
bool characters(const Call& call) { return call.s("unit", "BYTE") == "UTF8_CHAR"; }
void length(Call& call) {
  call.out(call.own("StringLength", {call.in(0)}, {{"characters", int64_t{characters(call)}}}));
}
void substring(Call& call) {
  call.out(call.own("Substring", call.all_in(), {{"characters", int64_t{characters(call)}}}));
}
void replace(Call& call) {
  const bool fixed = call.node.op == "StaticRegexReplace";
  const std::string pattern = fixed ? call.s("pattern") : need_string(call, 1),
                    rewrite = fixed ? call.s("rewrite") : need_string(call, 2);
  call.out(call.own("RegexReplace", {call.in(0)},
                    {{"pattern", pattern}, {"rewrite", rewrite}, {"global", int64_t{call.b("replace_global", true)}}}));
}
void full_match(Call& call) {
  const std::string pattern = call.node.op == "StaticRegexFullMatch" ? call.s("pattern") : need_string(call, 1);
  call.out(call.emit("RegexFullMatch", {call.in(0)}, {{"pattern", pattern}}));
}

void join(Call& call) {
  const std::string separator = call.s("separator");
  if (call.size() == 0) return call.out(text(call, ""));
  Edge joined = call.in(0);
  for (size_t i = 1; i < call.size(); ++i) {
    if (!separator.empty()) joined = call.emit("StringConcat", {joined, text(call, separator)});
    joined = call.emit("StringConcat", {joined, call.in(i)});
  }
  call.out(joined);
}
void reduce_join(Call& call) {
  const Edge x = call.in(0);
  Dims axes = call.need_ints(1);
  if (axes.empty()) {
    for (int64_t i = 0; i < call.rank(x); ++i) axes.push_back(i);
  }
  call.out(call.own("StringReduceJoin", {x},
                    {{"axes", axes}, {"keepdims", int64_t{call.b("keep_dims")}}, {"separator", call.s("separator")}}));
}

void deliver_parts(Call& call, const Edge& x, AttrMap attrs) {
  const auto outputs = call.emit_many("StringParts", {x}, 3, std::move(attrs), Domain::kThane);
  for (size_t i = 0; i < 3; ++i) call.out(i, outputs[i]);
}
void split_v1(Call& call) {
  const std::string delimiter = need_string(call, 1);
  // No delimiter: every byte.
  deliver_parts(call, call.in(0),
                {{"kind", std::string(delimiter.empty() ? "bytes" : "any_of")},
                 {"separator", delimiter},
                 {"skip_empty", int64_t{call.b("skip_empty", true)}}});
}
void split_v2(Call& call) {
  const std::string separator = need_string(call, 1);
  deliver_parts(call, call.in(0),
                {{"kind", std::string(separator.empty() ? "white_space" : "separator")},
                 {"separator", separator},
                 {"most_splits", call.i("maxsplit", -1)}});
}

void as_string(Call& call) {
  const Edge x = call.in(0);
  if (call.dtype(x) == DType::kString) return call.out(x);
  call.out(call.own("NumberToString", {x},
                    {{"precision", call.i("precision", -1)},
                     {"width", call.i("width", -1)},
                     {"scientific", int64_t{call.b("scientific")}},
                     {"shortest", int64_t{call.b("shortest")}},
                     {"fill", call.s("fill")}}));
}
void to_number(Call& call) { call.out(call.cast(call.in(0), call.type("out_type", DType::kFloat32))); }

void hash_bucket(Call& call) {
  AttrMap attrs = {{"hash", std::string(call.row.target)}, {"buckets", call.i("num_buckets", 1)}};
  if (call.row.target == "sip") attrs.emplace("key", call.ints("key"));
  call.out(call.own("HashBucket", {call.in(0)}, attrs));
}

// --- ragged tensors --------------------------------------------------------------------------------------------------

void ragged_to_tensor(Call& call) {
  Edge shape = call.in(0);
  if (shape.present() && shape.dims() && shape.dims()->empty()) shape = call.reshape(call.to_int64(shape), Dims{1});
  std::vector<Edge> inputs = {call.to_int64(shape), call.in(1), call.in(2)};
  for (size_t i = 3; i < call.size(); ++i) inputs.push_back(call.to_int64(call.in(i)));
  call.out(call.own("RaggedToDense", inputs, {{"partitions", call.strings("row_partition_types")}}));
}

// Row of each value.
Edge row_ids(Call& call, const Edge& splits) {
  const Edge wide = call.to_int64(splits);
  const Edge count = call.gather(wide, call.int_edge(-1), 0);
  const Edge positions = call.emit("Range", {call.int_edge(0), count, call.int_edge(1)});
  const Edge inner = call.unsqueeze(wide, {0});
  const Edge places = call.own("SearchSorted", {inner, call.unsqueeze(positions, {0})}, {{"right", int64_t{1}}});
  return call.sub(call.squeeze(places, {0}), call.int_edge(1));
}

void ragged_to_sparse(Call& call) {
  // splits…, values; one level is what models have.
  if (call.size() != 2) return call.fail(unsupported("more than one ragged axis"));
  const Edge splits = call.to_int64(call.in(0)), values = call.in(1);
  const Edge rows = row_ids(call, splits);
  const Edge positions =
      call.emit("Range", {call.int_edge(0), call.squeeze(call.dim_of(values, 0), {0}), call.int_edge(1)});
  const Edge columns = call.sub(positions, call.gather(splits, rows, 0));
  call.out(0, call.concat({call.unsqueeze(rows, {1}), call.unsqueeze(columns, {1})}, 1));
  call.out(1, values);
  const Edge starts = call.slice(splits, {0}, {-1}, {0}), ends = call.slice(splits, {1}, {int64_t{1} << 62}, {0});
  const Edge lengths = call.concat({call.sub(ends, starts), call.ints_edge({0})}, 0);
  const Edge longest = call.emit("ReduceMax", {lengths, call.ints_edge({0})}, {{"keepdims", int64_t{1}}});
  call.out(2, call.concat({call.dim_of(starts, 0), longest}, 0));
}

void ragged_range(Call& call) {
  // All three may be scalars; rows of one length each otherwise.
  const Edge starts = call.in(0), limits = call.in(1), deltas = call.in(2);
  const DType type = call.dtype(starts);
  if (call.failed()) return;
  if (type != DType::kInt32 && type != DType::kInt64) return call.fail(unsupported("ranges of floats"));
  const Edge zero = call.like(0, starts);
  const Edge span = call.sub(limits, starts);
  // ceil(span / delta), at least 0
  const Edge one = call.emit("Sign", {deltas});
  Edge count = call.div(call.add(span, call.sub(deltas, one)), deltas);
  count = call.to_int64(call.emit("Max", {count, zero}));
  count = call.emit("Expand", {count, call.shape_of(call.add(call.add(starts, limits), deltas))});
  count = call.reshape(count, Dims{-1});
  const Edge splits = call.concat({call.ints_edge({0}), call.emit("CumSum", {count, call.int_edge(0)})}, 0);
  const Edge rows = row_ids(call, splits);
  const Edge positions =
      call.emit("Range", {call.int_edge(0), call.gather(splits, call.int_edge(-1), 0), call.int_edge(1)});
  const Edge place = call.cast(call.sub(positions, call.gather(splits, rows, 0)), type);
  const auto per_value = [&](const Edge& edge) {
    return call.has_rank(edge) && call.rank(edge) == 0 ? edge : call.gather(edge, rows, 0);
  };
  call.out(0, call.cast(splits, call.type("Tsplits", DType::kInt64)));
  call.out(1, call.add(per_value(starts), call.mul(place, per_value(deltas))));
}

void ragged_gather(Call& call) {
  // splits, values, indices; one ragged axis.
  if (call.i("PARAMS_RAGGED_RANK", 1) != 1) return call.fail(unsupported("more than one ragged axis"));
  const DType split_type = call.dtype(call.in(0));
  const Edge splits = call.to_int64(call.in(0)), values = call.in(1), indices = call.to_int64(call.in(2));
  const int64_t rank = call.rank(indices);
  if (call.failed()) return;
  if (rank != 1) return call.fail(unsupported("indices that are no vector"));
  const Edge starts = call.gather(splits, indices, 0),
             ends = call.gather(splits, call.add(indices, call.int_edge(1)), 0);
  const Edge fresh =
      call.concat({call.ints_edge({0}), call.emit("CumSum", {call.sub(ends, starts), call.int_edge(0)})}, 0);
  const Edge rows = row_ids(call, fresh);
  const Edge positions =
      call.emit("Range", {call.int_edge(0), call.gather(fresh, call.int_edge(-1), 0), call.int_edge(1)});
  const Edge from = call.add(call.sub(positions, call.gather(fresh, rows, 0)), call.gather(starts, rows, 0));
  call.out(0, call.cast(fresh, split_type));
  call.out(1, call.gather(values, from, 0));
}

// Counts per row: each row gets a range of numbers of its own.
void ragged_bincount(Call& call) {
  const Edge splits = call.to_int64(call.in(0)), values = call.to_int64(call.in(1)), size = call.to_int64(call.in(2)),
             weights = call.in(3);
  const Edge rows = call.sub(call.squeeze(call.dim_of(splits, 0), {0}), call.int_edge(1));
  const Edge total = call.mul(rows, size);
  const Edge numbered = call.add(call.mul(row_ids(call, splits), size), values);
  const Edge counted = call.emit("Where", {call.emit("Less", {values, size}), numbered, total});
  const Edge counts =
      call.own("Bincount", {counted, total, weights}, {{"binary_output", int64_t{call.b("binary_output")}}});
  call.out(call.reshape(counts, call.concat({call.reshape(rows, Dims{1}), call.reshape(size, Dims{1})}, 0)));
}

void ngrams(Call& call) {
  const auto outputs = call.emit_many("StringNGrams", {call.in(0), call.in(1)}, 2,
                                      {{"widths", call.ints("ngram_widths")},
                                       {"separator", call.s("separator")},
                                       {"left_pad", call.s("left_pad")},
                                       {"right_pad", call.s("right_pad")},
                                       {"pad_width", call.i("pad_width")},
                                       {"keep_short", int64_t{call.b("preserve_short_sequences")}}},
                                      Domain::kThane);
  call.out(0, outputs[0]);
  call.out(1, outputs[1]);
}

constexpr OpRow kRows[] = {
    {"StringNGrams", ngrams},
    {"StringLower", change_case<false>},
    {"StringUpper", change_case<true>},
    {"StringStrip", strip},
    {"StringLength", length},
    {"Substr", substring},
    {"RegexReplace", replace},
    {"StaticRegexReplace", replace},
    {"RegexFullMatch", full_match},
    {"StaticRegexFullMatch", full_match},
    {"StringJoin", join},
    {"ReduceJoin", reduce_join},
    {"StringSplit", split_v1},
    {"StringSplitV2", split_v2},
    {"AsString", as_string},
    {"StringToNumber", to_number},
    {"StringToHashBucketFast", hash_bucket, "farm"},
    {"StringToHashBucketStrong", hash_bucket, "sip"},
    {"StringToHashBucket", hash_bucket, "murmur"},
    {"RaggedTensorToTensor", ragged_to_tensor},
    {"RaggedTensorToSparse", ragged_to_sparse},
    {"RaggedRange", ragged_range},
    {"RaggedGather", ragged_gather},
    {"RaggedBincount", ragged_bincount},
};

}  // namespace
}  // namespace string_ops

std::span<const OpRow> string_rows() { return string_ops::kRows; }

}  // namespace thane::tensorflow
