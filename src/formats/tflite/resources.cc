// What subgraphs share by name: variables and tables.
#include "base/format.h"
#include "formats/tflite/builtins.h"
#include "formats/tflite/import.h"

namespace thane::tflite {
namespace resources_ops {
namespace {

// --- variables

Resource* handle(Op& op, Resource::Kind kind) {
  Resource* resource = op.has(0) ? op.scope().resource(op.info().inputs[0]) : nullptr;
  if (!op.check(resource && resource->kind == kind, "an operand that is no handle of the right kind")) return nullptr;
  return resource;
}

void lower_var_handle(Op& op) {
  const std::string key = format("variable {}/{}", op.options().text(0), op.options().text(1));
  Resource& resource = op.scope().importer().resource(key);
  resource.name = op.options().text(1).empty() ? "variable" : std::string(op.options().text(1));
  if (op.wants(0)) op.scope().set(op.info().outputs[0], &resource);
}

void lower_read_variable(Op& op) {
  Resource* resource = handle(op, Resource::Kind::kVariable);
  if (!resource || !op.wants(0)) return;
  auto value = op.scope().importer().read_variable(*resource, op.result());
  if (!value.ok()) return op.fail(std::move(value).error());
  op.set_raw(0, *value);
}

void lower_assign_variable(Op& op) {
  Resource* resource = handle(op, Resource::Kind::kVariable);
  const Edge value = op.raw(1);
  if (!resource || op.failed()) return;
  if (auto status = op.scope().importer().assign_variable(*resource, value); !status.ok())
    op.fail(std::move(status).error());
}

// --- tables

void lower_hashtable(Op& op) {
  const auto key = dtype_of_code(op.options().number<int8_t>(1)), value = dtype_of_code(op.options().number<int8_t>(2));
  if (!op.check(key && value, "a table of unknown dtypes")) return;
  Resource& resource = op.scope().importer().resource(format("table {}", op.options().number<int32_t>(0)));
  resource.kind = Resource::Kind::kTable;
  resource.key_dtype = *key;
  resource.value_dtype = *value;
  if (op.wants(0)) op.scope().set(op.info().outputs[0], &resource);
}

void lower_hashtable_import(Op& op) {
  Resource* table = handle(op, Resource::Kind::kTable);
  const Edge keys = op.raw(1), values = op.raw(2);
  if (!table || op.failed()) return;
  if (!keys.known() || !values.known()) return op.unsupported_form("contents that are computed");
  if (!op.check(keys.known()->size() == values.known()->size(), "a table with different counts of keys and values"))
    return;
  if (table->keys.defined()) return;  // the first contents stay
  table->keys = *keys.known();
  table->values = *values.known();
}

// Lists of attributes of LabelEncoder for a table's side.
void add_side(AttrMap& attrs, const std::string& side, const Tensor& tensor) {
  if (tensor.dtype() == DType::kString) {
    const auto texts = tensor.span<std::string>();
    attrs[side + "_strings"] = std::vector<std::string>(texts.begin(), texts.end());
  } else {
    std::vector<int64_t> numbers;
    for (int64_t i = 0; i < tensor.size(); ++i) numbers.push_back(tensor.as_int64(i));
    attrs[side + "_int64s"] = std::move(numbers);
  }
}

void lower_hashtable_find(Op& op) {
  Resource* table = handle(op, Resource::Kind::kTable);
  const Edge keys = op.raw(1), fallback = op.raw(2);
  if (!table || op.failed()) return;
  if (!fallback.known() || fallback.known()->size() != 1) return op.unsupported_form("a default that is computed");
  if (!table->keys.defined() || table->keys.size() == 0)
    return op.set_raw(0, op("Expand", {op.reshape(fallback, Dims{}), op.shape(keys)}));
  AttrMap attrs;
  add_side(attrs, "keys", table->keys);
  add_side(attrs, "values", table->values);
  if (fallback.dtype() == DType::kString)
    attrs["default_string"] = *fallback.known()->data<std::string>();
  else
    attrs["default_int64"] = fallback.known()->as_int64(0);
  op.set_raw(0, op.many({.op = "LabelEncoder", .inputs = {keys}, .attrs = std::move(attrs), .domain = Domain::kMl})[0]);
}

void lower_hashtable_size(Op& op) {
  Resource* table = handle(op, Resource::Kind::kTable);
  if (table) op.set_raw(0, op.list({table->keys.defined() ? table->keys.size() : 0}));
}

constexpr Builtin kRows[] = {
    {136, "HASHTABLE", 107, lower_hashtable},
    {137, "HASHTABLE_FIND", 0, lower_hashtable_find},
    {138, "HASHTABLE_IMPORT", 0, lower_hashtable_import},
    {139, "HASHTABLE_SIZE", 0, lower_hashtable_size},
    {142, "VAR_HANDLE", 111, lower_var_handle},
    {143, "READ_VARIABLE", 0, lower_read_variable},
    {144, "ASSIGN_VARIABLE", 0, lower_assign_variable},
};

}  // namespace
}  // namespace resources_ops

std::span<const Builtin> resource_builtins() { return resources_ops::kRows; }

}  // namespace thane::tflite
