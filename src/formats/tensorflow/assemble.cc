#include "formats/tensorflow/assemble.h"

#include <algorithm>
#include <mutex>

#include "base/format.h"
#include "formats/tensorflow/import.h"
#include "formats/tensorflow/tensor.h"
#include "ops/infer.h"

namespace thane::tensorflow {
namespace {

std::vector<Item> output_at(uint32_t position, Item item) {
  std::vector<Item> items(position + size_t{1});
  items[position] = item;
  return items;
}

// Constants that name files of the model's assets.
void bind_assets(Program& program, Frame& frame) {
  for (const auto& [tensor, file] : program.meta.assets) {
    const auto ref = find_output(program.main, tensor);
    if (!ref.ok()) continue;
    const std::string path = program.asset_folder + std::string(file);
    frame.bind(ref->node,
               output_at(ref->output, Item::tensor(frame.builder.constant(string_tensor({}, {path}), "asset"))));
  }
}

// Which variables a graph assigns, found by building it.
struct Attempt {
  Result<Graph> graph;
  std::set<std::string> assigned;
  bool needs_shapes = false;
};

Attempt build_once(Program& program, const Interface& interface, const std::set<std::string>& changing,
                   std::span<const Fact> facts) {
  GraphBuilder builder;
  Importer importer(program, builder, changing);
  const auto give_up = [&](Error error) -> Attempt {
    return {std::move(error), importer.assigned(), importer.needs_shapes()};
  };
  StateScope scope;
  Frame frame(importer, program.main, builder, scope, 0);
  bind_assets(program, frame);
  std::map<uint32_t, std::vector<Item>> inputs;  // a node may deliver several of them
  for (size_t i = 0; i < interface.inputs.size(); ++i) {
    const Interface::Input& input = interface.inputs[i];
    Type type = input.type;
    std::optional<Tensor> contents;
    if (i < facts.size()) {
      if (facts[i].type.is_tensor()) type = facts[i].type;
      contents = facts[i].value;
    }
    std::vector<Item>& items = inputs[input.ref.node];
    items.resize(std::max<size_t>(items.size(), input.ref.output + size_t{1}));
    items[input.ref.output] = Item::tensor(builder.input(input.name, type, contents));
  }
  for (auto& [node, items] : inputs) frame.bind(node, std::move(items));
  // States in an order that does not depend on who reads them first.
  for (const std::string& name : changing) {
    const uint32_t id = importer.variable_id(name, DType::kUndefined, {.unknown_rank = true, .dims = {}});
    if (auto edge = importer.read(id, scope); !edge.ok()) return give_up(std::move(edge).error());
  }
  std::vector<Edge> outputs;
  for (const Interface::Output& output : interface.outputs) {
    auto item = frame.demand(output.ref);
    if (!item.ok()) return give_up(std::move(item).error());
    Edge edge = item->edge;
    if (item->kind == Item::Kind::kVariable) {
      auto value = importer.read(item->id, scope);
      if (!value.ok()) return give_up(std::move(value).error());
      edge = *value;
    } else if (item->kind == Item::Kind::kComplex) {
      auto value = builder.emit_own("ViewAsComplex", {edge}, {}, output.name);
      if (!value.ok()) return give_up(std::move(value).error());
      edge = *value;
    } else if (item->kind != Item::Kind::kTensor) {
      return give_up(unsupported(format("output '{}' is no tensor", output.name)));
    }
    outputs.push_back(edge);
  }
  for (size_t i = 0; i < outputs.size(); ++i) {
    if (auto status = builder.output(outputs[i], interface.outputs[i].name); !status.ok())
      return give_up(std::move(status).error());
  }
  importer.close_states(scope);
  return {builder.finish(), importer.assigned(), importer.needs_shapes()};
}

// Again while variables turn out to be assigned.
Attempt build(Program& program, const Interface& interface, std::set<std::string>& changing,
              std::span<const Fact> facts) {
  for (;;) {
    Attempt attempt = build_once(program, interface, changing, facts);
    const size_t before = changing.size();
    changing.insert(attempt.assigned.begin(), attempt.assigned.end());
    if (changing.size() == before) return attempt;
  }
}

// Inputs and outputs without anything between.
Graph shell(Program& program, const Interface& interface, const std::set<std::string>& changing) {
  Graph graph;
  for (const auto& input : interface.inputs) graph.inputs.push_back(graph.add_value(input.name, input.type));
  for (const auto& output : interface.outputs) graph.outputs.push_back(graph.add_value(output.name, output.type));
  for (const std::string& name : changing) {
    auto value = program.variable(name);
    if (!value.ok()) continue;
    const ValueId id = graph.add_value(name, Type::tensor(value->dtype()));
    graph.states.push_back({name, id, id, *value});
  }
  return graph;
}

Type with_guessed_dims(Type type) {
  if (!type.is_tensor()) return type;
  if (!type.dims) type.dims = SymDims{};
  for (Dim& dim : *type.dims) {
    if (!dim.is_number()) dim = Dim(1);
  }
  return type;
}

}  // namespace

Status initialise(Program& program) {
  GraphBuilder builder;
  Importer importer(program, builder, {}, true);
  StateScope scope;
  Frame frame(importer, program.main, builder, scope, 0);
  bind_assets(program, frame);
  std::vector<std::string_view> roots;
  if (!program.meta.restore_op.empty() && program.checkpoint) {
    roots.push_back(program.meta.restore_op);
    // Where the checkpoint is does not matter: it is known.
    if (const auto ref = find_output(program.main, program.meta.restore_filename); ref.ok()) {
      frame.bind(ref->node,
                 output_at(ref->output, Item::tensor(builder.constant(string_tensor({}, {""}), "checkpoint"))));
    }
  }
  if (const auto found = program.meta.signatures.find("__saved_model_init_op");
      found != program.meta.signatures.end()) {
    for (const auto& [key, info] : found->second.outputs) roots.push_back(info.name);
  }
  for (std::string_view name : {"saved_model_main_op", "legacy_init_op", "table_initializer"}) {
    if (const auto found = program.meta.collections.find(name); found != program.meta.collections.end()) {
      roots.insert(roots.end(), found->second.begin(), found->second.end());
    }
  }
  for (std::string_view root : roots) {
    const auto ref = find_output(program.main, root);
    if (!ref.ok()) continue;
    // What fails here is missed only if something reads it.
    if (auto status = frame.run(ref->node); !status.ok()) program.notes.push_back(status.error().to_string());
  }
  for (const auto& [id, edge] : scope.values) {
    auto value = importer.compute(edge);
    if (value.ok())
      program.variables.insert_or_assign(importer.variable(id).name, std::move(*value));
    else
      program.notes.push_back(value.error().to_string());
  }
  return ok();
}

Result<Model> assemble(std::shared_ptr<Program> program, Interface interface) {
  THANE_TRY(initialise(*program));
  std::set<std::string> changing;
  Attempt attempt = build(*program, interface, changing, {});
  Model model;
  if (attempt.graph.ok()) {
    model.graph = std::move(*attempt.graph);
    THANE_TRY(annotate_types(model.graph));
    THANE_TRY(verify(model.graph));
    return model;
  }
  std::vector<uint32_t> roots;
  for (const auto& output : interface.outputs) roots.push_back(output.ref.node);
  if (!attempt.needs_shapes) {
    if (auto missing = unsupported_ops(*program, roots)) return std::move(*missing);
    return std::move(attempt.graph).error();
  }
  if (auto missing = unsupported_ops(*program, roots)) return std::move(*missing);
  // Which variables change does not depend on shapes: any will tell.
  std::vector<Fact> guessed;
  for (const auto& input : interface.inputs)
    guessed.push_back({with_guessed_dims(input.type), std::nullopt, std::nullopt});
  build(*program, interface, changing, guessed);
  model.graph = shell(*program, interface, changing);
  for (const auto& input : interface.inputs) {
    const bool scalar = input.type.is_tensor() && input.type.dims && input.type.dims->empty();
    model.by_value.push_back(scalar && (mask_of(input.type.dtype) & (kIndexInts | kBoolOnly)) != 0);
  }
  const auto mutex = std::make_shared<std::mutex>();
  model.specialise = [program = std::move(program), interface = std::move(interface), changing,
                      mutex](std::span<const Fact> facts) -> Result<Graph> {
    const std::lock_guard lock(*mutex);
    std::set<std::string> states = changing;
    const size_t inputs = std::min(facts.size(), interface.inputs.size());
    Attempt specialised = build(*program, interface, states, facts.first(inputs));
    if (!specialised.graph.ok()) return std::move(specialised.graph).error();
    if (states != changing) return unsupported("which variables it assigns depends on the shapes of its inputs");
    return std::move(specialised.graph);
  };
  return model;
}

}  // namespace thane::tensorflow
