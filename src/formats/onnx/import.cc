#include "formats/onnx/import.h"

#include <algorithm>

#include "base/format.h"
#include "formats/onnx/attributes.h"
#include "formats/onnx/domains.h"
#include "formats/onnx/limits.h"
#include "formats/onnx/order.h"
#include "formats/onnx/tensor.h"
#include "formats/onnx/upgrade.h"
#include "ops/table.h"

namespace thane::onnx {
namespace {

std::string node_label(const ForeignNode& node) {
  const std::string op = node.domain.empty() ? node.op : node.domain + "." + node.op;
  if (!node.name.empty()) return format("{} '{}'", op, node.name);
  for (const auto& output : node.outputs) {
    if (!output.empty()) return format("{} → '{}'", op, output);
  }
  return op;
}

std::vector<std::string> strings(const std::vector<std::string_view>& views) { return {views.begin(), views.end()}; }

}  // namespace

// What a value named `name` in the file shall be called in the graph.
std::string Importer::readable_name(const Scope& scope, const std::string& name) {
  if (!name.empty() && name[0] == '\x01') return name.substr(name.find('\x01', 1) + 1);
  const Frame* frame = scope.frame;
  if (!frame || scope.outer) return name;  // a body in a function has names of its own anyway
  const auto result = frame->results.find(name);
  return result != frame->results.end() ? result->second : frame->label + "/" + name;
}

Opsets read_opsets(const std::vector<OpsetId>& ids) {
  Opsets opsets;
  for (const OpsetId& id : ids) opsets.insert_or_assign(std::string(canonical_domain(id.domain)), id.version);
  return opsets;
}

// --- names -----------------------------------------------------------------------------------------------------------

Result<ValueId> Importer::lookup(Scope& scope, const std::string& name) {
  for (const Scope* each = &scope; each; each = each->outer) {
    const auto found = each->ids.find(name);
    if (found != each->ids.end()) return scope.filler.reach(each->filler, found->second);
  }
  return invalid_model(format("'{}' is used but nothing produces it", name))
      .expecting("an input, an initializer or a node's output");
}

Status Importer::define(Scope& scope, const std::string& name, ValueId id) {
  if (scope.ids.emplace(name, id).second) return ok();
  return invalid_model(format("'{}' is defined twice", name)).expecting("one definition for each name");
}

// --- graphs ----------------------------------------------------------------------------------------------------------

Status Importer::import_inputs(const GraphProto& proto, Scope& scope, bool main) {
  std::unordered_set<std::string_view> initialized;
  if (main) {
    // Inputs that have a default are constants here. (Files up to IR version 3 list all weights among the inputs.)
    for (const Bytes& message : proto.initializers) {
      THANE_ASSIGN(const std::string_view name, tensor_name(message));
      initialized.insert(name);
    }
  }
  for (const ValueInfoProto& input : proto.inputs) {
    if (initialized.contains(input.name)) continue;
    if (input.name.empty()) return invalid_model("a graph input without a name");
    const std::string name(input.name);
    auto type = read_type(input.type);
    if (!type.ok()) return std::move(type).error().at(format("input '{}'", name));
    const ValueId id = scope.filler.add_value(main ? name : readable_name(scope, name), std::move(*type));
    THANE_TRY(define(scope, name, id));
    scope.filler.graph().inputs.push_back(id);
  }
  return ok();
}

Status Importer::import_initializers(const GraphProto& proto, Scope& scope, bool main) {
  const auto add = [&](NamedTensor named) -> Status {
    if (named.name.empty()) return invalid_model("an initializer without a name");
    const std::string name(named.name);
    if (!main && scope.ids.contains(name)) return ok();  // the default of a body's input, which is always given
    THANE_ASSIGN(Tensor tensor, source_.weight(name, std::move(named.tensor)));
    return define(scope, name, scope.filler.add_constant(name, std::move(tensor)));
  };
  for (const Bytes& message : proto.initializers) {
    THANE_ASSIGN(NamedTensor named, read_tensor(message, source_));
    THANE_TRY(add(std::move(named)));
  }
  for (const Bytes& message : proto.sparse_initializers) {
    THANE_ASSIGN(NamedTensor named, read_sparse_tensor(message, source_));
    THANE_TRY(add(std::move(named)));
  }
  return ok();
}

Status Importer::import_nodes(const std::vector<Bytes>& messages, Scope& scope) {
  std::vector<NodeProto> protos;
  protos.reserve(messages.size());
  for (const Bytes& message : messages) {
    THANE_ASSIGN(NodeProto proto, decode_node(message));
    protos.push_back(std::move(proto));
  }
  THANE_ASSIGN(const std::vector<size_t> order, topological_order(protos));
  for (size_t i : order) {
    auto node = foreign(protos[i], scope);
    if (!node.ok()) {
      return std::move(node).error().at(format("{} '{}'", protos[i].op_type, protos[i].name));
    }
    const std::string where = node_label(*node);
    if (auto status = import_node(std::move(*node), scope); !status.ok()) return std::move(status).error().at(where);
  }
  return ok();
}

Result<Graph> Importer::import_main(Bytes message, const Opsets& opsets) {
  THANE_ASSIGN(const GraphProto proto, decode_graph(message));
  Graph graph;
  graph.name = proto.name;
  GraphFiller filler(graph, nullptr);
  Scope scope{filler, nullptr, &opsets, nullptr, 0, {}};
  THANE_TRY(import_inputs(proto, scope, true));
  THANE_TRY(import_initializers(proto, scope, true));
  THANE_TRY(import_nodes(proto.nodes, scope));
  THANE_TRY(import_main_outputs(proto, scope));
  if (!unsupported_.empty()) return unsupported_ops();
  return graph;
}

// Outputs keep the file's names: they are what people and other programs ask for.
Status Importer::import_main_outputs(const GraphProto& proto, Scope& scope) {
  Graph& graph = scope.filler.graph();
  for (const ValueInfoProto& output : proto.outputs) {
    const std::string name(output.name);
    THANE_ASSIGN(ValueId id, lookup(scope, name));
    if (id == kNoValue) return invalid_model(format("output '{}' is absent", name));
    if (graph.values[id].name != name) {
      const OpDef* identity = find_standard_op("", "Identity");
      if (!identity) return unsupported("Identity");
      const ValueId named = scope.filler.add_named(name, {});
      Node node;
      node.op = identity;
      node.inputs = {id};
      node.outputs = {named};
      scope.filler.append(std::move(node));
      id = named;
    }
    THANE_ASSIGN(const Type declared, read_type(output.type));
    // Declared shapes are often those of the exporter's sample: only the kind of value is taken.
    Type& type = graph.values[id].type;
    if (!type.known()) {
      type = declared;
      type.dims = std::nullopt;
    }
    graph.outputs.push_back(id);
  }
  return ok();
}

Result<Subgraph> Importer::import_body(const ForeignGraph& body, Scope& site) {
  if (site.depth >= kMostNesting) return nested_too_deeply();
  THANE_ASSIGN(const GraphProto proto, decode_graph(body.message));
  Subgraph subgraph;
  subgraph.graph = std::make_unique<Graph>();
  subgraph.graph->name = proto.name;
  GraphFiller filler(*subgraph.graph, &site.filler);
  Scope scope{filler, body.scope, body.scope->opsets, body.scope->frame, site.depth + 1, {}};
  THANE_TRY(import_inputs(proto, scope, false));
  THANE_TRY(import_initializers(proto, scope, false));
  THANE_TRY(import_nodes(proto.nodes, scope));
  for (const ValueInfoProto& output : proto.outputs) {
    THANE_ASSIGN(const ValueId id, lookup(scope, std::string(output.name)));
    if (id == kNoValue) return invalid_model(format("output '{}' of the body is absent", output.name));
    subgraph.graph->outputs.push_back(id);
  }
  subgraph.captures = std::move(filler.captures);
  return subgraph;
}

// --- nodes -----------------------------------------------------------------------------------------------------------

Result<ForeignNode> Importer::foreign(const NodeProto& proto, Scope& scope) {
  ForeignNode node;
  node.domain = canonical_domain(proto.domain);
  node.op = proto.op_type;
  node.overload = proto.overload;
  node.name = proto.name;
  node.inputs = strings(proto.inputs);
  node.outputs = strings(proto.outputs);
  for (const AttributeProto& attribute : proto.attributes) THANE_TRY(add_attribute(attribute, scope, node));
  return node;
}

Status Importer::add_attribute(const AttributeProto& attribute, Scope& scope, ForeignNode& node) {
  std::string name(attribute.name);
  if (name.starts_with("__")) return ok();  // private notes of some tool
  if (!attribute.reference.empty()) {
    if (!scope.frame)
      return invalid_model(format("attribute '{}' refers to '{}' outside a function", name, attribute.reference));
    if (const auto found = scope.frame->attrs.find(attribute.reference); found != scope.frame->attrs.end()) {
      node.attrs.insert_or_assign(std::move(name), found->second);
      return ok();
    }
    for (const auto& [formal, graph] : scope.frame->graphs) {
      if (formal == attribute.reference) node.graphs.emplace_back(name, graph);
    }
    return ok();  // neither given nor with a default: absent here, too
  }
  if (!holds_graphs(attribute)) {
    THANE_ASSIGN(AttrValue value, read_attribute(attribute, source_));
    if (!node.attrs.emplace(name, std::move(value)).second)
      return invalid_model(format("attribute '{}' stands twice", name));
    return ok();
  }
  THANE_ASSIGN(const std::vector<Bytes> graphs, read_graphs(attribute));
  if (graphs.size() != 1)
    return invalid_model(format("attribute '{}' holds {} graphs", name, graphs.size())).expecting("one");
  node.graphs.emplace_back(std::move(name), ForeignGraph{graphs[0], &scope});
  return ok();
}

namespace {

// The version of a domain that a node is written for; 0 for domains whose versions mean nothing here.
Result<int64_t> version_of(const std::string& domain, const Opsets& opsets) {
  const int64_t newest = newest_version(domain);
  const std::string name = domain.empty() ? "ai.onnx" : domain;
  const auto found = opsets.find(domain);
  if (found == opsets.end()) {
    if (newest == 0) return 0;
    return invalid_model(format("the model does not say which version of {} it uses", name))
        .expecting("an opset_import of that domain");
  }
  const int64_t version = found->second;
  if (newest == 0) return version;
  if (version < 1) return invalid_model(format("opset {} of {}", version, name)).expecting(format("1 to {}", newest));
  if (version > newest) {
    return unsupported(format("opset {} of {}", version, name))
        .expecting(format("at most {}", newest))
        .hinting("export the model for an older opset");
  }
  return version;
}

}  // namespace

Status Importer::import_node(ForeignNode node, Scope& scope) {
  if (node.op.empty()) return invalid_model("a node without an op");
  if (scope.frame) THANE_TRY(source_.claim(kInlinedNodeBytes));
  if (const FunctionProto* function = find_function(node)) return inline_function(*function, std::move(node), scope);
  THANE_ASSIGN(node.version, version_of(node.domain, *scope.opsets));
  if (node.domain.empty() && node.op == "Constant") return import_constant(node, scope);
  if (node.domain == kTrainingDomain && node.op == "Gradient") return import_gradient(node, scope);
  return import_rewritten(std::move(node), scope);
}

// What rewrites may know. Names they make up are "\x01number\x01text", so that none is a name of the file.
class Importer::NodeSurroundings : public Rewrite::Surroundings {
 public:
  NodeSurroundings(Importer& importer, const ForeignNode& node, Scope& scope)
      : importer_(importer),
        scope_(scope),
        stem_(!node.name.empty()     ? node.name
              : node.outputs.empty() ? node.op
                                     : node.outputs[0]) {}

