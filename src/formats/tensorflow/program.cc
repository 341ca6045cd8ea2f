#include "formats/tensorflow/program.h"

#include <algorithm>

#include "base/format.h"
#include "formats/tensorflow/limits.h"

namespace thane::tensorflow {
namespace {

constexpr std::string_view kWritingPrefixes[] = {
    "Assign",          "Scatter",        "ResourceScatter",  "ResourceApply",     "Apply",
    "ResourceStrided", "ResourceSparse", "SparseApply",      "LookupTableImport", "LookupTableInsert",
    "InitializeTable", "CountUpTo",      "LookupTableRemove"};

bool writes(std::string_view op) {
  if (op == "ScatterNd" || op == "ScatterNdNonAliasingAdd") return false;
  return std::ranges::any_of(kWritingPrefixes, [&](std::string_view prefix) { return op.starts_with(prefix); });
}

bool is_variable(std::string_view op) { return op == "VariableV2" || op == "Variable"; }

}  // namespace

Status Program::link() {
  library.add(meta.graph.functions);
  THANE_ASSIGN(main, body_of(meta.graph));
  return ok();
}

Result<const Body*> Program::function(std::string_view name) {
  if (const auto found = bodies_.find(name); found != bodies_.end()) return found->second.get();
  const FunctionDef* function = library.find(name);
  if (!function) return static_cast<const Body*>(nullptr);
  THANE_ASSIGN(Body body, body_of(*function, library));
  return bodies_.emplace(std::string(name), std::make_unique<Body>(std::move(body))).first->second.get();
}

Result<const Effects*> Program::effects(const Body& body) {
  if (const auto found = effects_.find(&body); found != effects_.end()) return &found->second;
  if (busy_.size() > static_cast<size_t>(kMostNesting)) return nested_too_deeply();
  static const Effects kNone;
  if (!busy_.insert(&body).second) return &kNone;  // recursive; whoever inlines it will refuse
  Effects effects;
  effects.touches.resize(body.nodes.size());
  std::vector<std::vector<uint32_t>> readers(body.nodes.size());
  std::vector<uint32_t> pending;
  for (uint32_t i = 0; i < body.nodes.size(); ++i) {
    const Body::Node& node = body.nodes[i];
    for (const Ref& input : node.inputs) readers[input.node].push_back(i);
    for (uint32_t control : node.controls) readers[control].push_back(i);
    if (!node.def) continue;
    bool touches = node.def->op == "ReadVariableOp" || node.def->op == "ResourceGather" ||
                   (!node.inputs.empty() && is_variable(body.op(node.inputs[0].node)));
    const bool writing = writes(node.def->op);
    effects.writes |= writing;
    touches |= writing;
    const auto consider = [&](std::string_view name) -> Status {
      THANE_ASSIGN(const Body* called, function(name));
      if (!called) return ok();
      THANE_ASSIGN(const Effects* inner, this->effects(*called));
      effects.writes |= inner->writes;
      touches |= std::ranges::find(inner->touches, true) != inner->touches.end();
      return ok();
    };
    if (library.find(node.def->op)) THANE_TRY(consider(node.def->op));
    for (const auto& [name, attr] : node.def->attrs) {
      if (attr.kind == AttrProto::Kind::kFunction) THANE_TRY(consider(attr.text));
      if (name == "branches")
        for (Bytes branch : attr.texts) THANE_TRY(consider(branch));
    }
    if (touches) {
      effects.touches[i] = true;
      pending.push_back(i);
    }
  }
  while (!pending.empty()) {
    const uint32_t node = pending.back();
    pending.pop_back();
    for (uint32_t reader : readers[node]) {
      if (effects.touches[reader]) continue;
      effects.touches[reader] = true;
      pending.push_back(reader);
    }
  }
  busy_.erase(&body);
  return &effects_.insert_or_assign(&body, std::move(effects)).first->second;
}

Result<Tensor> Program::variable(const std::string& name) {
  if (const auto found = variables.find(name); found != variables.end()) return found->second;
  if (!checkpoint)
    return invalid_model(format("variable '{}' has no value", name))
        .hinting("freeze the graph, or give the checkpoint beside it");
  if (!keys_by_name_) {
    THANE_ASSIGN(keys_by_name_, checkpoint->keys_by_full_name());
  }
  if (const auto key = keys_by_name_->find(name); key != keys_by_name_->end() && checkpoint->contains(key->second)) {
    return checkpoint->read(key->second);
  }
  return checkpoint->read(name);
}

}  // namespace thane::tensorflow
