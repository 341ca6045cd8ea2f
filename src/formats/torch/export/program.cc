#include "formats/torch/export/program.h"

#include <set>

#include "formats/containers/strided.h"
#include "formats/torch/aten/lowering.h"

namespace thane::torch {
namespace {

using aten::fail;
using aten::must;

constexpr std::string_view kFolder = "models/", kEnding = ".json";

// --- tensors

// Weights that are tied share one file; so do their tensors.
class Payloads {
 public:
  explicit Payloads(Archive& archive) : archive_(archive) {}

  void read(const std::string& config, const std::string& folder, std::map<std::string, Tensor, std::less<>>& into) {
    if (!archive_.has(config)) return;
    const auto bytes = must(archive_.read(config, true));
    const Json json = must(parse_json({reinterpret_cast<const char*>(bytes->data()), bytes->size_bytes()}));
    for (const auto& [name, payload] : member(json, "config").items()) {
      const Json* meta = find(payload, "tensor_meta");
      const Json* pickled = find(payload, "use_pickle");
      if (!meta || (pickled && flag(*pickled))) continue;  // an object: an error where the graph asks for it
      into.emplace(name, tensor(folder + text(member(payload, "path_name")), *meta));
    }
  }

 private:
  Tensor tensor(const std::string& path, const Json& meta) {
    const Type type = type_of(meta);
    if (!all_numbers(*type.dims)) fail(invalid_model("a weight of unknown size").at(path));
    StridedTensor tensor;
    tensor.dtype = type.dtype;
    tensor.shape = to_numbers(*type.dims);
    for (const Json& stride : array(meta, "strides")) {
      const Dim dim = dim_of(stride);
      if (!dim.is_number()) fail(invalid_model("a weight of unknown strides").at(path));
      tensor.strides.push_back(dim.number());
    }
    if (const Json* offset = find(meta, "storage_offset")) {
      const Dim dim = dim_of(*offset);
      if (!dim.is_number()) fail(invalid_model("a weight at an unknown place").at(path));
      tensor.offset = dim.number();
    }
    auto& storage = storages_[path];
    if (!storage) {
      storage = std::make_shared<Storage>();
      storage->name = path;
      storage->dtype = type.dtype;
      storage->element_bytes = dtype_size(type.dtype);
      storage->bytes = must(archive_.read(path, false));
      storage->count = static_cast<int64_t>(storage->bytes->size_bytes() / storage->element_bytes);
    }
    if (storage->dtype != type.dtype) fail(unsupported("one weight file read as two element types").at(path));
    tensor.storage = storage;
    if (tensor.strides.size() != tensor.shape.size())
      fail(invalid_model("strides and sizes differ in number").at(path));
    must(tensor.check());
    return must(tensor.dense());
  }

