#include "bench/accuracy.h"

#include <algorithm>
#include <cmath>

#include "base/format.h"
#include "bench/adapt.h"
#include "engine/session.h"

namespace thane::bench {
namespace {

constexpr size_t kMostTensorsInside = 4000;

// Outputs that hand on a state are left out on the side that has more: the other form keeps the state inside.
void drop_carried(std::vector<NamedTensor>& one, std::vector<NamedTensor>& other,
                  const std::vector<std::string>& carried) {
  if (one.size() == other.size()) return;
  std::vector<NamedTensor>& longer = one.size() > other.size() ? one : other;
  std::erase_if(longer, [&](const NamedTensor& t) { return std::ranges::find(carried, t.name) != carried.end(); });
}

}  // namespace

std::optional<double> top1_accuracy(const Tensor& scores, const std::vector<int64_t>& labels) {
  if (scores.rank() < 1 || scores.size() == 0) return std::nullopt;
  const int64_t classes = scores.dim(scores.rank() - 1), rows = scores.size() / classes;
  if (rows != static_cast<int64_t>(labels.size()) || classes < 2) return std::nullopt;
  int64_t right = 0;
  for (int64_t row = 0; row < rows; ++row) {
    int64_t best = 0;
    for (int64_t i = 1; i < classes; ++i) {
      if (scores.as_double(row * classes + i) > scores.as_double(row * classes + best)) best = i;
    }
    right += best == labels[static_cast<size_t>(row)];
  }
  return static_cast<double>(right) / static_cast<double>(rows);
}

Held held_against(const Reference& reference, const std::vector<NamedTensor>& outputs, const GateOptions& options) {
  Held held;
  std::vector<NamedTensor> given = outputs, expected = reference.outputs;
  drop_carried(given, expected, options.carried);
  const auto ours = adapted_outputs(given, expected);
  if (!ours.ok()) {
    held.reason = "its outputs are not the reference's: " + ours.error().to_string();
    held.structural = true;
    return held;
  }
  double agreement = 1;
  for (size_t i = 0; i < ours->size(); ++i) {
    OutputReport report{expected[i].name, compare(Value((*ours)[i]), Value(expected[i].tensor), options.tolerance)};
    const Difference& d = report.difference;
    if (d.rows > 0) agreement = std::min(agreement, static_cast<double>(d.rows_agreeing) / static_cast<double>(d.rows));
    if (!d.within && held.reason.empty()) {
      held.structural = !d.structure.empty();
      held.reason =
          d.structure.empty()
              ? format("output '{}' differs from {}: max error {:.3g} (cosine {:.6f}, {} of {} elements beyond)",
                       report.name, reference.label, d.max_error, d.cosine, d.beyond, d.elements)
              : format("its output '{}' is not the reference's: {}", report.name, d.structure);
    }
    held.outputs.push_back(std::move(report));
  }
  double drop = 1 - agreement;
  std::string what = "top-1 agreement";
  if (!options.labels.empty() && !ours->empty()) {
    held.task_accuracy = top1_accuracy((*ours)[0], options.labels);
    const auto there = top1_accuracy(expected[0].tensor, options.labels);
    if (held.task_accuracy && there) {
      drop = *there - *held.task_accuracy;
      what = "accuracy";
    }
  }
  if (options.max_drop && !held.structural) {
    held.reason =
        drop > *options.max_drop ? format("{} drops by {:.4f}, more than {:.4f}", what, drop, *options.max_drop) : "";
  }
  return held;
}

void ReferenceGate::judge(Standing& standing, Contestant& contestant) {
  if (standing.entry.batch > 1) return;  // other inputs than the reference's
  Held held = held_against(reference_, standing.results, options_);
  standing.outputs = std::move(held.outputs);
  standing.task_accuracy = held.task_accuracy;
  standing.disqualified = std::move(held.reason);
  if (standing.disqualified.empty() || held.structural || options_.max_drop) return;
  if (const std::string inside = first_difference(contestant); !inside.empty()) standing.disqualified += "; " + inside;
}

// Where thane's own float32 evaluation of the imported graph and the engine's values inside part, in the graph's order.
std::string ReferenceGate::first_difference(Contestant& contestant) const {
  if (!graph_ || !graph_->states.empty()) return "";
  std::vector<std::string> names;
  for (const Node& node : graph_->nodes) {
    for (ValueId id : node.outputs) {
      if (id != kNoValue && names.size() < kMostTensorsInside) names.push_back(graph_->values[id].name);
    }
  }
  auto found = contestant.inside(names);
  if (!found.ok() || found->empty()) return "";
  Graph tapped = graph_->clone();
  tapped.outputs.clear();
  std::vector<const NamedTensor*> shown;
  std::vector<std::string> producers;
  for (const Node& node : graph_->nodes) {
    for (ValueId id : node.outputs) {
      if (id == kNoValue) continue;
      const auto same = std::ranges::find(*found, graph_->values[id].name, &NamedTensor::name);
      if (same == found->end()) continue;
      tapped.outputs.push_back(id);
      shown.push_back(&*same);
      producers.push_back(node.label(*graph_));
    }
  }
  SessionOptions options;
  options.precision = Precision::kExact;
  auto session = Session::create(std::move(tapped), std::move(options));
  if (!session.ok()) return "";
  std::vector<Value> values;
  for (const NamedTensor& input : reference_.inputs) values.push_back(Value(input.tensor));
  const auto outputs = (*session)->run(values);
  if (!outputs.ok()) return "";
  for (size_t i = 0; i < outputs->size(); ++i) {
    const Difference d = compare((*outputs)[i], Value(shown[i]->tensor), options_.tolerance);
    if (d.within) continue;
    return format("first difference at {} ('{}'): {}", producers[i], shown[i]->name,
                  d.structure.empty() ? format("max error {:.3g}", d.max_error) : d.structure);
  }
  return "";
}

Result<Reference> reference_from(const Entry& entry, const std::vector<NamedTensor>& inputs, const Limits& limits,
                                 std::string why) {
  THANE_ASSIGN(const std::unique_ptr<Contestant> one, Contestant::open(entry, limits, false));
  THANE_ASSIGN(std::vector<NamedTensor> adapted, adapted_inputs(entry.inputs ? *entry.inputs : inputs, one->inputs()));
  THANE_ASSIGN(std::vector<NamedTensor> outputs, one->first_run(adapted));
  std::string label = entry.engine;
  for (const auto& [name, version] : one->versions().items()) {
    if (version.is_string()) {
      label += " " + version.get<std::string>();
      break;
    }
  }
  return Reference{std::move(label), std::move(why), std::move(outputs), inputs};
}

Result<Error64> error_against(const std::vector<NamedTensor>& results, const std::vector<NamedTensor>& exact,
                              const std::vector<std::string>& carried) {
  std::vector<NamedTensor> given = results, expected = exact;
  drop_carried(given, expected, carried);
  THANE_ASSIGN(const std::vector<Tensor> ours, adapted_outputs(given, expected));
  Error64 error;
  for (size_t i = 0; i < ours.size(); ++i) {
    const Difference d = compare(Value(ours[i]), Value(expected[i].tensor), {0, 0});
    if (!d.structure.empty()) return invalid_argument(d.structure).at(expected[i].name);
    const double scale = d.max_reference > 0 ? d.max_reference : 1;
    error.max = std::max(error.max, d.max_error / scale);
    error.mean = std::max(error.mean, d.mean_error / scale);
  }
  return error;
}

}  // namespace thane::bench
