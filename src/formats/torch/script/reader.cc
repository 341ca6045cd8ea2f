#include "formats/torch/script/reader.h"

#include <algorithm>

#include "base/format.h"
#include "formats/torch/script/specialise.h"

namespace thane::torchscript {
namespace {

// --- the method itself -----------------------------------------------------------------------------------------------

bool is_entry_point(const FunctionDef& method) { return !method.name.starts_with("__"); }

std::vector<EntryPoint> entry_points(const Class& model) {
  std::vector<EntryPoint> entries;
  for (const FunctionDef& method : model.definition->methods) {
    if (is_entry_point(method)) entries.push_back({std::string(method.name), signature_text(method)});
  }
  return entries;
}

Result<const Function*> choose(const Loaded& loaded, const std::string& wanted) {
  const std::vector<EntryPoint> entries = entry_points(*loaded.model);
  std::string name = wanted;
  if (name.empty()) name = entries.size() == 1 ? entries[0].name : "forward";
  const Function* function = loaded.program.method(*loaded.model, name);
  if (function && is_entry_point(*function->definition)) return function;
  std::string names;
  for (const EntryPoint& entry : entries) names += (names.empty() ? "" : ", ") + entry.name;
  if (names.empty()) return invalid_model("the module has no method");
  return invalid_argument(format("there is no method '{}'", name)).expecting(format("one of {}", names));
}

// --- before any input is known ---------------------------------------------------------------------------------------

constexpr size_t kScoutSteps = 400'000;

void scout(Method& method, ScoutDomain& domain, Model& model) {
  GraphBuilder scratch;
  aten::Context context(scratch);
  Machine machine(method.loaded->program, domain, context);
  machine.limit_steps(kScoutSteps);
  Instantiation instantiation(*method.loaded, machine);
  std::vector<std::shared_ptr<Argument>> arguments;
  Value result{ObjectPtr(std::make_shared<Unknown>())};
  const auto root = instantiation.model();
  auto constants = instantiation.constants();
  if (root.ok() && constants.ok()) {
    machine.constants() = std::move(*constants);
    std::vector<Value> args = {Value(ObjectPtr(*root))};
    for (size_t i = 1; i < method.function->definition->parameters.size(); ++i) {
      arguments.push_back(std::make_shared<Argument>());
      args.emplace_back(ObjectPtr(arguments.back()));
    }
    auto outcome = machine.call_function(*method.function, std::move(args), {});
    if (outcome.ok()) result = std::move(*outcome);
  }
  method.inputs = describe_inputs(method.loaded->program, *method.function->definition, arguments);
  method.output = describe_output(result, method.function->definition->returns, "output", /*top=*/true);
  collect_names(method.output, method.outputs);
  if (root.ok()) {
    // The scout itself has changed attributes: what they are at first is asked of fresh objects.
    Instantiation again(*method.loaded, machine);
    if (const auto fresh = again.model(); fresh.ok()) {
      std::vector<Unknown::Origin> changed = domain.changed();
      for (auto& origin : changed) {
        const bool made_by_program = origin.instance->path.empty() && !origin.instance->is_model;
        origin.instance = made_by_program ? nullptr : find_module(*fresh, origin.instance->path);
      }
      std::erase_if(changed, [](const Unknown::Origin& origin) { return !origin.instance; });
      method.states = describe_states(changed);
    }
  }
  for (const auto& [name, count] : domain.ops()) model.metadata.emplace_back("op " + name, std::to_string(count));
}

// --- the model as others see it --------------------------------------------------------------------------------------

Graph outline(const Method& method, const std::vector<std::shared_ptr<StoredTensor>>& weights, Model& model) {
  Graph graph;
  graph.name = method.loaded->model->short_name();
  std::set<std::string> names;
  const auto unique = [&](std::string name) {
    while (!names.insert(name).second) name = graph.fresh_name(name);
    return name;
  };
  for (const InputSlot* leaf : method.inputs.leaves) {
    graph.inputs.push_back(graph.add_value(unique(leaf->name), declared_type(*leaf)));
    model.by_value.push_back(leaf->by_value());
  }
  for (const OutputSlot* slot : method.outputs) {
    const Type tensor = Type::tensor(DType::kUndefined);
    const bool list = slot->kind == OutputSlot::Kind::kSequence;
    graph.outputs.push_back(graph.add_value(unique(slot->name), list ? Type::sequence(tensor) : tensor));
  }
  for (const StateSlot& slot : method.states) {
    const ValueId id = graph.add_value(unique(slot.name), Type::tensor(slot.initial.dtype()));
    graph.states.push_back({slot.name, id, id, slot.initial});
    model.by_value.push_back(slot.by_value());
  }
  for (const auto& stored : weights) graph.add_constant(unique(stored->name), stored->tensor);
  return graph;
}

// Asks for every weight by name; what comes instead of the file's own is kept with the archive.
Status bind_weights(Loaded& loaded, const std::vector<std::shared_ptr<StoredTensor>>& weights,
                    const ReadOptions& options) {
  if (!options.weight) return ok();
  for (const auto& stored : weights) {
    if (stored->quantization) continue;
    THANE_ASSIGN(Tensor bound, options.weight(stored->name, stored->tensor));
    if (bound.dtype() != stored->tensor.dtype() || bound.dims() != stored->tensor.dims()) {
      return invalid_argument("a weight of another type or shape").at(stored->name);
    }
    loaded.weights.insert_or_assign(stored->name, std::move(bound));
  }
  return ok();
}

// The tensors of the modules as the file has them.
Result<std::vector<std::shared_ptr<StoredTensor>>> weights_of(const Loaded& loaded) {
  GraphBuilder scratch;
  aten::Context context(scratch);
  ScoutDomain domain;
  Machine machine(loaded.program, domain, context);
  Instantiation instantiation(loaded, machine);
  THANE_ASSIGN(const InstancePtr ignored, instantiation.model());
  return instantiation.tensors();
}

}  // namespace

Result<Model> read(std::shared_ptr<const MappedFile> file, const ReadOptions& options) {
  const std::string path = file->path();
  auto loaded = load_archive(std::move(file));
  if (!loaded.ok()) return std::move(loaded).error().at(path);
  auto method = std::make_shared<Method>();
  auto weights = weights_of(**loaded);
  if (!weights.ok()) return std::move(weights).error().at(path);
  THANE_TRY(bind_weights(**loaded, *weights, options));
  method->loaded = *loaded;
  auto function = choose(**loaded, options.entry_point);
  if (!function.ok()) return std::move(function).error().at(path);
  method->function = *function;
  Model model;
  model.format = "torchscript";
  model.producer = "pytorch";
  model.versions.emplace_back("torchscript", std::to_string((*loaded)->version));
  model.entry_points = entry_points(*(*loaded)->model);
  model.entry_point = method->function->definition->name;
  ScoutDomain domain;
  scout(*method, domain, model);
  model.graph = outline(*method, *weights, model);
  model.specialise = [method = std::shared_ptr<const Method>(method)](std::span<const Fact> facts) -> Result<Graph> {
    auto graph = specialise(*method, facts);
    if (!graph.ok()) return std::move(graph).error().at(method->function->name);
    return graph;
  };
  return model;
}

}  // namespace thane::torchscript

namespace thane {

Result<Model> read_torchscript(std::shared_ptr<const MappedFile> file, const ReadOptions& options) {
  return torchscript::read(std::move(file), options);
}

}  // namespace thane
