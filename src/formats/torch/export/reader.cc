#include "formats/torch/export/reader.h"

#include <algorithm>

#include "base/format.h"
#include "formats/torch/aten/lowering.h"
#include "formats/torch/export/run.h"

namespace thane {
namespace {

using namespace torch;

std::vector<Fact> declared_inputs(const Program& program) {
  std::vector<Fact> facts;
  for (const ProgramInput& input : program.inputs) {
    if (input.kind == InputKind::kUser) facts.push_back({input.type, std::nullopt, std::nullopt});
  }
  for (const std::string& name : program.mutated) {
    const Tensor& tensor = program.tensors.at(name);
    facts.push_back({Type::tensor(tensor.dtype(), to_symbolic(tensor.dims())), std::nullopt, std::nullopt});
  }
  return facts;
}

// What goes in and out, without the nodes between: for programs that can be written down only once shapes are known.
Graph outline(const Program& program) {
  Graph graph;
  for (const ProgramInput& input : program.inputs) {
    if (input.kind == InputKind::kUser) graph.inputs.push_back(graph.add_value(input.name, input.type));
  }
  for (const std::string& name : program.mutated) {
    const Tensor& tensor = program.tensors.at(name);
    const ValueId id =
        graph.add_value(graph.fresh_name(name), Type::tensor(tensor.dtype(), to_symbolic(tensor.dims())));
    graph.states.push_back({name, id, id, tensor});
  }
  const Json& types = member(*program.graph, "tensor_values");
  for (const ProgramOutput& output : program.outputs) {
    if (output.kind != ProgramOutput::Kind::kUser) continue;
    Type type;
    const Tagged value = tagged(*output.value);
    if (value.tag == "as_tensor") {
      if (const Json* meta = find(types, text(member(value.value, "name")).c_str())) type = type_of(*meta);
    } else if (value.tag.starts_with("as_sym_") || value.tag == "as_int") {
      type = Type::tensor(DType::kInt64, SymDims{});
    }
    std::string name = output.name;
    const auto taken = [&] {
      return std::any_of(graph.values.begin(), graph.values.end(), [&](const ValueInfo& v) { return v.name == name; });
    };
    if (taken()) name = graph.fresh_name(name);
    graph.outputs.push_back(graph.add_value(name, type));
  }
  return graph;
}

bool has_symbols(const Program& program) {
  return std::any_of(program.inputs.begin(), program.inputs.end(), [](const ProgramInput& input) {
    return input.kind == InputKind::kUser && (input.number || !input.type.has_concrete_dims());
  });
}

void describe(const Program& program, Model& model) {
  model.format = "torch.export";
  if (const Json* version = find(program.document, "torch_version")) model.producer = "pytorch " + text(*version);
  const Json& schema = member(program.document, "schema_version");
  const Json* minor = find(schema, "minor");
  model.versions.emplace_back("torch.export",
                              format("{}.{}", integer(member(schema, "major")), minor ? integer(*minor) : 0));
  if (const Json* opsets = find(program.document, "opset_version"); opsets && opsets->is_object()) {
    for (const auto& [name, version] : opsets->items()) {
      if (version.is_number_integer()) model.versions.emplace_back(name, std::to_string(integer(version)));
    }
  }
  if (const Json* ranges = find(program.document, "range_constraints"); ranges && ranges->is_object()) {
    for (const auto& [symbol, range] : ranges->items()) {
      const Json *least = find(range, "min_val"), *most = find(range, "max_val");
      std::string span = least && least->is_number_integer() ? std::to_string(integer(*least)) : "";
      span += " … ";
      if (most && most->is_number_integer()) span += std::to_string(integer(*most));
      model.metadata.emplace_back("range of " + symbol, span);
    }
  }
}

Result<std::string> choose(const std::vector<std::string>& names, const std::string& wanted) {
  if (names.empty()) return invalid_model("no program in the archive").expecting("models/NAME.json");
  if (wanted.empty() || (wanted == "forward" && names.size() == 1)) {
    const bool usual = std::find(names.begin(), names.end(), "model") != names.end();
    return usual ? "model" : names.front();
  }
  if (std::find(names.begin(), names.end(), wanted) != names.end()) return wanted;
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
  return invalid_argument(format("no program '{}'", wanted)).expecting(all);
}

// Asks for every weight by its qualified name.
Status bind_weights(Program& program, const ReadOptions& options) {
  if (!options.weight) return ok();
  for (auto& [name, tensor] : program.tensors) {
    THANE_ASSIGN(Tensor bound, options.weight(name, tensor));
    if (bound.dtype() != tensor.dtype() || bound.dims() != tensor.dims()) {
      return invalid_argument("a weight of another type or shape").at(name);
    }
    tensor = std::move(bound);
  }
  return ok();
}

Result<Model> read_model(std::shared_ptr<const MappedFile> file, const ReadOptions& options) {
  THANE_ASSIGN(const auto archive, Archive::open(std::move(file)));
  const std::vector<std::string> names = program_names(*archive);
  THANE_ASSIGN(const std::string name, choose(names, options.entry_point));
  THANE_ASSIGN(const std::shared_ptr<Program> program, read_program(*archive, name));
  THANE_TRY(bind_weights(*program, options));
  THANE_TRY(check_ops(*program));
  THANE_TRY(find_mutated_buffers(*program));
  return aten::guarded([&] {
    Model model;
    describe(*program, model);
    model.entry_point = name;
    if (names.size() > 1) {
      for (const std::string& each : names) model.entry_points.push_back({each, ""});
    }
    auto graph = write_graph(*program, declared_inputs(*program));
    const bool symbolic = has_symbols(*program);
    if (!graph.ok() && !symbolic) aten::fail(std::move(graph).error());
    model.graph = graph.ok() ? std::move(*graph) : outline(*program);
    if (symbolic) {
      model.specialise = [program](std::span<const Fact> inputs) { return write_graph(*program, inputs); };
      for (const ProgramInput& input : program->inputs) {
        if (input.kind == InputKind::kUser) model.by_value.push_back(input.number);
      }
    }
    return model;
  });
}

}  // namespace

Result<Model> read_torch_export(std::shared_ptr<const MappedFile> file, const ReadOptions& options) {
  const std::string path = file->path();
  auto model = read_model(std::move(file), options);
  if (!model.ok()) return std::move(model).error().at(path);
  return model;
}

}  // namespace thane
