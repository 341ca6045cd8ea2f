#include "formats/tensorflow/reader.h"

#include <algorithm>

#include "base/format.h"
#include "formats/tensorflow/assemble.h"
#include "formats/tensorflow/import.h"
#include "formats/tensorflow/text_format.h"

namespace thane {
namespace {

using namespace tensorflow;

// --- interfaces ------------------------------------------------------------------------------------------------------

// Axes of unknown length get symbols; the first one "batch" where only one input has such a first axis.
Type declared_type(const TensorInfo& info, std::string_view name, bool batch) {
  std::optional<SymDims> dims = to_dims(info.shape);
  if (dims) {
    for (size_t i = 0; i < dims->size(); ++i) {
      if (!(*dims)[i].is_unknown()) continue;
      (*dims)[i] = Dim::symbol(i == 0 && batch ? "batch" : format("{}_{}", name, i));
    }
  }
  return Type::tensor(to_dtype(info.type), std::move(dims));
}

struct Named {
  std::string name;
  TensorInfo info;
};

// Sparse and ragged tensors are several.
std::vector<Named> flattened(const std::map<std::string_view, TensorInfo>& side) {
  std::vector<Named> all;
  for (const auto& [key, info] : side) {
    if (!info.composite) {
      all.push_back({std::string(key), info});
      continue;
    }
    for (size_t i = 0; i < info.components.size(); ++i) {
      TensorInfo part = info;
      part.name = info.components[i];
      part.composite = false;
      part.shape = {.unknown_rank = true, .dims = {}};
      all.push_back({format("{}.{}", key, i), part});
    }
  }
  return all;
}

Result<Interface> interface_of(const Program& program, const SignatureDef& signature) {
  Interface interface;
  std::vector<Named> inputs = flattened(signature.inputs), outputs = flattened(signature.outputs);
  // The first versions wrote an unknown shape like a scalar's.
  constexpr int64_t kFirstWithUnknownShapes = 24;
  if (program.meta.graph.producer < kFirstWithUnknownShapes) {
    for (auto* side : {&inputs, &outputs}) {
      for (Named& each : *side) each.info.shape.unknown_rank |= each.info.shape.dims.empty();
    }
  }
  size_t open = 0;
  for (const Named& input : inputs)
    open += !input.info.shape.unknown_rank && !input.info.shape.dims.empty() && input.info.shape.dims[0] < 0;
  for (Named& input : inputs) {
    THANE_ASSIGN(const Ref ref, find_output(program.main, input.info.name));
    // Some files' signatures have another dtype than the graph; the graph is right.
    const NodeDef* node = program.main.nodes[ref.node].def;
    if (const AttrProto* dtype = node && node->op.starts_with("Placeholder") ? node->attr("dtype") : nullptr)
      input.info.type = dtype->number;
    interface.inputs.push_back({input.name, ref, declared_type(input.info, input.name, open == 1)});
  }
  for (const Named& output : outputs) {
    THANE_ASSIGN(const Ref ref, find_output(program.main, output.info.name));
    interface.outputs.push_back(
        {output.name, ref, Type::tensor(to_dtype(output.info.type), to_dims(output.info.shape))});
  }
  return interface;
}

// Placeholders that the outputs depend on, in the file's order.
std::vector<uint32_t> placeholders(const Body& body, const std::vector<Interface::Output>& outputs) {
  std::vector<bool> seen(body.nodes.size(), false);
  std::vector<uint32_t> pending;
  for (const auto& output : outputs) pending.push_back(output.ref.node);
  while (!pending.empty()) {
    const uint32_t node = pending.back();
    pending.pop_back();
    if (seen[node]) continue;
    seen[node] = true;
    for (const Ref& input : body.nodes[node].inputs) pending.push_back(input.node);
  }
  std::vector<uint32_t> found;
  for (uint32_t i = 0; i < body.nodes.size(); ++i) {
    if (seen[i] && (body.op(i) == "Placeholder" || body.op(i) == "PlaceholderV2")) found.push_back(i);
  }
  return found;
}

constexpr std::string_view kNoResult[] = {"NoOp",
                                          "Assert",
                                          "Const",
                                          "Placeholder",
                                          "PlaceholderWithDefault",
                                          "VariableV2",
                                          "Assign",
                                          "SaveV2",
                                          "RestoreV2",
                                          "MergeV2Checkpoints",
                                          "VarHandleOp",
                                          "AssignVariableOp",
                                          "ApplyGradientDescent",
                                          "ScalarSummary",
                                          "HistogramSummary",
                                          "MergeSummary",
                                          "VarIsInitializedOp",
                                          "ReadVariableOp",
                                          "ShardedFilename",
                                          "HashTableV2"};

// What to deliver where the file does not say: results of nodes that nothing reads.
std::vector<Interface::Output> leaves(const Body& body) {
  std::vector<bool> read(body.nodes.size(), false);
  for (const Body::Node& node : body.nodes) {
    for (const Ref& input : node.inputs) read[input.node] = true;
    for (uint32_t control : node.controls) read[control] = true;
  }
  std::vector<Interface::Output> outputs;
  for (uint32_t i = 0; i < body.nodes.size(); ++i) {
    const std::string_view op = body.op(i);
    if (read[i] || std::ranges::find(kNoResult, op) != std::end(kNoResult) || op.starts_with("Apply") ||
        op.starts_with("ResourceApply"))
      continue;
    outputs.push_back({std::string(body.nodes[i].def->name), {i, 0}, {}});
  }
  return outputs;
}

Result<Interface> interface_of_graph(const Program& program, const ReadOptions& options) {
  Interface interface;
  for (const std::string& name : options.outputs) {
    auto ref = find_output(program.main, name);
    if (!ref.ok()) return invalid_argument(format("there is no value '{}' in the graph", name)).at("--outputs");
    interface.outputs.push_back({name, *ref, {}});
  }
  if (interface.outputs.empty()) interface.outputs = leaves(program.main);
  if (interface.outputs.empty())
    return invalid_model("nothing in the graph is an output").hinting("name outputs with --outputs");
  const std::vector<uint32_t> nodes = placeholders(program.main, interface.outputs);
  std::vector<TensorInfo> infos;
  size_t open = 0;
  for (uint32_t node : nodes) {
    const NodeDef& def = *program.main.nodes[node].def;
    TensorInfo info;
    info.name = def.name;
    if (const AttrProto* type = def.attr("dtype")) info.type = type->number;
    const AttrProto* shape = def.attr("shape");
    info.shape = shape && !(shape->shape.dims.empty() && program.meta.graph.producer < 24)
                     ? shape->shape
                     : ShapeProto{.unknown_rank = true, .dims = {}};
    if (const AttrProto* shapes = def.attr("_output_shapes");
        info.shape.unknown_rank && shapes && !shapes->shapes.empty())
      info.shape = shapes->shapes[0];
    open += !info.shape.unknown_rank && !info.shape.dims.empty() && info.shape.dims[0] < 0;
    infos.push_back(info);
  }
  for (size_t i = 0; i < nodes.size(); ++i) {
    interface.inputs.push_back(
        {std::string(infos[i].name), {nodes[i], 0}, declared_type(infos[i], infos[i].name, open == 1)});
  }
  return interface;
}

// --- entry points ----------------------------------------------------------------------------------------------------

std::string summary_of(const SignatureDef& signature) {
  const auto side = [](const std::map<std::string_view, TensorInfo>& infos, bool typed) {
    std::string text = "(";
    for (const auto& [name, info] : infos) {
      text += (text.size() > 1 ? ", " : "") + std::string(name);
      if (typed) text += ": " + Type::tensor(to_dtype(info.type), to_dims(info.shape)).to_string();
    }
    return text + ")";
  };
  return side(signature.inputs, true) + " -> " + side(signature.outputs, false);
}

bool is_internal(std::string_view signature) { return signature.starts_with("__saved_model_"); }

Result<std::string> chosen_signature(const MetaGraphDef& meta, const ReadOptions& options) {
  std::string names;
  std::vector<std::string> all;
  for (const auto& [name, signature] : meta.signatures) {
    if (is_internal(name)) continue;
    all.emplace_back(name);
    names += (names.empty() ? "" : ", ") + std::string(name);
  }
  if (!options.entry_point.empty()) {
    if (std::ranges::find(all, options.entry_point) != all.end()) return options.entry_point;
    return invalid_argument(format("there is no signature '{}'", options.entry_point))
        .expecting(names.empty() ? "a model with signatures" : names);
  }
  if (std::ranges::find(all, "serving_default") != all.end()) return std::string("serving_default");
  if (all.size() == 1) return all[0];
  if (all.empty())
    return unsupported("the SavedModel has no signature").hinting("export it with signatures, or freeze it");
  return invalid_argument("the model has several signatures and none is the default")
      .expecting(names)
      .hinting("choose with --signature");
}

Result<MetaGraphDef> serving_graph(std::vector<MetaGraphDef> graphs) {
  if (graphs.empty()) return invalid_model("there is no graph in the SavedModel");
  for (MetaGraphDef& graph : graphs) {
    if (graph.tags.size() == 1 && graph.tags[0] == "serve") return std::move(graph);
  }
  for (MetaGraphDef& graph : graphs) {
    if (std::ranges::find(graph.tags, "serve") != graph.tags.end()) return std::move(graph);
  }
  return std::move(graphs[0]);
}

void describe(const Program& program, Model& model) {
  if (!program.meta.version.empty()) model.producer = "tensorflow " + std::string(program.meta.version);
  model.versions.emplace_back("GraphDef", std::to_string(program.meta.graph.producer));
}

// The file's message, made binary where it is text.
Result<std::string_view> message_of(Program& program) {
  const std::string_view bytes = program.source.bytes();
  const TextRoot root = text_root(bytes);
  if (root == TextRoot::kNone) return bytes;
  // The binary form is never longer than the text.
  THANE_TRY(program.source.claim(static_cast<int64_t>(bytes.size())));
  THANE_ASSIGN(std::string binary, text_to_binary(bytes, root));
  return std::string_view(program.texts.emplace_back(std::move(binary)));
}

Result<Model> saved_model(const std::shared_ptr<Program>& program, const ReadOptions& options) {
  THANE_ASSIGN(const std::string_view message, message_of(*program));
  THANE_ASSIGN(auto graphs, decode_saved_model(message));
  THANE_ASSIGN(program->meta, serving_graph(std::move(graphs)));
  program->asset_folder = "assets/";
  THANE_TRY(program->link());
  THANE_ASSIGN(const std::string name, chosen_signature(program->meta, options));
  if (auto checkpoint = Checkpoint::open(program->source, "variables/variables"); checkpoint.ok()) {
    program->checkpoint = std::move(*checkpoint);
  } else if (checkpoint.error().code != ErrorCode::kIo) {
    return std::move(checkpoint).error();  // there, and broken
  }
  const SignatureDef& signature = program->meta.signatures.find(name)->second;
  THANE_ASSIGN(Interface interface, interface_of(*program, signature));
  THANE_ASSIGN(Model model, assemble(program, std::move(interface)));
  for (const auto& [each, definition] : program->meta.signatures) {
    if (!is_internal(each)) model.entry_points.push_back({std::string(each), summary_of(definition)});
  }
  model.entry_point = name;
  model.format = "saved_model";
  describe(*program, model);
  return model;
}

Result<Model> graph_def(const std::shared_ptr<Program>& program, const ReadOptions& options) {
  THANE_ASSIGN(const std::string_view message, message_of(*program));
  THANE_ASSIGN(program->meta.graph, decode_graph(message));
  THANE_TRY(program->link());
  THANE_ASSIGN(Interface interface, interface_of_graph(*program, options));
  THANE_ASSIGN(Model model, assemble(program, std::move(interface)));
  model.format = "graphdef";
  describe(*program, model);
  return model;
}

Result<Model> tf1_checkpoint(const std::shared_ptr<Program>& program, const std::string& prefix,
                             const ReadOptions& options) {
  THANE_ASSIGN(const std::string_view message, message_of(*program));
  THANE_ASSIGN(program->meta, decode_meta_graph(message));
  THANE_TRY(program->link());
  THANE_ASSIGN(program->checkpoint, Checkpoint::open(program->source, prefix));
  THANE_ASSIGN(Interface interface, interface_of_graph(*program, options));
  THANE_ASSIGN(Model model, assemble(program, std::move(interface)));
  model.format = "tf1_checkpoint";
  describe(*program, model);
  return model;
}

template <class F>
Result<Model> read(std::shared_ptr<const MappedFile> file, const ReadOptions& options, const F& f) {
  const std::string path = file->path();
  auto model = f(std::make_shared<Program>(Source(std::move(file), options)));
  if (!model.ok()) return std::move(model).error().at(path);
  return model;
}

}  // namespace

Result<Model> read_saved_model(std::shared_ptr<const MappedFile> file, const ReadOptions& options) {
  return read(std::move(file), options,
              [&](std::shared_ptr<Program> program) { return saved_model(program, options); });
}

Result<Model> read_graph_def(std::shared_ptr<const MappedFile> file, const ReadOptions& options) {
  return read(std::move(file), options, [&](std::shared_ptr<Program> program) { return graph_def(program, options); });
}

Result<Model> read_tf1_checkpoint(std::shared_ptr<const MappedFile> file, const ReadOptions& options) {
  std::string stem = file->path().substr(file->path().rfind('/') + 1);
  if (stem.ends_with(".meta")) stem.resize(stem.size() - 5);
  return read(std::move(file), options,
              [&](std::shared_ptr<Program> program) { return tf1_checkpoint(program, stem, options); });
}

}  // namespace thane
