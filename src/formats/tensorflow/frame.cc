#include <algorithm>

#include "base/format.h"
#include "formats/tensorflow/call.h"
#include "formats/tensorflow/limits.h"
#include "formats/tensorflow/structure.h"

namespace thane::tensorflow {
namespace {

bool is_any(std::string_view op, std::initializer_list<std::string_view> names) {
  return std::find(names.begin(), names.end(), op) != names.end();
}

// Inputs that matter for the translation. Assertions vanish whatever they look at; where a checkpoint is, is known.
size_t first_input(std::string_view op) { return op == "RestoreV2" || op == "Restore" || op == "RestoreSlice" ? 1 : 0; }
bool reads_nothing(std::string_view op) { return op == "Assert" || op == "Print" || op == "NoOp"; }

}  // namespace

bool Frame::owns(uint32_t node) const {
  if (!outer_) return true;
  if (branch_) return std::ranges::binary_search(body.control.conditions[node], *branch_);
  for (uint32_t frame = body.control.frame[node]; frame != kNoFrame; frame = body.control.frames[frame].parent) {
    if (frame == *loop_) return true;
  }
  return false;
}

Frame& Frame::home(uint32_t node) {
  Frame* frame = this;
  while (!frame->states_.contains(node) && !frame->owns(node)) frame = frame->outer_;
  return *frame;
}

Result<Item> Frame::demand(const Ref& ref) {
  Frame& owner = home(ref.node);
  THANE_TRY(owner.run(ref.node));
  const std::vector<Item>& outputs = owner.items_[ref.node];
  if (ref.output >= outputs.size() || outputs[ref.output].kind == Item::Kind::kNone) {
    const NodeDef* def = body.nodes[ref.node].def;
    return unsupported(format("output {} of {} '{}'", ref.output, body.op(ref.node), def ? def->name : "an argument"))
        .hinting("nobody has needed it so far");
  }
  return outputs[ref.output];
}

Result<std::vector<uint32_t>> Frame::dependencies(uint32_t index) {
  const Body::Node& node = body.nodes[index];
  const std::string_view op = body.op(index);
  std::vector<uint32_t> needed;
  THANE_ASSIGN(const Effects* effects, importer.program().effects(body));
  const bool all = importer.initialising();
  for (uint32_t control : node.controls) {
    if (all || (effects->writes && effects->touches[control])) needed.push_back(control);
  }
  if (reads_nothing(op)) return needed;
  if (is_merge(op)) {
    const auto found = body.control.merge_predicates.find(index);
    if (found != body.control.merge_predicates.end()) needed.push_back(found->second.node);
    return needed;
  }
  if (is_exit(op)) {
    if (node.inputs.empty()) return needed;
    const uint32_t frame = body.control.frame[node.inputs[0].node];
    if (frame == kNoFrame) return needed;
    for (uint32_t enter : body.control.frames[frame].enters) {
      for (const Ref& input : body.nodes[enter].inputs) needed.push_back(input.node);
    }
    return needed;
  }
  for (size_t i = first_input(op); i < node.inputs.size(); ++i) {
    if (is_any(op, {"Switch", "RefSwitch", "_SwitchN"}) && i > 0) break;
    needed.push_back(node.inputs[i].node);
  }
  return needed;
}

Status Frame::run(uint32_t root) {
  std::vector<uint32_t> stack = {root};
  while (!stack.empty()) {
    const uint32_t node = stack.back();
    if (state(node) == State::kDone) {
      stack.pop_back();
      continue;
    }
    if (state(node) == State::kNew) {
      states_[node] = State::kEntered;
      THANE_ASSIGN(const std::vector<uint32_t> needed, dependencies(node));
      // The first of them shall run first: it lies on top.
      for (auto each = needed.rbegin(); each != needed.rend(); ++each) {
        Frame& owner = home(*each);
        if (&owner != this) {
          THANE_TRY(owner.run(*each));
        } else if (state(*each) == State::kEntered) {
          return invalid_model("the graph has a cycle")
              .at(std::string(body.nodes[node].def ? body.nodes[node].def->name : ""));
        } else if (state(*each) == State::kNew) {
          stack.push_back(*each);
        }
      }
      continue;
    }
    if (auto status = evaluate(node); !status.ok()) {
      const NodeDef* def = body.nodes[node].def;
      if (!def || !status.error().where.empty()) return status;
      return std::move(status).error().at(format("{} '{}'", def->op, def->name));
    }
    states_[node] = State::kDone;
    stack.pop_back();
  }
  return ok();
}

Status Frame::evaluate(uint32_t index) {
  const Body::Node& node = body.nodes[index];
  const std::string_view op = body.op(index);
  if (!node.def) return invalid_model("an argument has no value");
  if (is_any(op, {"Switch", "RefSwitch", "_SwitchN", "Enter", "RefEnter", "NextIteration", "RefNextIteration",
                  "LoopCond"})) {
    // What it sends on is the same whichever way it goes; who reads it lives in a frame of its own.
    if (node.inputs.empty()) return invalid_model("it has no input");
    THANE_ASSIGN(const Item item, demand(node.inputs[0]));
    const AttrProto* count = node.def->attr("num_outs");
    const size_t outputs =
        op == "_SwitchN" && count ? static_cast<size_t>(std::clamp<int64_t>(count->number, 1, 4096)) : 2;
    items_[index] = std::vector<Item>(outputs, item);
    return ok();
  }
  if (is_merge(op)) return merge(index);
  if (is_exit(op)) return leave_loop(index);
  return lower(index);
}

Status Frame::lower(uint32_t index) {
  const Body::Node& node = body.nodes[index];
  const NodeDef& def = *node.def;
  std::vector<Item> inputs;
  if (!reads_nothing(def.op)) {
    for (size_t i = 0; i < node.inputs.size(); ++i) {
      if (i < first_input(def.op)) {
        inputs.emplace_back();
        continue;
      }
      const Ref& ref = node.inputs[i];
      Frame& owner = home(ref.node);
      const std::vector<Item>& outputs = owner.items_[ref.node];
      // An output that its op's row does not make matters only to whom reads it.
      inputs.push_back(ref.output < outputs.size() ? outputs[ref.output] : Item{});
    }
  }
  if (importer.program().library.find(def.op)) {
    THANE_ASSIGN(items_[index], importer.call(def.op, std::move(inputs), builder, scope, depth));
    return ok();
  }
  const auto row = op_rows().find(def.op);
  if (row == op_rows().end()) return unsupported(format("there is no op {} here", def.op));
  Call call(*this, def, *row->second, std::move(inputs));
  row->second->lower(call);
  THANE_TRY(call.status());
  items_[index] = std::move(call.outputs);
  return ok();
}

// Merges that the same If can deliver: of the same predicate in the same place, none depending on another.
std::vector<uint32_t> Frame::companions(uint32_t merge) const {
  const ControlFlow& flow = body.control;
  std::vector<uint32_t> candidates = {merge};
  for (const auto& [other, predicate] : flow.merge_predicates) {
    if (other != merge && predicate == flow.merge_predicates.at(merge) &&
        flow.conditions[other] == flow.conditions[merge] && flow.frame[other] == flow.frame[merge] &&
        flow.merge_branches.at(other).size() == flow.merge_branches.at(merge).size() && state(other) == State::kNew) {
      candidates.push_back(other);
    }
  }
  if (candidates.size() == 1) return candidates;
  std::sort(candidates.begin() + 1, candidates.end());
  // Those that another one is above of stay out.
  std::vector<bool> excluded(body.nodes.size(), false);
  const auto above = [&](uint32_t start) {
    std::vector<bool> seen(body.nodes.size(), false);
    std::vector<uint32_t> pending = {start};
    while (!pending.empty()) {
      const uint32_t at = pending.back();
      pending.pop_back();
      const auto visit = [&](uint32_t next) {
        if (seen[next]) return;
        seen[next] = true;
        pending.push_back(next);
      };
      for (const Ref& input : body.nodes[at].inputs) visit(input.node);
      for (uint32_t control : body.nodes[at].controls) visit(control);
    }
    return seen;
  };
  std::vector<uint32_t> chosen = {merge};
  const std::vector<bool> before = above(merge);
  for (size_t i = 1; i < candidates.size(); ++i) {
    if (before[candidates[i]]) continue;
    const std::vector<bool> seen = above(candidates[i]);
    if (std::any_of(chosen.begin(), chosen.end(), [&](uint32_t other) { return seen[other]; })) continue;
    chosen.push_back(candidates[i]);
  }
  return chosen;
}

Status Frame::merge(uint32_t index) {
  const ControlFlow& flow = body.control;
  if (!flow.merge_predicates.contains(index)) {
    // Only one way that can be alive, or none that this analysis understands.
    if (body.nodes[index].inputs.size() == 1) {
      THANE_ASSIGN(const Item item, demand(body.nodes[index].inputs[0]));
      items_[index] = {item, Item::tensor(builder.constant(Tensor::scalar<int32_t>(0)))};
      return ok();
    }
    return unsupported("its inputs do not come from the branches of one Switch");
  }
  const Ref predicate = flow.merge_predicates.at(index);
  const std::vector<uint32_t> branches = flow.merge_branches.at(index);
  THANE_ASSIGN(const Item condition, demand(predicate));
  if (condition.kind != Item::Kind::kTensor) return unsupported("its predicate is no tensor");
  if (const Tensor* known = condition.edge.known(); known && known->size() == 1) {
    const int64_t value = known->as_int64(0);
    for (size_t i = 0; i < branches.size(); ++i) {
      if (branches[i] != value && !(branches.size() > 2 && i + 1 == branches.size())) continue;
      Frame branch(*this, builder, scope);
      branch.set_branch({predicate, branches[i]});
      THANE_ASSIGN(const Item item, branch.demand(body.nodes[index].inputs[i]));
      items_[index] = {item, Item::tensor(builder.constant(Tensor::scalar(static_cast<int32_t>(i))))};
      return ok();
    }
  }
  const std::vector<uint32_t> merges = companions(index);
  const auto way = [&](uint32_t merge, uint32_t branch) -> uint32_t {
    const auto& order = flow.merge_branches.at(merge);
    return static_cast<uint32_t>(std::find(order.begin(), order.end(), branch) - order.begin());
  };
  std::vector<BranchBody> bodies;
  for (uint32_t branch : branches) {
    bodies.push_back({static_cast<int64_t>(branch),
                      [&, branch](GraphBuilder& inner, StateScope& inner_scope) -> Result<std::vector<Item>> {
                        Frame frame(*this, inner, inner_scope);
                        frame.set_branch({predicate, branch});
                        std::vector<Item> items;
                        for (uint32_t merge : merges) {
                          const uint32_t i = way(merge, branch);
                          if (i >= body.nodes[merge].inputs.size()) return invalid_model("a branch is missing");
                          THANE_ASSIGN(const Item item, frame.demand(body.nodes[merge].inputs[i]));
                          items.push_back(item);
                          items.push_back(Item::tensor(inner.constant(Tensor::scalar(static_cast<int32_t>(i)))));
                        }
                        return items;
                      }});
  }
  THANE_ASSIGN(const std::vector<Item> results,
               emit_branches(*this, condition.edge, bodies, std::string(body.nodes[index].def->name)));
  for (size_t i = 0; i < merges.size(); ++i) {
    bind(merges[i], {results[2 * i], results[2 * i + 1]});
  }
  return ok();
}

Status Frame::leave_loop(uint32_t index) {
  const ControlFlow& flow = body.control;
  if (body.nodes[index].inputs.empty()) return invalid_model("it has no input");
  const uint32_t frame_index = flow.frame[body.nodes[index].inputs[0].node];
  if (frame_index == kNoFrame) return invalid_model("it exits from no loop");
  const WhileFrame& loop = flow.frames[frame_index];
  if (loop.condition == kNoFrame || body.nodes[loop.condition].inputs.empty())
    return invalid_model("its loop has no condition");
  std::vector<Item> initial;
  std::vector<Ref> next;
  std::vector<bool> invariant;
  for (uint32_t merge : loop.merges) {
    const auto& inputs = body.nodes[merge].inputs;
    if (inputs.size() != 2) return invalid_model("a loop's Merge has not two inputs");
    const bool first_is_next = is_any(body.op(inputs[0].node), {"NextIteration", "RefNextIteration"});
    const Ref entered = inputs[first_is_next ? 1 : 0], back = inputs[first_is_next ? 0 : 1];
    if (!is_any(body.op(entered.node), {"Enter", "RefEnter"}) || body.nodes[entered.node].inputs.empty() ||
        body.nodes[back.node].inputs.empty()) {
      return unsupported("a loop's value enters in an unusual way");
    }
    THANE_ASSIGN(const Item item, demand(body.nodes[entered.node].inputs[0]));
    initial.push_back(item);
    next.push_back(body.nodes[back.node].inputs[0]);
    Ref origin = next.back();
    for (int i = 0; i < 64 && is_any(body.op(origin.node), {"Identity", "Switch", "RefSwitch"}) &&
                    !body.nodes[origin.node].inputs.empty();
         ++i) {
      origin = body.nodes[origin.node].inputs[0];
    }
    invariant.push_back(origin.node == merge);
  }
  const auto enter_frame = [&](GraphBuilder& inner, StateScope& inner_scope, const std::vector<Item>& values) {
    auto frame = std::make_unique<Frame>(*this, inner, inner_scope);
    frame->set_loop(frame_index);
    for (size_t i = 0; i < loop.merges.size(); ++i) frame->bind(loop.merges[i], {values[i], {}});
    return frame;
  };
  const LoopBody whole{
      .condition = [&](GraphBuilder& inner, StateScope& inner_scope, const std::vector<Item>& values) -> Result<Item> {
        return enter_frame(inner, inner_scope, values)->demand(body.nodes[loop.condition].inputs[0]);
      },
      .step = [&](GraphBuilder& inner, StateScope& inner_scope,
                  const std::vector<Item>& values) -> Result<std::vector<Item>> {
        const auto frame = enter_frame(inner, inner_scope, values);
        std::vector<Item> results;
        for (const Ref& ref : next) {
          THANE_ASSIGN(const Item item, frame->demand(ref));
          results.push_back(item);
        }
        return results;
      },
      .invariant = std::move(invariant)};
  THANE_ASSIGN(const std::vector<Item> results,
               emit_loop(*this, initial, whole, std::string(body.nodes[index].def->name)));
  // Every Exit of the loop at once.
  for (uint32_t node = 0; node < body.nodes.size(); ++node) {
    if (!is_exit(body.op(node)) || body.nodes[node].inputs.empty()) continue;
    const Ref from = body.nodes[node].inputs[0];
    if (flow.frame[from.node] != frame_index || body.nodes[from.node].inputs.empty()) continue;
    const uint32_t merge = body.nodes[from.node].inputs[0].node;  // Exit ← Switch ← Merge
    const auto place = std::find(loop.merges.begin(), loop.merges.end(), merge);
    if (place != loop.merges.end()) bind(node, {results[static_cast<size_t>(place - loop.merges.begin())]});
  }
  if (state(index) != State::kDone) return unsupported("it leaves its loop in an unusual way");
  return ok();
}

}  // namespace thane::tensorflow