  Archive& archive_;
  std::map<std::string, std::shared_ptr<Storage>, std::less<>> storages_;
};

// --- what goes in and out

// Names for the leaves of a tree of results: keys of dicts, positions in what holds several.
void leaf_names(const Json& spec, const std::string& path, int depth, std::vector<std::string>& names) {
  if (depth > 50 || names.size() > 100000) fail(resource_limit("the tree of outputs"));
  if (spec.is_null() || !spec.is_object() || spec.empty()) {
    names.push_back(path);
    return;
  }
  const Json* type = find(spec, "type");
  const Json* children = find(spec, "children_spec");
  if (!type || !children || !children->is_array()) {
    names.push_back(path);
    return;
  }
  Json keys;
  if (const Json* context = find(spec, "context"); context && context->is_string()) {
    auto parsed = parse_json(context->get_ref<const std::string&>());
    if (parsed.ok()) keys = std::move(*parsed);
    // OrderedDict and defaultdict nest their keys one deeper.
    if (keys.is_object() && keys.contains("keys")) keys = keys["keys"];
  }
  for (size_t i = 0; i < children->size(); ++i) {
    std::string part = std::to_string(i);
    if (keys.is_array() && keys.size() == children->size()) {
      if (keys[i].is_string()) part = keys[i].get<std::string>();
      if (keys[i].is_number_integer()) part = std::to_string(keys[i].get<int64_t>());
    } else if (text(*type) != "builtins.tuple" && text(*type) != "builtins.list") {
      part = std::to_string(i);
    }
    leaf_names((*children)[i], path.empty() ? part : path + "." + part, depth + 1, names);
  }
}

// Whether any of a tree's inner nodes is a dict: then its keys name the outputs.
bool has_keys(const Json& spec, int depth = 0) {
  if (!spec.is_object() || depth > 50) return false;
  const Json* type = find(spec, "type");
  if (type && type->is_string() && type->get_ref<const std::string&>().find("ict") != std::string::npos) return true;
  if (const Json* children = find(spec, "children_spec"); children && children->is_array()) {
    for (const Json& child : *children) {
      if (has_keys(child, depth + 1)) return true;
    }
  }
  return false;
}

std::vector<std::string> output_names(const Json& module) {
  std::vector<std::string> names;
  const Json* calls = find(module, "module_call_graph");
  if (!calls || !calls->is_array() || calls->empty()) return names;
  const Json* signature = find((*calls)[0], "signature");
  const Json* spec = signature ? find(*signature, "out_spec") : nullptr;
  if (!spec || !spec->is_string()) return names;
  auto tree = parse_json(spec->get_ref<const std::string&>());
  // [protocol, tree]
  if (!tree.ok() || !tree->is_array() || tree->size() != 2 || !has_keys((*tree)[1])) return names;
  leaf_names((*tree)[1], "", 0, names);
  return names;
}

// The name an Argument carries; empty for values.
std::string name_of(const Json& argument) {
  const Tagged t = tagged(argument);
  if (t.tag == "as_tensor" || t.tag == "as_custom_obj" || t.tag == "as_token") return text(member(t.value, "name"));
  if (t.tag.starts_with("as_sym_")) {
    const Tagged symbol = tagged(t.value);
    if (symbol.tag == "as_name") return text(symbol.value);
  }
  return {};
}

ProgramInput user_input(const Json& graph, const Json& argument) {
  ProgramInput input;
  input.name = name_of(argument);
  const Tagged t = tagged(argument);
  if (t.tag == "as_tensor") {
    input.type = type_of(member(member(graph, "tensor_values"), input.name.c_str()));
  } else if (t.tag.starts_with("as_sym_") && !input.name.empty()) {
    const DType dtype = t.tag == "as_sym_float"  ? DType::kFloat64
                        : t.tag == "as_sym_bool" ? DType::kBool
                                                 : DType::kInt64;
    input.type = Type::tensor(dtype, SymDims{});
    input.number = true;
  } else {
    input.kind = InputKind::kUnused;  // a number or None that the program was made for
  }
  return input;
}

ProgramInput read_input(const Json& graph, const Json& spec, const Json& placeholder) {
  const Tagged kind = tagged(spec);
  if (kind.tag == "user_input") return user_input(graph, member(kind.value, "arg"));
  ProgramInput input;
  input.name = name_of(placeholder);
  const auto target = [&](InputKind k, const char* key) {
    input.kind = k;
    input.target = text(member(kind.value, key));
  };
  if (kind.tag == "parameter")
    target(InputKind::kParameter, "parameter_name");
  else if (kind.tag == "buffer")
    target(InputKind::kBuffer, "buffer_name");
  else if (kind.tag == "tensor_constant")
    target(InputKind::kConstant, "tensor_constant_name");
  else if (kind.tag == "constant_input")
    input.kind = InputKind::kFixed, input.fixed = &member(kind.value, "value");
  else if (kind.tag == "token")
    input.kind = InputKind::kUnused;
  else
    fail(unsupported(format("inputs of kind '{}'", kind.tag)).at(input.name));
  if (input.kind == InputKind::kFixed && input.name.empty()) input.name = text(member(kind.value, "name"));
  return input;
}

ProgramOutput read_output(const Json& spec) {
  const Tagged kind = tagged(spec);
  ProgramOutput output;
  output.value = &member(kind.value, "arg");
  output.kind = ProgramOutput::Kind::kIgnored;
  if (kind.tag == "user_output" || kind.tag == "loss_output") output.kind = ProgramOutput::Kind::kUser;
  if (kind.tag == "buffer_mutation") {
    output.kind = ProgramOutput::Kind::kBuffer;
    output.target = text(member(kind.value, "buffer_name"));
  }
  return output;
}

void read_signature(Program& program) {
  const Json& module = member(program.document, "graph_module");
  program.graph = &member(module, "graph");
  const Json& signature = member(module, "signature");
  const Json &inputs = array(signature, "input_specs"), &placeholders = array(*program.graph, "inputs");
  if (inputs.size() != placeholders.size()) fail(invalid_model("input specs and inputs differ in number"));
  std::set<std::string> names;
  for (size_t i = 0; i < inputs.size(); ++i) {
    program.inputs.push_back(read_input(*program.graph, inputs[i], placeholders[i]));
    const std::string& name = program.inputs.back().name;
    if (!name.empty() && !names.insert(name).second) fail(invalid_model(format("two inputs named '{}'", name)));
  }
  const std::vector<std::string> leaves = output_names(module);
  size_t users = 0;
  for (const Json& spec : array(signature, "output_specs")) {
    ProgramOutput output = read_output(spec);
    if (output.kind == ProgramOutput::Kind::kBuffer) program.mutated.push_back(output.target);
    if (output.kind == ProgramOutput::Kind::kUser) {
      if (users < leaves.size()) output.name = leaves[users];
      ++users;
      const Tagged value = tagged(spec);
      const Tagged argument = tagged(member(value.value, "arg"));
      if (argument.tag == "as_none") output.kind = ProgramOutput::Kind::kIgnored;
      if (output.name.empty()) output.name = name_of(member(value.value, "arg"));
      if (output.name.empty()) output.name = format("output_{}", users - 1);
    }
    program.outputs.push_back(std::move(output));
  }
}

Result<std::shared_ptr<Program>> parse_program(Archive& archive, const std::string& name) {
  return aten::guarded([&] {
    const std::string path = std::string(kFolder) + name + std::string(kEnding);
    auto program = std::make_shared<Program>();
    const auto bytes = must(archive.read(path, true));
    program->document = must(parse_json({reinterpret_cast<const char*>(bytes->data()), bytes->size_bytes()}));
    const int64_t major = integer(member(member(program->document, "schema_version"), "major"));
    if (major < 5 || major > 8) {
      fail(unsupported(format("schema version {}", major))
               .expecting("5 to 8")
               .hinting("export the model with a torch of the years 2024 to 2026"));
    }
    read_signature(*program);
    Payloads payloads(archive);
    payloads.read("data/weights/" + name + "_weights_config.json", "data/weights/", program->tensors);
    payloads.read("data/constants/" + name + "_constants_config.json", "data/constants/", program->tensors);
    for (const ProgramInput& input : program->inputs) {
      const bool stored =
          input.kind == InputKind::kParameter || input.kind == InputKind::kBuffer || input.kind == InputKind::kConstant;
      if (stored && !program->tensors.contains(input.target)) {
        fail(invalid_model(format("the archive lacks the tensor '{}'", input.target)));
      }
    }
    return program;
  });
}

}  // namespace

std::vector<std::string> program_names(const Archive& archive) {
  std::vector<std::string> names;
  for (const ZipArchive::Member& item : archive.zip().members()) {
    std::string_view name = archive.inner_name(item);
    if (!name.starts_with(kFolder) || !name.ends_with(kEnding)) continue;
    name.remove_prefix(kFolder.size());
    name.remove_suffix(kEnding.size());
    if (!name.empty() && name.find('/') == std::string_view::npos) names.emplace_back(name);
  }
  return names;
}

Result<std::shared_ptr<Program>> read_program(Archive& archive, const std::string& name) {
  return parse_program(archive, name);
}

}  // namespace thane::torch
