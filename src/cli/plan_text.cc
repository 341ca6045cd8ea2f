#include "cli/plan_text.h"

#include "base/format.h"

namespace thane::cli {
namespace {

std::string place(const Slot& slot) {
  switch (slot.kind) {
    case Slot::Kind::kInput: return "input";
    case Slot::Kind::kConstant: return "constant";
    case Slot::Kind::kArena: return format("arena+{}", slot.offset);
    case Slot::Kind::kView: return "view";
    case Slot::Kind::kResult: return "result";
    case Slot::Kind::kDynamic: return "dynamic";
  }
  return "?";
}

std::string type_text(const Slot& slot) {
  const bool planned = slot.dtype != DType::kUndefined;
  return planned ? Type::tensor(slot.dtype, to_symbolic(slot.dims)).to_string() : slot.expected.to_string();
}

}  // namespace

std::string plan_text(const Graph& graph, const Plan& plan) {
  std::string out = format("plan of {} steps, arena {} bytes\n", plan.steps().size(), plan.arena_bytes());
  size_t number = 0;
  for (const Step& step : plan.steps()) {
    const Node& node = *step.node;
    const auto name = [&](ValueId id) { return id == kNoValue ? std::string("_") : "%" + graph.values[id].name; };
    std::string line = format("{:4} {}{} [{}]", number++, domain_prefix(node.op->domain), node.op->name,
                              step.dynamic ? "shapes and kernel at run time" : step.kernel_name);
    for (size_t i = 0; i < node.inputs.size(); ++i) line += (i ? ", " : " ") + name(node.inputs[i]);
    line += " →";
    for (size_t i = 0; i < node.outputs.size(); ++i) {
      const Slot& slot = plan.slots()[step.first_output + i];
      line += format("{} {}: {} @{}", i ? "," : "", name(node.outputs[i]), type_text(slot), place(slot));
    }
    out += line + "\n";
    for (const std::string& refusal : step.refusals) out += "       not " + refusal + "\n";
  }
  return out;
}

}  // namespace thane::cli
