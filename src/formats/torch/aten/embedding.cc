// Sums, means and maxima of table rows by bags.
#include <cmath>
#include <limits>

#include "formats/torch/aten/lowering.h"

namespace thane::aten {
namespace embedding_ops {
namespace {

Value embedding_bag(Call& c) {
  const Edge table = c.edge("weight");
  const Edge at = c.cast(c.edge("indices"), DType::kInt64);
  const Edge starts = c.cast(c.edge("offsets"), DType::kInt64);
  const int64_t mode = c.integer("mode", 0);  // 0 sum, 1 mean, 2 max
  Edge bags = c.reshape(c.size(starts, 0), Dims{1});
  if (c.flag("include_last_offset")) bags = c.sub(bags, 1);
  // The bag of an index: how many bags begin at or before it, less one.
  const Edge position = c.range(c.count(at));
  const Edge first = c.flag("include_last_offset") ? c.slice(starts, 0, 0, -1) : starts;
  const Edge bag = c.sub(c.sum(c.cast(c.less_equal(first, c.unsqueeze(position, {1})), DType::kInt64), {1}), 1);
  Edge rows = c.gather(table, at, 0);
  if (c.has("per_sample_weights")) rows = c.mul(rows, c.unsqueeze(c.edge("per_sample_weights"), {1}));
  Edge counted = c.full(c.shape(at), 1, DType::kInt64);
  if (c.has("padding_idx") && c.integer("padding_idx") >= 0) {
    counted = c.cast(c.logical_not(c.equal(at, c.int64(c.integer("padding_idx")))), DType::kInt64);
  }
  const Edge keep = c.unsqueeze(c.to_bool(counted), {1});
  const Edge to = c.unsqueeze(bag, {1});
  const Edge sizes =
      c.op("ScatterND", {c.full(bags, 0, DType::kInt64), to, counted}, {{"reduction", std::string("add")}});
  const Edge shape = c.concat({bags, c.slice(c.shape(table), 0, 1, 2)}, 0);
  const bool max = mode == 2;
  const double outside = max ? -std::numeric_limits<double>::infinity() : 0;
  rows = c.where(keep, rows, c.like(outside, rows));
  Edge y = c.op("ScatterND", {c.full(shape, outside, table.dtype()), to, rows},
                {{"reduction", std::string(max ? "max" : "add")}});
  const Edge divisor = c.unsqueeze(c.cast(c.max(sizes, c.int64(1)), table.dtype()), {1});
  if (mode == 1) y = c.div(y, divisor);
  if (max) y = c.where(c.unsqueeze(c.equal(sizes, c.int64(0)), {1}), c.like(0, y), y);
  return c.results(y, bag, sizes, c.full(bags, 0, DType::kInt64));
}

// Rows that are looked up and longer than max_norm are shortened to it.
Value renorm(Call& c) {
  const Edge table = c.edge("self");
  const Edge at = c.reshape(c.cast(c.edge("indices"), DType::kInt64), Dims{-1, 1});
  const double p = c.real("norm_type", 2), limit = c.real("max_norm");
  const Edge size = c.op("Abs", {table});
  const Edge norm = p == 2 ? c.reduce("ReduceL2", table, {1}, true)
                    : std::isinf(p)
                        ? c.reduce("ReduceMax", size, {1}, true)
                        : c.op("Pow", {c.sum(c.op("Pow", {size, c.like(p, size)}), {1}, true), c.like(1 / p, size)});
  const Edge rows = c.reshape(c.size(table, 0), Dims{1});
  const Edge used =
      c.op("ScatterND", {c.full(rows, 0, DType::kBool), at, c.full(c.slice(c.shape(at), 0, 0, 1), 1, DType::kBool)});
  const Edge long_ones = c.both(c.unsqueeze(used, {1}), c.less(c.like(limit, norm), norm));
  return c.tensor(c.where(long_ones, c.mul(table, c.div(limit, c.add(norm, 1e-7))), table));
}

constexpr Row kRows[] = {
    {"embedding_renorm", renorm},
    {"embedding_bag", embedding_bag},
    {"_embedding_bag", embedding_bag},
    {"_embedding_bag_forward_only", embedding_bag},
};

}  // namespace
}  // namespace embedding_ops

std::span<const Row> embedding_rows() { return embedding_ops::kRows; }

}  // namespace thane::aten
