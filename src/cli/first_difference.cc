#include "cli/first_difference.h"

#include <map>

namespace thane::cli {
namespace {

constexpr size_t kAtOnce = 32;

// Values that the main graph's nodes make, by name.
std::map<std::string, ValueId> made_values(const Graph& graph) {
  std::map<std::string, ValueId> made;
  for (const Node& node : graph.nodes) {
    for (ValueId id : node.outputs) {
      if (id != kNoValue) made.emplace(graph.values[id].name, id);
    }
  }
  return made;
}

// The values of `ids` in one run. What the passes made of the graph stays as it is.
Result<std::vector<Value>> run_for(const Graph& graph, const Contender& contender, std::vector<ValueId> ids,
                                   std::span<const Value> inputs) {
  Graph tapped = graph.clone();
  tapped.outputs = std::move(ids);
  SessionOptions options = contender.options.session;
  THANE_ASSIGN(const std::unique_ptr<Session> session, Session::create(std::move(tapped), std::move(options)));
  return session->run(inputs);
}

}  // namespace

Result<TensorDifference> first_difference(const Contender& reference, std::span<const Value> reference_inputs,
                                          const Contender& other, std::span<const Value> other_inputs,
                                          const Tolerance& tolerance) {
  const Graph &theirs = reference.session->graph(), &ours = other.session->graph();
  const auto made = made_values(ours);
  std::vector<ValueId> common_theirs, common_ours;
  std::vector<std::string> producers;
  for (const Node& node : theirs.nodes) {
    for (ValueId id : node.outputs) {
      const auto found = id == kNoValue ? made.end() : made.find(theirs.values[id].name);
      if (found == made.end()) continue;
      common_theirs.push_back(id);
      common_ours.push_back(found->second);
      producers.push_back(node.label(theirs));
    }
  }
  TensorDifference result;
  for (size_t start = 0; start < common_theirs.size(); start += kAtOnce) {
    const auto part = [&](const std::vector<ValueId>& ids) {
      const size_t end = std::min(ids.size(), start + kAtOnce);
      return std::vector<ValueId>(ids.begin() + static_cast<std::ptrdiff_t>(start),
                                  ids.begin() + static_cast<std::ptrdiff_t>(end));
    };
    THANE_ASSIGN(const std::vector<Value> expected, run_for(theirs, reference, part(common_theirs), reference_inputs));
    THANE_ASSIGN(const std::vector<Value> found, run_for(ours, other, part(common_ours), other_inputs));
    for (size_t i = 0; i < expected.size(); ++i) {
      ++result.compared;
      Difference difference = compare(found[i], expected[i], tolerance);
      if (difference.within) continue;
      result.name = theirs.values[common_theirs[start + i]].name;
      result.producer = producers[start + i];
      result.difference = std::move(difference);
      return result;
    }
  }
  return result;
}

}  // namespace thane::cli
