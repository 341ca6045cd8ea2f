#include "formats/torch/script/graph_domain.h"

#include "base/format.h"
#include "formats/torch/aten/quantized.h"
#include "formats/torch/script/graph_list.h"
#include "formats/torch/script/tensor_attributes.h"
#include "formats/torch/script/upgrade.h"

namespace thane::torchscript {
namespace {

constexpr int64_t kMostUnrolled = 100'000;  // rows of a tensor that is iterated over

bool mentions_unknown(const Value& value, int depth = 0) {
  if (as<Unknown>(value)) return true;
  if (const auto* items = value.items(); items && depth < 4) {
    for (const Value& item : *items) {
      if (mentions_unknown(item, depth + 1)) return true;
    }
  }
  return false;
}

Status check_operand(const Machine& machine, const Value& value) {
  if (const auto conflict = as<Conflict>(value)) return unsupported(conflict->what).at(machine.place());
  if (as<Uninitialized>(value)) return invalid_model("a variable without a value is read").at(machine.place());
  return ok();
}

}  // namespace

Result<Value> GraphDomain::op(Machine& machine, const std::string& name, std::vector<Value> args,
                              aten::NamedValues kwargs) {
  bool unknown = false;
  for (const Value& arg : args) {
    THANE_TRY(check_operand(machine, arg));
    THANE_TRY(machine.check_nesting(arg));
    unknown |= mentions_unknown(arg);
  }
  for (const auto& [key, value] : kwargs) {
    THANE_TRY(check_operand(machine, value));
    unknown |= mentions_unknown(value);
  }
  // What follows from an op that is missing already: reported once.
  if (unknown) return Value(ObjectPtr(std::make_shared<Unknown>()));
  if (name == "aten::tolist" && args.size() == 1 && args[0].is_tensor()) return tensor_to_list(machine, args[0]);
  if (mentions_graph_list(args)) {
    THANE_ASSIGN(auto done, graph_list_op(machine, name, args, kwargs));
    if (done) return std::move(*done);
  }
  THANE_ASSIGN(auto attribute, tensor_attribute(machine, name, args));
  if (attribute) return std::move(*attribute);
  THANE_TRY(upgrade_call(machine, version_, name, args, kwargs));
  auto result = aten::call(context_, name, std::move(args), std::move(kwargs));
  if (result.ok() || result.error().code != ErrorCode::kUnsupported) return result;
  return note_missing(machine, name, result.error());
}

Value GraphDomain::note_missing(Machine& machine, const std::string& name, const Error& error) {
  constexpr size_t kMostKinds = 500, kPlaces = 3;
  if (missing_.size() < kMostKinds || missing_.contains(name)) {
    Missing& entry = missing_[name];
    ++entry.count;
    entry.reason = error.what;
    if (entry.places.size() < kPlaces) entry.places.push_back(machine.place());
  }
  return Value(ObjectPtr(std::make_shared<Unknown>()));
}

Status GraphDomain::missing() const {
  if (missing_.empty()) return ok();
  std::string text;
  for (const auto& [name, entry] : missing_) {
    text += format("{}{} × {}", text.empty() ? "" : "; ", name, entry.count);
    if (!entry.reason.empty()) text += format(" ({})", entry.reason);
    for (size_t i = 0; i < entry.places.size(); ++i) text += (i ? ", " : ": ") + entry.places[i];
    if (entry.count > entry.places.size()) text += ", …";
  }
  return unsupported(format("{} unsupported {}: {}", missing_.size(), missing_.size() == 1 ? "op" : "ops", text));
}

Result<std::optional<bool>> GraphDomain::truth(Machine& machine, const Value& value) {
  THANE_TRY(check_operand(machine, value));
  if (as<Unknown>(value)) {
    THANE_TRY(missing());
    return unsupported("a condition that is not known").at(machine.place());
  }
  Edge edge;
  if (value.is_symbol()) {
    edge = value.symbol();
  } else if (value.is_tensor()) {
    THANE_ASSIGN(edge, context_.read(value.tensor()));
  } else {
    return invalid_model(format("a condition of kind {}", value.kind())).at(machine.place());
  }
  const Tensor* known = edge.known();
  if (!known || known->size() != 1 || (mask_of(known->dtype()) & (kStringOnly | kComplexes))) {
    return std::optional<bool>();
  }
  return std::optional(known->as_double(0) != 0);
}

Result<Value> GraphDomain::load(Machine&, const InstancePtr& owner, const std::string& attribute,
                                const StoredTensor& stored) {
  if (stored.used.is_tensor()) {
    if (owner) owner->attributes[attribute] = stored.used;
    return stored.used;
  }
  const auto scalars = [&](const std::vector<double>& values, DType dtype) -> Result<Edge> {
    std::vector<float> narrow(values.begin(), values.end());
    std::vector<int64_t> whole;
    for (const double value : values) whole.push_back(static_cast<int64_t>(value));
    Tensor tensor = dtype == DType::kFloat32 ? Tensor::vector<float>(narrow) : Tensor::vector<int64_t>(whole);
    if (values.size() == 1) {
      THANE_ASSIGN(tensor, tensor.reshaped({}));
    }
    return main_.constant(std::move(tensor), stored.name + (dtype == DType::kFloat32 ? ".scale" : ".zero_point"));
  };
  std::shared_ptr<aten::Quantization> quantization;
  if (stored.quantization) {
    quantization = std::make_shared<aten::Quantization>();
    THANE_ASSIGN(quantization->scale, scalars(stored.quantization->scales, DType::kFloat32));
    THANE_ASSIGN(quantization->zero_point, scalars(stored.quantization->zero_points, DType::kInt64));
    if (stored.quantization->axis) quantization->axis = *stored.quantization->axis;
  }
  const TensorPtr box = context_.tensor(main_.constant(stored.tensor, stored.name), quantization);
  box->born = 0;  // older than any body that happens to read it first
  stored.used = Value(box);
  if (owner) owner->attributes[attribute] = stored.used;
  return stored.used;
}

// The scout has seen every attribute that this may be. What it has not seen would get lost between runs.
Status GraphDomain::stored(Machine& machine, const InstancePtr& owner, const std::string& attribute, const Value&) {
  if ((owner->path.empty() && !owner->is_model) || owner->under_construction) return ok();  // the program's own object
  if (states_.contains({owner.get(), attribute})) return ok();
  return unsupported(format("an assignment to '{}{}{}', which was not foreseen", owner->path,
                            owner->path.empty() ? "" : ".", attribute))
      .at(machine.place());
}

Result<Value> GraphDomain::library_object(Machine&, const std::string& name, const Value& state) {
  auto made = aten::unpack_state(context_, name, state);
  if (made.ok() || made.error().code != ErrorCode::kUnsupported) return made;
  auto conflict = std::make_shared<Conflict>();
  conflict->what = format("an object of the class {}: {}", name, made.error().what);
  return Value(ObjectPtr(conflict));
}

Result<std::optional<std::vector<Value>>> GraphDomain::items(Machine& machine, const Value& value,
                                                             std::optional<size_t> count) {
  std::vector<Value> items;
  if (as<Unknown>(value)) {
    for (size_t i = 0; i < count.value_or(1); ++i) items.push_back(value);
    return std::optional(std::move(items));
  }
  if (const auto list = graph_list(value); list && count) {
    for (size_t i = 0; i < *count; ++i) {
      THANE_ASSIGN(Value item, graph_list_item(machine, *list, Value(static_cast<int64_t>(i))));
      items.push_back(std::move(item));
    }
    return std::optional(std::move(items));
  }
  if (!value.is_tensor()) return std::optional<std::vector<Value>>();
  THANE_ASSIGN(const Edge edge, context_.read(value.tensor()));
  const SymDims* dims = edge.dims();
  int64_t rows = static_cast<int64_t>(count.value_or(0));
  if (!count) {
    if (!dims || dims->empty() || !(*dims)[0].is_number()) return std::optional<std::vector<Value>>();
    rows = (*dims)[0].number();
  }
  if (rows > kMostUnrolled) return resource_limit("going through a very long tensor row by row").at(machine.place());
  for (int64_t i = 0; i < rows; ++i) {
    THANE_ASSIGN(Value row, machine.op("aten::select", {value, Value(0), Value(i)}, {}));
    items.push_back(std::move(row));
  }
  return std::optional(std::move(items));
}

// Nested lists of numbers.
Result<Value> GraphDomain::tensor_to_list(Machine& machine, const Value& tensor) {
  THANE_ASSIGN(const Edge edge, context_.read(tensor.tensor()));
  if (edge.dims() && edge.dims()->empty()) return machine.op("aten::item", {tensor}, {});
  THANE_ASSIGN(auto rows, items(machine, tensor, std::nullopt));
  if (!rows) return graph_list_of_rows(machine, tensor);
  std::vector<Value> list;
  for (const Value& row : *rows) {
    THANE_TRY(machine.step());
    THANE_ASSIGN(Value item, tensor_to_list(machine, row));
    list.push_back(std::move(item));
  }
  return machine.make_list(std::move(list));
}

}  // namespace thane::torchscript