  std::string fresh(const std::string& op) override {
    return format("\x01{}\x01{}/{}", ++importer_.made_up_names_, stem_, op);
  }
  const Tensor* constant(const std::string& name) const override {
    const auto id = importer_.lookup(scope_, name);
    return id.ok() ? scope_.filler.graph().constant(*id) : nullptr;
  }
  Type type(const std::string& name) const override {
    const auto id = importer_.lookup(scope_, name);
    return id.ok() && *id != kNoValue ? scope_.filler.graph().values[*id].type : Type{};
  }
  Bytes hold(std::string message) override { return importer_.held_.emplace_back(std::move(message)); }

 private:
  Importer& importer_;
  Scope& scope_;
  std::string stem_;
};

Status Importer::import_rewritten(ForeignNode node, Scope& scope) {
  NodeSurroundings surroundings(*this, node, scope);
  const ForeignNode original = node;
  Rewrite rewrite(node, surroundings);
  Status status;
  if (const DomainOp* row = find_vendor_op(node.domain, node.op)) {
    if (row->rewrite) status = row->rewrite(rewrite);
  } else {
    status = upgrade(rewrite);
  }
  if (!status.ok()) {
    if (status.error().code != ErrorCode::kUnsupported) return status;
    note_unsupported(original, status.error().what);
    for (const auto& name : original.outputs) {
      if (!name.empty()) THANE_TRY(define(scope, name, scope.filler.add_value(readable_name(scope, name), {})));
    }
    return ok();
  }
  for (auto& constant : rewrite.constants) {
    THANE_TRY(define(scope, constant.name,
                     scope.filler.add_constant(readable_name(scope, constant.name), std::move(constant.tensor))));
  }
  for (ForeignNode& each : rewrite.before) THANE_TRY(import_op(std::move(each), scope));
  THANE_TRY(import_op(std::move(node), scope));
  for (ForeignNode& each : rewrite.after) THANE_TRY(import_op(std::move(each), scope));
  return ok();
}

Status Importer::import_constant(const ForeignNode& node, Scope& scope) {
  if (node.outputs.size() != 1 || node.outputs[0].empty() || node.attrs.size() != 1) {
    return invalid_model(format("a Constant of {} outputs and {} attributes", node.outputs.size(), node.attrs.size()))
        .expecting("one of each");
  }
  const AttrValue& value = node.attrs.begin()->second;
  Tensor tensor;
  if (const auto* t = std::get_if<Tensor>(&value))
    tensor = *t;
  else if (const auto* i = std::get_if<int64_t>(&value))
    tensor = Tensor::scalar(*i);
  else if (const auto* f = std::get_if<float>(&value))
    tensor = Tensor::scalar(*f);
  else if (const auto* s = std::get_if<std::string>(&value))
    tensor = Tensor::scalar(*s);
  else if (const auto* is = std::get_if<std::vector<int64_t>>(&value))
    tensor = Tensor::vector<int64_t>(*is);
  else if (const auto* fs = std::get_if<std::vector<float>>(&value))
    tensor = Tensor::vector<float>(*fs);
  else if (const auto* ss = std::get_if<std::vector<std::string>>(&value))
    tensor = Tensor::vector<std::string>(*ss);
  if (!tensor.defined()) return invalid_model("a Constant without a value");
  const std::string& name = node.outputs[0];
  const std::string readable = readable_name(scope, name);
  THANE_ASSIGN(tensor, source_.weight(readable, std::move(tensor)));
  return define(scope, name, scope.filler.add_constant(readable, std::move(tensor)));
}

// Stands for a body that was left out.
static std::unique_ptr<Graph> identity_body() {
  auto body = std::make_unique<Graph>();
  body->inputs = body->outputs = {body->add_value("x")};
  return body;
}

Status Importer::import_op(ForeignNode foreign_node, Scope& scope) {
  const OpDef* op = nullptr;
  if (const DomainOp* row = find_vendor_op(foreign_node.domain, foreign_node.op))
    op = find_op(row->domain, row->op);
  else
    op = find_standard_op(foreign_node.domain, foreign_node.op);
  Node node;
  node.op = op;
  node.name = foreign_node.name;
  for (const auto& name : foreign_node.inputs) {
    ValueId id = kNoValue;
    if (!name.empty()) {
      THANE_ASSIGN(id, lookup(scope, name));
    }
    node.inputs.push_back(id);
  }
  while (!node.inputs.empty() && node.inputs.back() == kNoValue) node.inputs.pop_back();
  if (!op) {
    note_unsupported(foreign_node, "");
  } else {
    if (op->attrs) {
      THANE_ASSIGN(node.attrs, op->attrs->parse(foreign_node.attrs));
    } else if (!foreign_node.attrs.empty()) {
      return attrs_detail::unknown_attribute(foreign_node.attrs.begin()->first);
    }
    for (const auto& wanted : op->subgraphs) {
      const auto found = std::find_if(foreign_node.graphs.begin(), foreign_node.graphs.end(),
                                      [&](const auto& item) { return item.first == wanted; });
      if (found == foreign_node.graphs.end()) {
        if (!op->optional_subgraphs) return attrs_detail::missing(wanted);
        node.subgraphs.push_back({identity_body(), {}});
        continue;
      }
      auto body = import_body(found->second, scope);
      if (!body.ok()) return std::move(body).error().at(std::string(wanted));
      node.subgraphs.push_back(std::move(*body));
    }
  }
  for (const auto& name : foreign_node.outputs) {
    ValueId id = kNoValue;
    if (!name.empty()) {
      id = scope.filler.add_value(readable_name(scope, name), {});
      THANE_TRY(define(scope, name, id));
    }
    node.outputs.push_back(id);
  }
  while (!node.outputs.empty() && node.outputs.back() == kNoValue) node.outputs.pop_back();
  if (!op) return ok();
  scope.filler.append(std::move(node));
  return ok();
}

}  // namespace thane::onnx
