// Control flow of the first kind. A value is "dead" where a Switch did not send it; loops are frames that values enter
// and exit. This finds out, per node, in which frame it runs and under which conditions it is alive, so that structured
// Ifs and Loops can be made of it.
#include <algorithm>
#include <map>
#include <set>

#include "base/format.h"
#include "formats/tensorflow/body.h"
#include "formats/tensorflow/structure.h"

namespace thane::tensorflow {
namespace {

bool is_switch(std::string_view op) { return op == "Switch" || op == "RefSwitch" || op == "_SwitchN"; }
bool is_enter(std::string_view op) { return op == "Enter" || op == "RefEnter"; }
bool is_next(std::string_view op) { return op == "NextIteration" || op == "RefNextIteration"; }

class Analysis {
 public:
  explicit Analysis(Body& body) : body_(body), flow_(body.control) {}

  Status run() {
    flow_.frame.assign(body_.nodes.size(), kNoFrame);
    flow_.conditions.resize(body_.nodes.size());
    THANE_ASSIGN(const std::vector<uint32_t> order, forward_order());
    for (uint32_t node : order) THANE_TRY(visit(node));
    for (uint32_t node = 0; node < body_.nodes.size(); ++node) {
      if (body_.op(node) == "LoopCond" && flow_.frame[node] != kNoFrame)
        flow_.frames[flow_.frame[node]].condition = node;
    }
    return ok();
  }

 private:
  // Producers before consumers; what comes back around a loop does not count.
  Result<std::vector<uint32_t>> forward_order() const {
    std::vector<uint32_t> missing(body_.nodes.size(), 0), order;
    std::vector<std::vector<uint32_t>> readers(body_.nodes.size());
    for (uint32_t i = 0; i < body_.nodes.size(); ++i) {
      const auto add = [&](uint32_t from) {
        if (is_merge(body_.op(i)) && is_next(body_.op(from))) return;
        readers[from].push_back(i);
        ++missing[i];
      };
      for (const Ref& input : body_.nodes[i].inputs) add(input.node);
      for (uint32_t control : body_.nodes[i].controls) add(control);
      if (missing[i] == 0) order.push_back(i);
    }
    for (size_t next = 0; next < order.size(); ++next) {
      for (uint32_t reader : readers[order[next]]) {
        if (--missing[reader] == 0) order.push_back(reader);
      }
    }
    if (order.size() != body_.nodes.size()) return invalid_model("the graph has a cycle").at(body_.name);
    return order;
  }

  // What a condition hangs on, seen through Identity.
  Ref settled(Ref predicate) const {
    for (int i = 0; i < 64 && (body_.op(predicate.node) == "Identity"); ++i)
      predicate = body_.nodes[predicate.node].inputs[0];
    return predicate;
  }

  std::vector<Condition> conditions_of(const Ref& input) const {
    std::vector<Condition> conditions = flow_.conditions[input.node];
    const Body::Node& from = body_.nodes[input.node];
    if (is_switch(body_.op(input.node)) && from.inputs.size() >= 2) {
      const Ref predicate = settled(from.inputs[1]);
      if (body_.op(predicate.node) != "LoopCond") insert(conditions, {predicate, input.output});
    }
    return conditions;
  }
  static void insert(std::vector<Condition>& conditions, const Condition& condition) {
    const auto place = std::lower_bound(conditions.begin(), conditions.end(), condition);
    if (place == conditions.end() || *place != condition) conditions.insert(place, condition);
  }

  uint32_t depth(uint32_t frame) const {
    uint32_t depth = 0;
    for (; frame != kNoFrame; frame = flow_.frames[frame].parent) ++depth;
    return depth;
  }

  Status visit(uint32_t index) {
    const Body::Node& node = body_.nodes[index];
    const std::string_view op = body_.op(index);
    uint32_t frame = kNoFrame;
    const auto consider = [&](uint32_t from) {
      uint32_t other = flow_.frame[from];
      if (depth(other) > depth(frame)) frame = other;
    };
    std::vector<Condition> all;
    for (const Ref& input : node.inputs) {
      if (is_merge(op) && is_next(body_.op(input.node))) continue;
      consider(input.node);
      for (const Condition& condition : conditions_of(input)) insert(all, condition);
    }
    for (uint32_t control : node.controls) {
      consider(control);
      for (const Condition& condition : flow_.conditions[control]) insert(all, condition);
    }
    if (is_enter(op)) {
      THANE_ASSIGN(frame, enter(index, frame));
    } else if (is_exit(op)) {
      if (frame == kNoFrame) return invalid_model("it exits from no loop").at(std::string(node.def->name));
      frame = flow_.frames[frame].parent;
    }
    flow_.frame[index] = frame;
    flow_.conditions[index] = std::move(all);
    if (is_merge(op)) merge(index);
    return ok();
  }

  Result<uint32_t> enter(uint32_t index, uint32_t parent) {
    const NodeDef& node = *body_.nodes[index].def;
    const AttrProto* name = node.attr("frame_name");
    if (!name) return invalid_model("it has no frame_name").at(std::string(node.name));
    const auto [place, fresh] =
        by_name_.emplace(std::pair(parent, name->text), static_cast<uint32_t>(flow_.frames.size()));
    if (fresh) {
      if (depth(parent) > 32) return resource_limit("loops nested too deeply").at(std::string(node.name));
      flow_.frames.push_back({.parent = parent});
    }
    flow_.frames[place->second].enters.push_back(index);
    return place->second;
  }

  void merge(uint32_t index) {
    const Body::Node& node = body_.nodes[index];
    for (const Ref& input : node.inputs) {
      if (!is_next(body_.op(input.node))) continue;
      if (flow_.frame[index] != kNoFrame) flow_.frames[flow_.frame[index]].merges.push_back(index);
      return;
    }
    // The two (or more) ways into it differ in the branch of one predicate.
    std::vector<std::vector<Condition>> ways;
    for (const Ref& input : node.inputs) ways.push_back(conditions_of(input));
    if (ways.empty()) return;
    std::vector<Condition> common;
    for (const Condition& condition : ways[0]) {
      if (std::all_of(ways.begin(), ways.end(),
                      [&](const auto& way) { return std::ranges::binary_search(way, condition); }))
        common.push_back(condition);
    }
    for (const Condition& candidate : ways[0]) {
      std::vector<uint32_t> branches;
      std::set<uint32_t> distinct;
      for (const auto& way : ways) {
        for (const Condition& condition : way) {
          if (condition.predicate != candidate.predicate) continue;
          branches.push_back(condition.branch);
          distinct.insert(condition.branch);
          break;
        }
      }
      if (branches.size() != ways.size() || distinct.size() != ways.size()) continue;
      flow_.merge_branches[index] = std::move(branches);
      flow_.merge_predicates[index] = candidate.predicate;
      break;
    }
    flow_.conditions[index] = std::move(common);
  }

  Body& body_;
  ControlFlow& flow_;
  std::map<std::pair<uint32_t, std::string_view>, uint32_t> by_name_;
};

}  // namespace

Status analyse_control_flow(Body& body) {
  const bool any = std::any_of(body.nodes.begin(), body.nodes.end(), [](const Body::Node& node) {
    return node.def && (is_switch(node.def->op) || is_merge(node.def->op) || is_enter(node.def->op));
  });
  return any ? Analysis(body).run() : ok();
}

}  // namespace thane::tensorflow
