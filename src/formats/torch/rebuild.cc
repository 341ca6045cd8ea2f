#include "formats/torch/rebuild.h"

#include <algorithm>
#include <array>

#include "base/checked.h"
#include "base/format.h"
#include "formats/torch/dtypes.h"
#include "formats/torch/numpy.h"

namespace thane::torch {
namespace {

using Args = std::span<PickleValue* const>;

constexpr size_t kMostRank = 64;

Error bad_arguments(std::string_view what) {
  return invalid_model(format("broken checkpoint: the arguments of {} make no sense", what));
}

std::optional<Dims> integers(const PickleValue& value) {
  if (!value.is_sequence() || value.items.size() > kMostRank) return std::nullopt;
  Dims dims;
  for (const PickleValue* item : value.items) {
    if (!item->is(PickleKind::kInt)) return std::nullopt;
    dims.push_back(item->integer);
  }
  return dims;
}

bool truth(Args args, size_t index) {
  return index < args.size() && args[index]->is(PickleKind::kBool) && args[index]->integer;
}

// (storage, offset, size, stride)
Result<StridedTensor> strided(Args args, std::string_view what) {
  if (args.size() < 4 || !args[0]->is(PickleKind::kStorage) || !args[1]->is(PickleKind::kInt))
    return bad_arguments(what);
  const auto shape = integers(*args[2]), strides = integers(*args[3]);
  if (!shape || !strides) return bad_arguments(what);
  StridedTensor tensor = *args[0]->tensor;
  const auto offset = checked_add(tensor.offset, args[1]->integer);  // legacy storages may be parts of others
  if (!offset || args[1]->integer < 0) return bad_arguments(what);
  tensor.offset = *offset;
  tensor.shape = *shape;
  tensor.strides = *strides;
  return tensor;
}

Result<PickleValue*> rebuild_tensor(PickleTree& tree, Args args) {
  THANE_ASSIGN(auto tensor, strided(args, "_rebuild_tensor"));
  tensor.requires_grad = truth(args, 4);
  return tree.make_tensor(PickleKind::kTensor, std::move(tensor));
}

// A storage of bytes seen as another type: (storage, offset, size, stride, requires_grad, hooks, dtype, metadata).
Result<PickleValue*> rebuild_tensor_v3(PickleTree& tree, Args args) {
  THANE_ASSIGN(auto tensor, strided(args, "_rebuild_tensor_v3"));
  const TorchType* type = args.size() > 6 && args[6]->is(PickleKind::kGlobal) ? type_of_name(args[6]->text) : nullptr;
  if (!type) return bad_arguments("_rebuild_tensor_v3");
  tensor.requires_grad = truth(args, 4);
  if (tensor.storage->element_bytes != type->bytes) {
    auto storage = std::make_shared<Storage>(*tensor.storage);  // another view of the same bytes
    const auto bytes = checked_mul(storage->count, static_cast<int64_t>(storage->element_bytes));
    if (!bytes) return bad_arguments("_rebuild_tensor_v3");
    storage->count = *bytes / static_cast<int64_t>(type->bytes);
    storage->element_bytes = type->bytes;
    tensor.storage = std::move(storage);
  }
  tensor.dtype = type->dtype;
  tensor.type_name = type->name;
  return tree.make_tensor(PickleKind::kTensor, std::move(tensor));
}

// (scheme, scale, zero_point) or (scheme, scales, zero_points, axis); the latter's parameters are tensors.
Result<Quantization> quantization(const PickleValue& value) {
  if (!value.is_sequence() || value.items.size() < 3) return bad_arguments("_rebuild_qtensor");
  Quantization q;
  const auto numbers = [](const PickleValue& from, std::vector<double>& to) -> Status {
    if (from.is(PickleKind::kFloat)) return to.push_back(from.real), ok();
    if (from.is(PickleKind::kInt)) return to.push_back(static_cast<double>(from.integer)), ok();
    if (!from.is(PickleKind::kTensor)) return bad_arguments("_rebuild_qtensor");
    if (!from.tensor->storage || !from.tensor->storage->bytes) return ok();  // legacy files bring them later
    THANE_ASSIGN(const Tensor tensor, from.tensor->dense());
    THANE_ASSIGN(const Tensor aligned, tensor.aligned() ? Result<Tensor>(tensor) : tensor.copy());
    for (int64_t i = 0; i < aligned.size(); ++i) to.push_back(aligned.as_double(i));
    return ok();
  };
  THANE_TRY(numbers(*value.items[1], q.scales));
  THANE_TRY(numbers(*value.items[2], q.zero_points));
  if (value.items.size() > 3 && value.items[3]->is(PickleKind::kInt)) q.axis = value.items[3]->integer;
  return q;
}

Result<PickleValue*> rebuild_qtensor(PickleTree& tree, Args args) {
  THANE_ASSIGN(auto tensor, strided(args, "_rebuild_qtensor"));
  if (args.size() < 5) return bad_arguments("_rebuild_qtensor");
  THANE_ASSIGN(tensor.quantization, quantization(*args[4]));
  return tree.make_tensor(PickleKind::kTensor, std::move(tensor));
}

// (tensor, requires_grad, hooks[, state])
Result<PickleValue*> rebuild_parameter(PickleTree& tree, Args args) {
  if (args.empty() || !args[0]->is(PickleKind::kTensor)) return nullptr;
  StridedTensor tensor = *args[0]->tensor;
  tensor.parameter = true;
  tensor.requires_grad = truth(args, 1);
  return tree.make_tensor(PickleKind::kTensor, std::move(tensor));
}

Result<PickleValue*> rebuild_buffer(PickleTree&, Args args) {
  return args.empty() || !args[0]->is(PickleKind::kTensor) ? nullptr : args[0];
}

// A shape without contents: (dtype, size, stride, requires_grad).
Result<PickleValue*> rebuild_meta_tensor(PickleTree& tree, Args args) {
  const TorchType* type = args.size() >= 3 && args[0]->is(PickleKind::kGlobal) ? type_of_name(args[0]->text) : nullptr;
  const auto shape = type ? integers(*args[1]) : std::nullopt;
  const auto strides = type ? integers(*args[2]) : std::nullopt;
  if (!shape || !strides) return bad_arguments("_rebuild_meta_tensor_no_storage");
  StridedTensor tensor;
  tensor.dtype = type->dtype;
  tensor.type_name = type->name;
  tensor.shape = *shape;
  tensor.strides = *strides;
  tensor.requires_grad = truth(args, 3);
  return tree.make_tensor(PickleKind::kTensor, std::move(tensor));
}

// (function, class, arguments, state): a tensor subclass; what it adds to the tensor is dropped.
Result<PickleValue*> rebuild_from_type(PickleTree& tree, Args args) {
  if (args.size() < 3 || !args[0]->is(PickleKind::kGlobal) || !args[2]->is_sequence()) return nullptr;
  const std::string_view function = args[0]->text;
  if (function == "torch._utils._rebuild_tensor_v2") return rebuild_tensor(tree, args[2]->items);
  if (function == "torch._utils._rebuild_tensor_v3") return rebuild_tensor_v3(tree, args[2]->items);
  if (function == "torch._utils._rebuild_parameter") return rebuild_parameter(tree, args[2]->items);
  if (function == "torch._utils._rebuild_qtensor") return rebuild_qtensor(tree, args[2]->items);
  return nullptr;
}

Result<PickleValue*> rebuild_from_numpy(PickleTree& tree, Args args) {
  if (args.empty() || !args[0]->is(PickleKind::kArray)) return nullptr;
  return tree.make_tensor(PickleKind::kTensor, *args[0]->tensor);
}

Result<PickleValue*> make_size(PickleTree& tree, Args args) {
  if (args.size() != 1 || !args[0]->is_sequence()) return nullptr;
  THANE_TRY(tree.claim(args[0]->items.size() * sizeof(void*)));
  THANE_ASSIGN(PickleValue * size, tree.make(PickleKind::kTuple));
  size->items = args[0]->items;
  return size;
}

Result<PickleValue*> build_list(PickleTree&, Args args) {
  return args.size() == 1 && args[0]->is(PickleKind::kList) ? args[0] : nullptr;
}

// (value, "List[int]"): the value itself; TorchScript keeps the types of attributes in its code.
Result<PickleValue*> restore_type_tag(PickleTree&, Args args) { return args.size() == 2 ? args[0] : nullptr; }

constexpr auto kConstructors = std::to_array<PickleConstructor>({
    {"torch._utils._rebuild_tensor", rebuild_tensor},
    {"torch._utils._rebuild_tensor_v2", rebuild_tensor},
    {"torch._utils._rebuild_tensor_v3", rebuild_tensor_v3},
    {"torch._utils._rebuild_qtensor", rebuild_qtensor},
    {"torch._utils._rebuild_parameter", rebuild_parameter},
    {"torch._utils._rebuild_parameter_with_state", rebuild_parameter},
    {"torch._utils._rebuild_buffer", rebuild_buffer},
    {"torch._utils._rebuild_meta_tensor_no_storage", rebuild_meta_tensor},
    {"torch._utils._rebuild_device_tensor_from_numpy", rebuild_from_numpy},
    {"torch._utils._rebuild_device_tensor_from_cpu_tensor", rebuild_buffer},
    {"torch._utils._rebuild_xla_tensor", rebuild_from_numpy},
    {"torch._utils._rebuild_sparse_tensor"},  // inert: (layout, (indices, values, size))
    {"torch._utils._rebuild_sparse_csr_tensor"},
    {"torch._utils._rebuild_nested_tensor"},
    {"torch._utils._rebuild_wrapper_subclass"},
    {"torch._tensor._rebuild_from_type", rebuild_from_type},
    {"torch._tensor._rebuild_from_type_v2", rebuild_from_type},
    {"torch.nn.parameter.Parameter", rebuild_parameter},
    {"torch.nn.parameter.Buffer", rebuild_buffer},
    {"torch.Size", make_size},
    {"torch.device"},
    {"torch.Tensor"},
    {"torch.serialization._get_layout"},
    {"torch.jit._pickle.build_intlist", build_list},
    {"torch.jit._pickle.build_doublelist", build_list},
    {"torch.jit._pickle.build_boollist", build_list},
    {"torch.jit._pickle.build_tensorlist", build_list},
    {"torch.jit._pickle.build_tensor_from_id"},
    {"torch.jit._pickle.restore_type_tag", restore_type_tag},
    {"numpy.core.multiarray._reconstruct", reconstruct_array},
    {"numpy.core.multiarray.scalar", make_numpy_scalar},
    {"numpy.core.numeric._frombuffer", array_from_buffer},
    {"numpy.dtype"},
    {"numpy.ndarray"},
});

constexpr PickleBuild kBuilds[] = {{"numpy.ndarray", build_array}};

bool is_known(std::string_view name) {
  return type_of_storage(name) || (name.starts_with("torch.") && type_of_name(name)) ||
         name == "torch.storage.UntypedStorage" || name == "torch.storage.TypedStorage" ||
         name.starts_with("torch.per_") || name == "torch.strided" || name == "torch.contiguous_format" ||
         name == "torch.preserve_format" || name.starts_with("__torch__.");
}

}  // namespace

PickleRules pickle_rules() { return {kConstructors, kBuilds, is_known, {}}; }

Result<StorageId> read_storage_id(const PickleValue& value) {
  const auto bad = [] { return invalid_model("broken checkpoint: a storage's id makes no sense"); };
  if (!value.is_sequence() || value.items.size() < 5) return bad();
  const auto& items = value.items;
  if (!items[0]->is_string("storage") || !items[1]->is(PickleKind::kGlobal) || !items[3]->is(PickleKind::kString) ||
      !items[4]->is(PickleKind::kInt) || items[4]->integer < 0) {
    return bad();
  }
  StorageId id{.type = items[1]->text, .key = items[2]->text, .device = items[3]->text, .count = items[4]->integer};
  if (!items[2]->is(PickleKind::kString)) return bad();
  if (const TorchType* type = type_of_storage(id.type)) {
    id.dtype = type->dtype;
    id.element_bytes = type->bytes;
  } else if (!id.type.ends_with(".UntypedStorage")) {
    return unsupported(format("a storage of type {}", id.type));
  }
  if (items.size() > 5 && !items[5]->is(PickleKind::kNone)) id.view = items[5];
  return id;
}

Result<PickleValue*> make_storage(PickleTree& tree, std::shared_ptr<Storage> storage) {
  StridedTensor whole;
  const TorchType* type = type_of_storage(storage->type);
  whole.dtype = type ? type->dtype : DType::kUInt8;
  whole.type_name = type ? type->name : "uint8";
  whole.shape = {storage->count};
  whole.strides = {1};
  whole.storage = std::move(storage);
  return tree.make_tensor(PickleValue::Kind::kStorage, std::move(whole));
}

}  // namespace thane::torch
