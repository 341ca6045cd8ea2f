#include "formats/tflite/import.h"

#include <algorithm>
#include <cstring>

#include "base/checked.h"
#include "base/format.h"
#include "ops/convert.h"

namespace thane::tflite {
namespace {

constexpr int kMostDepth = 32;  // of subgraphs that run subgraphs
constexpr size_t kMostOperators = 500'000;

// Sizes that the file leaves open become symbols of their own; those of the batch share one.
Type input_type(const TensorInfo& info, const std::string& name, bool only_batches) {
  if (!info.known_rank && !info.data && info.dims().empty() && info.is_variable) return Type::tensor(info.dtype);
  SymDims dims;
  for (size_t axis = 0; axis < info.dims().size(); ++axis) {
    const int64_t size = info.dims()[axis];
    // Converters without signatures left sizes they did not know 0.
    if (size > 0 || (size == 0 && !info.signature.empty())) {
      dims.emplace_back(size);
    } else if (axis == 0 && only_batches) {
      dims.push_back(Dim::symbol("batch"));
    } else {
      dims.push_back(Dim::symbol(format("{}.{}", name.empty() ? "input" : name, axis)));
    }
  }
  return Type::tensor(info.dtype, std::move(dims));
}

bool only_batch_is_open(const TensorInfo& info) {
  const Dims& dims = info.dims();
  return std::none_of(dims.begin() + (dims.empty() ? 0 : 1), dims.end(), [](int64_t size) { return size < 0; });
}

}  // namespace

Result<Edge> Scope::value(int32_t tensor) {
  Slot& slot = values_[static_cast<size_t>(tensor)];
  if (slot.edge.present()) return slot.edge;
  const TensorInfo& info = this->tensor(tensor);
  if (info.is_variable) {
    THANE_ASSIGN(slot.edge, importer_.variable(index_, tensor));
    return slot.edge;
  }
  const bool empty = std::find(info.shape.begin(), info.shape.end(), 0) != info.shape.end();
  if (info.data || empty) {
    auto constant = importer_.constant(index_, tensor);
    if (!constant.ok()) return std::move(constant).error().at(format("tensor '{}'", info.name));
    return *constant;
  }
  return invalid_model(format("tensor {} '{}' is read before anything makes it", tensor, info.name));
}

Status Scope::lower_operators() {
  THANE_TRY(importer_.count_operators(info_.operators.size()));
  for (size_t i = 0; i < info_.operators.size(); ++i) {
    const OperatorInfo& info = info_.operators[i];
    const Builtin* row = find_builtin(info);
    const std::string where =
        info.outputs.empty() || info.outputs[0] < 0 ? format("#{}", i) : tensor(info.outputs[0]).name;
    if (!row) {
      importer_.note_unsupported(operator_name(info), where);
      continue;
    }
    // Once something is missing the rest is only looked at for more that is.
    if (importer_.any_unsupported()) continue;
    for (int32_t output : info.outputs) {
      if (output < 0 || std::find(info.inputs.begin(), info.inputs.end(), output) == info.inputs.end()) continue;
      return invalid_model(format("tensor {} is both input and output", output))
          .at(format("{} '{}'", row->name, where));
    }
    Op op(*this, info, *row);
    row->lower(op);
    if (op.failed()) return std::move(*op.error()).at(format("{} '{}'", row->name, where));
    for (size_t output = 0; output < info.outputs.size(); ++output) {
      const int32_t id = info.outputs[output];
      if (id < 0 || importer_.any_unsupported()) continue;
      Slot& slot = values_[static_cast<size_t>(id)];
      if (!slot.edge.present()) continue;
      const DType made = slot.edge.dtype(), wanted = tensor(id).dtype;
      if (made == wanted || made == DType::kUndefined) continue;
      return invalid_model(format("makes {}, its output is declared {}", dtype_name(made), dtype_name(wanted)))
          .at(format("{} '{}'", row->name, where));
    }
  }
  return ok();
}

Status Importer::count_operators(size_t count) {
  operators_ += count;
  if (operators_ > kMostOperators)
    return resource_limit(format("more than {} operators, calls included", kMostOperators));
  return ok();
}

Result<Edge> Importer::constant(size_t subgraph, int32_t tensor) {
  const auto key = std::pair(subgraph, tensor);
  if (const auto found = constants_.find(key); found != constants_.end()) return found->second;
  const TensorInfo& info = file_.subgraphs[subgraph].tensors[static_cast<size_t>(tensor)];
  THANE_ASSIGN(Tensor data, constant_of(info, source_));
  const Edge edge = root_.constant(std::move(data), info.name);
  constants_.emplace(key, edge);
  return edge;
}

Result<Edge> Importer::make_state(const std::string& name, const TensorInfo& as, const Tensor& initial) {
  Tensor start = initial;
  if (!start.defined()) {
    Dims dims = as.shape;
    for (int64_t& size : dims) size = std::max<int64_t>(size, 0);
    const auto bytes = byte_count(as.dtype, checked_product(dims).value_or(-1));
    if (!bytes) return invalid_model(format("a variable of shape {}", to_string(dims)));
    THANE_TRY(source_.claim(static_cast<int64_t>(*bytes)));
    THANE_ASSIGN(start, Tensor::allocate(as.dtype, dims));
    if (as.dtype != DType::kString) std::memset(start.raw(), 0, start.size_bytes());
    // An integer that stands for nought.
    if (const auto zero = static_cast<double>(as.quantization.zero_point()); zero != 0 && is_quantized(as)) {
      for (int64_t i = 0; i < start.size(); ++i) {
        convert_elements(DType::kFloat64, &zero, as.dtype, mutable_element(start, i), 1);
      }
    }
  }
  SymDims dims;
  for (size_t axis = 0; axis < start.rank(); ++axis) {
    const bool open = as.dims().size() != start.rank() || as.dims()[axis] < 0;
    dims.push_back(open ? Dim::unknown() : Dim(start.dim(axis)));
  }
  return root_.state(name, Type::tensor(start.dtype(), std::move(dims)), std::move(start));
}

Result<Edge> Importer::variable(size_t subgraph, int32_t tensor) {
  const auto key = std::pair(subgraph, tensor);
  if (const auto found = variables_.find(key); found != variables_.end()) return found->second;
  const TensorInfo& info = file_.subgraphs[subgraph].tensors[static_cast<size_t>(tensor)];
  Tensor initial;
  if (info.data) {
    THANE_ASSIGN(initial, constant_of(info, source_));
  }
  THANE_ASSIGN(const Edge state, make_state(info.name.empty() ? "variable" : info.name, info, initial));
  variables_.emplace(key, state);
  return state;
}

Resource& Importer::resource(const std::string& key) {
  auto& entry = resources_[key];
  if (!entry) {
    entry = std::make_unique<Resource>();
    entry->name = key;
  }
  return *entry;
}

Result<Edge> Importer::read_variable(Resource& resource, const TensorInfo& as) {
  if (resource.value.present()) return resource.value;
  THANE_ASSIGN(resource.state, make_state(resource.name, as, resource.initial));
  return resource.value = resource.state;
}

Status Importer::assign_variable(Resource& resource, const Edge& value) {
  if (!initialising()) {
    if (!resource.state.present()) {
      // Nothing has read it: what it held before does not matter, but the next run may ask.
      TensorInfo as;
      as.dtype = value.dtype();
      const SymDims* dims = value.dims();
      for (size_t axis = 0; dims && axis < dims->size(); ++axis) {
        as.shape.push_back((*dims)[axis].is_number() ? (*dims)[axis].number() : -1);
      }
      THANE_ASSIGN(resource.state, make_state(resource.name, as, resource.initial));
    }
    resource.value = value;
    return ok();
  }
  const Tensor* known = value.known();
  if (!known) known = value.owner->graph().constant(value.id);
  if (!known) return unsupported(format("variable '{}' starts from a value that is computed", resource.name));
  resource.initial = *known;
  return ok();
}

Result<std::vector<Importer::Passed>> Importer::call(GraphBuilder& builder, size_t subgraph,
                                                     const std::vector<Passed>& inputs, int depth) {
  if (subgraph >= file_.subgraphs.size()) {
    return invalid_model(format("subgraph {} of {}", subgraph, file_.subgraphs.size()));
  }
  if (depth >= kMostDepth) return invalid_model(format("subgraphs run each other more than {} deep", kMostDepth));
  const SubgraphInfo& info = file_.subgraphs[subgraph];
  if (inputs.size() != info.inputs.size()) {
    return invalid_model(format("{} values for subgraph {}", inputs.size(), subgraph))
        .expecting(std::to_string(info.inputs.size()));
  }
  Scope scope(*this, builder, info, subgraph, depth + 1);
  for (size_t i = 0; i < inputs.size(); ++i) {
    scope.set(info.inputs[i], inputs[i].edge);
    scope.set(info.inputs[i], inputs[i].resource);
  }
  if (auto status = scope.lower_operators(); !status.ok()) {
    return std::move(status).error().at(info.name.empty() ? format("subgraph {}", subgraph) : info.name);
  }
  std::vector<Passed> outputs;
  for (int32_t tensor : info.outputs) {
    Passed passed;
    passed.resource = scope.resource(tensor);
    if (!passed.resource && !any_unsupported()) {
      THANE_ASSIGN(passed.edge, scope.value(tensor));
    }
    outputs.push_back(passed);
  }
  return outputs;
}

Result<Graph> Importer::run(size_t subgraph, const SignatureInfo* signature) {
  const SubgraphInfo& info = file_.subgraphs[subgraph];
  const auto name_of = [&](int32_t tensor, const auto& list) -> std::string {
    for (const auto& [name, id] : list) {
      if (id == tensor) return name;
    }
    return info.tensors[static_cast<size_t>(tensor)].name;
  };
  static const std::vector<std::pair<std::string, int32_t>> kNone;
  const auto& input_names = signature ? signature->inputs : kNone;
  const bool only_batches = std::all_of(info.inputs.begin(), info.inputs.end(), [&](int32_t tensor) {
    return only_batch_is_open(info.tensors[static_cast<size_t>(tensor)]);
  });
  Scope scope(*this, root_, info, subgraph, 0);
  for (int32_t tensor : info.inputs) {
    const TensorInfo& input = info.tensors[static_cast<size_t>(tensor)];
    if (input.dtype == DType::kUndefined) {
      note_unsupported("an input that is a resource or variant", input.name);
      continue;
    }
    const std::string name = name_of(tensor, input_names);
    scope.set(tensor, root_.input(name.empty() ? "input" : name, input_type(input, name, only_batches)));
  }
  THANE_TRY(scope.lower_operators());
  if (any_unsupported()) return unsupported_ops();
  std::vector<std::pair<std::string, int32_t>> outputs;
  if (signature && !signature->outputs.empty()) {
    outputs = signature->outputs;
  } else {
    for (int32_t tensor : info.outputs) outputs.emplace_back(info.tensors[static_cast<size_t>(tensor)].name, tensor);
  }
  for (size_t i = 0; i < outputs.size(); ++i) {
    THANE_ASSIGN(const Edge edge, scope.value(outputs[i].second));
    // Two outputs may be one tensor, or have one name.
    std::string name = outputs[i].first.empty() ? "output" : outputs[i].first;
    const auto same = [&](const auto& other) { return other.first == outputs[i].first; };
    const auto before = std::count_if(outputs.begin(), outputs.begin() + static_cast<std::ptrdiff_t>(i), same);
    if (before > 0) name += format(":{}", before);
    THANE_TRY(root_.output(edge, name));
  }
  for (const auto& [key, state] : variables_) {
    if (key.first != subgraph) continue;
    THANE_ASSIGN(const Edge last, scope.value(key.second));
    root_.set_state(state, last);
  }
  for (const auto& [key, resource] : resources_) {
    if (resource->state.present()) root_.set_state(resource->state, resource->value);
  }
  return root_.finish();
}

void Importer::note_unsupported(const std::string& op, const std::string& where) {
  constexpr size_t kMostKinds = 500, kExamples = 3;
  if (unsupported_.size() >= kMostKinds && !unsupported_.contains(op)) return;
  Unsupported& entry = unsupported_[op];
  ++entry.count;
  if (entry.examples.size() < kExamples && !where.empty()) entry.examples.push_back(where);
}

Error Importer::unsupported_ops() const {
  std::string text;
  for (const auto& [op, entry] : unsupported_) {
    text += format("{}{} × {}", text.empty() ? "" : "; ", op, entry.count);
    for (size_t i = 0; i < entry.examples.size(); ++i) text += (i ? ", " : ": ") + entry.examples[i];
    if (entry.count > static_cast<int64_t>(entry.examples.size())) text += ", …";
  }
  return unsupported(
      format("{} unsupported {}: {}", unsupported_.size(), unsupported_.size() == 1 ? "op" : "ops", text));
}

}  // namespace thane::tflite
