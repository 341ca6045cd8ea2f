#include "cli/model_diff.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "base/format.h"
#include "cli/text.h"

namespace thane::cli {
namespace {

using Texts = std::vector<std::pair<std::string, std::string>>;

// Entries of both lists by name, in the order of the first, then what only the second has.
void compare_lists(const std::string& kind, const Texts& before, const Texts& after, std::vector<Change>& changes) {
  const auto find = [](const Texts& list, const std::string& name) {
    return std::ranges::find(list, name, &std::pair<std::string, std::string>::first);
  };
  for (const auto& [name, text] : before) {
    const auto other = find(after, name);
    const std::string now = other == after.end() ? "" : other->second;
    if (text != now) changes.push_back({kind, name, text, now});
  }
  for (const auto& [name, text] : after) {
    if (find(before, name) == before.end()) changes.push_back({kind, name, "", text});
  }
}

Texts typed(const Graph& graph, const std::vector<ValueId>& ids) {
  Texts texts;
  for (ValueId id : ids) texts.emplace_back(graph.values[id].name, graph.values[id].type.to_string());
  return texts;
}

Texts counted(const Graph& graph) {
  Texts texts;
  for (const auto& [op, count] : op_counts(graph)) texts.emplace_back(op, std::to_string(count));
  return texts;
}

std::string tensor_type(const Tensor& tensor) {
  return Type::tensor(tensor.dtype(), to_symbolic(tensor.dims())).to_string();
}

// "float32[3] 2 of 3 elements differ, by 0.5 at most", or nothing when they are the same.
std::string weight_change(const Tensor& before, const Tensor& after) {
  if (before.dtype() != after.dtype() || before.dims() != after.dims()) return tensor_type(after);
  if (identical(before, after)) return "";
  const bool numbers = mask_of(before.dtype()) & (kNumeric | mask_of(DType::kBool));
  const auto a = before.copy(), b = after.copy();  // in a file they may be unaligned
  if (!numbers || !a.ok() || !b.ok()) return "other values";
  double most = 0;
  int64_t differing = 0;
  for (int64_t i = 0; i < a->size(); ++i) {
    const double apart = std::abs(a->as_double(i) - b->as_double(i));
    if (apart == 0) continue;
    ++differing;
    most = std::max(most, apart);
  }
  return format("{} of {} elements differ, by {} at most", differing, a->size(), number_text(most));
}

void compare_weights(const Graph& before, const Graph& after, std::vector<Change>& changes) {
  std::map<std::string, const Tensor*> others;
  for (const ValueInfo& value : after.values) {
    if (value.constant) others.emplace(value.name, &*value.constant);
  }
  for (const ValueInfo& value : before.values) {
    if (!value.constant) continue;
    const auto other = others.find(value.name);
    const std::string type = tensor_type(*value.constant);
    if (other == others.end()) {
      changes.push_back({"weight", value.name, type, ""});
      continue;
    }
    if (std::string now = weight_change(*value.constant, *other->second); !now.empty()) {
      changes.push_back({"weight", value.name, type, std::move(now)});
    }
    others.erase(other);
  }
  for (const auto& [name, tensor] : others) changes.push_back({"weight", name, "", tensor_type(*tensor)});
}

}  // namespace

std::vector<std::pair<std::string, int64_t>> op_counts(const Graph& graph) {
  std::map<std::string, int64_t> counts;
  for_each_graph(graph, [&](const Graph& inner, int) {
    for (const Node& node : inner.nodes)
      ++counts[std::string(domain_prefix(node.op->domain)) + std::string(node.op->name)];
  });
  std::vector<std::pair<std::string, int64_t>> sorted(counts.begin(), counts.end());
  std::ranges::stable_sort(sorted, [](const auto& a, const auto& b) { return a.second > b.second; });
  return sorted;
}

std::vector<Change> differences(const Model& before, const Model& after) {
  std::vector<Change> changes;
  compare_lists("format", {{"format", before.format}}, {{"format", after.format}}, changes);
  compare_lists("producer", {{"producer", before.producer}}, {{"producer", after.producer}}, changes);
  compare_lists("version", before.versions, after.versions, changes);
  compare_lists("input", typed(before.graph, before.graph.inputs), typed(after.graph, after.graph.inputs), changes);
  compare_lists("output", typed(before.graph, before.graph.outputs), typed(after.graph, after.graph.outputs), changes);
  compare_lists("op", counted(before.graph), counted(after.graph), changes);
  compare_weights(before.graph, after.graph, changes);
  compare_lists("metadata", before.metadata, after.metadata, changes);
  return changes;
}

}  // namespace thane::cli
