#include "formats/torch/numpy.h"

#include <cstring>

#include "base/checked.h"
#include "base/format.h"

namespace thane::torch {
namespace {

struct NumpyType {
  std::string_view code;  // of numpy.dtype(code)
  DType dtype;
};
constexpr NumpyType kNumpyTypes[] = {
    {"b1", DType::kBool},      {"i1", DType::kInt8},        {"u1", DType::kUInt8},   {"i2", DType::kInt16},
    {"u2", DType::kUInt16},    {"i4", DType::kInt32},       {"u4", DType::kUInt32},  {"i8", DType::kInt64},
    {"u8", DType::kUInt64},    {"f2", DType::kFloat16},     {"f4", DType::kFloat32}, {"f8", DType::kFloat64},
    {"c8", DType::kComplex64}, {"c16", DType::kComplex128},
};

// The element type behind numpy.dtype('f8', …) with its state (version, byte order, …); undefined for objects, strings,
// records and big-endian numbers: such arrays stay inert.
DType dtype_of(const PickleValue& value) {
  if (value.global() != "numpy.dtype" || !value.is(PickleKind::kObject) || value.object->args.empty()) return {};
  const PickleValue& code = *value.object->args[0];
  if (!code.is(PickleKind::kString)) return {};
  const PickleValue* state = value.object->state;
  if (state && state->is_sequence() && state->items.size() > 1 && state->items[1]->is_string(">")) return {};
  for (const NumpyType& type : kNumpyTypes) {
    if (type.code == code.text) return type.dtype;
  }
  return {};
}

std::optional<Dims> shape_of(const PickleValue& value) {
  if (!value.is_sequence() || value.items.size() > 64) return std::nullopt;
  Dims shape;
  for (const PickleValue* item : value.items) {
    if (!item->is(PickleKind::kInt)) return std::nullopt;
    shape.push_back(item->integer);
  }
  return shape;
}

// Memory for bytes of the pickle: the buffer it was decoded from, or a copy of text made meanwhile.
Result<std::shared_ptr<Buffer>> share(PickleTree& tree, std::string_view bytes, size_t& offset) {
  const auto* begin = reinterpret_cast<const char*>(tree.source() ? tree.source()->data() : nullptr);
  if (begin && bytes.data() >= begin && bytes.data() + bytes.size() <= begin + tree.source()->size_bytes()) {
    offset = static_cast<size_t>(bytes.data() - begin);
    return tree.source();
  }
  THANE_TRY(tree.claim(bytes.size()));
  THANE_ASSIGN(auto copy, allocate_buffer(bytes.size()));
  if (!bytes.empty()) std::memcpy(copy->data(), bytes.data(), bytes.size());
  offset = 0;
  return copy;
}

class Part : public Buffer {
 public:
  Part(std::shared_ptr<Buffer> whole, size_t offset, size_t bytes)
      : Buffer(whole->data() + offset, bytes), whole_(std::move(whole)) {}

 private:
  std::shared_ptr<Buffer> whole_;
};

Result<StridedTensor> make_array(PickleTree& tree, DType dtype, Dims shape, bool fortran, std::string_view bytes) {
  const auto count = checked_product(shape);
  const auto size = count ? byte_count(dtype, *count) : std::nullopt;
  if (!size || *size != bytes.size()) {
    return invalid_model(format("a NumPy array of shape {} with {} bytes", to_string(shape), bytes.size()));
  }
  size_t offset = 0;
  THANE_ASSIGN(auto whole, share(tree, bytes, offset));
  auto storage = std::make_shared<Storage>();
  storage->type = "numpy";
  storage->device = "cpu";
  storage->dtype = dtype;
  storage->element_bytes = dtype_size(dtype);
  storage->count = *count;
  storage->bytes = std::make_shared<Part>(std::move(whole), offset, bytes.size());
  StridedTensor array;
  array.storage = std::move(storage);
  array.dtype = dtype;
  array.type_name = dtype_name(dtype);
  array.strides = row_major_strides(shape);
  if (fortran) {
    int64_t stride = 1;
    for (size_t axis = 0; axis < shape.size(); ++axis) {
      array.strides[axis] = stride;
      stride *= shape[axis];
    }
  }
  array.shape = std::move(shape);
  return array;
}

}  // namespace

Result<PickleValue*> reconstruct_array(PickleTree& tree, PickleArgs args) {
  if (args.empty() || args[0]->global() != "numpy.ndarray") return nullptr;
  THANE_ASSIGN(PickleValue * array, tree.make(PickleKind::kObject));
  array->object->callable = args[0];
  return array;
}

Status build_array(PickleTree& tree, PickleValue& object, const PickleValue& state) {
  if (!state.is_sequence() || state.items.size() != 5) return invalid_model("a NumPy array with an odd state");
  const auto& items = state.items;
  const DType dtype = dtype_of(*items[2]);
  const auto shape = shape_of(*items[1]);
  if (dtype == DType::kUndefined || !shape || !items[4]->is(PickleKind::kBytes)) {
    object.object->state = const_cast<PickleValue*>(&state);  // an array of objects or strings stays inert
    return ok();
  }
  const bool fortran = items[3]->is(PickleKind::kBool) && items[3]->integer;
  THANE_ASSIGN(auto array, make_array(tree, dtype, *shape, fortran, items[4]->text));
  object.object.reset();
  object.kind = PickleKind::kArray;
  object.tensor = std::make_unique<StridedTensor>(std::move(array));
  return ok();
}

Result<PickleValue*> array_from_buffer(PickleTree& tree, PickleArgs args) {
  if (args.size() != 4 || !args[0]->is(PickleKind::kBytes)) return nullptr;
  const DType dtype = dtype_of(*args[1]);
  const auto shape = shape_of(*args[2]);
  if (dtype == DType::kUndefined || !shape) return nullptr;
  THANE_ASSIGN(auto array, make_array(tree, dtype, *shape, args[3]->is_string("F"), args[0]->text));
  return tree.make_tensor(PickleKind::kArray, std::move(array));
}

Result<PickleValue*> make_numpy_scalar(PickleTree& tree, PickleArgs args) {
  if (args.size() != 2 || !args[1]->is(PickleKind::kBytes)) return nullptr;
  const DType dtype = dtype_of(*args[0]);
  const std::string_view bytes = args[1]->text;
  if (dtype == DType::kUndefined || dtype_size(dtype) != bytes.size()) return nullptr;
  THANE_ASSIGN(Tensor number, Tensor::allocate(dtype, {}));
  std::memcpy(number.raw(), bytes.data(), bytes.size());
  if (mask_of(dtype) & kComplexes) return nullptr;
  if (dtype == DType::kBool) {
    THANE_ASSIGN(PickleValue * made, tree.make(PickleKind::kBool));
    made->integer = bytes[0] != 0;
    return made;
  }
  if (mask_of(dtype) & kInts) return tree.make_int(number.as_int64(0));
  return tree.make_float(number.as_double(0));
}

}  // namespace thane::torch
