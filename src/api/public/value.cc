#include "api/public/access.h"
#include "base/format.h"

namespace thane::v1 {
namespace {

// Elements C++ or the op definitions give no meaning to: a bool that is neither 0 nor 1, an int4 of 9.
thane::Status check_elements(const thane::Tensor& tensor) {
  int64_t low = 0, high = 1;
  if (mask_of(tensor.dtype()) & kSubByte) {
    const int bits = dtype_bits(tensor.dtype());
    const bool is_signed = tensor.dtype() == thane::DType::kInt4 || tensor.dtype() == thane::DType::kInt2;
    low = is_signed ? -(int64_t{1} << (bits - 1)) : 0;
    high = low + (int64_t{1} << bits) - 1;
  } else if (tensor.dtype() != thane::DType::kBool) {
    return thane::ok();
  }
  const auto* bytes = static_cast<const uint8_t*>(tensor.raw());
  for (int64_t i = 0; i < tensor.size(); ++i) {
    const int64_t value = low < 0 ? static_cast<int8_t>(bytes[i]) : bytes[i];
    if (value < low || value > high) {
      return invalid_argument(thane::format("element {} is {}", i, value))
          .expecting(thane::format("{} to {} in a tensor of {}", low, high, thane::dtype_name(tensor.dtype())));
    }
  }
  return thane::ok();
}

}  // namespace

struct Value::Body {
  Kind kind = Kind::kNone;
  Tensor tensor;
  std::vector<Value> items;
  DType element = DType::kUndefined;
  Tensor keys, values;
};

Value::Value() {
  static const auto none = std::make_shared<const Body>();
  body_ = none;
}
Value::Value(Tensor tensor) {
  auto body = std::make_shared<Body>();
  body->kind = tensor.defined() ? Kind::kTensor : Kind::kNone;
  body->tensor = std::move(tensor);
  body_ = std::move(body);
}

Value Value::sequence(std::vector<Value> items, DType element) {
  auto body = std::make_shared<Body>();
  body->kind = Kind::kSequence;
  body->element = element == DType::kUndefined && !items.empty() ? items[0].tensor().dtype() : element;
  body->items = std::move(items);
  Value value;
  value.body_ = std::move(body);
  return value;
}

Result<Value> Value::map(Tensor keys, Tensor values) {
  const bool keyed = keys.dtype() == DType::kInt64 || keys.dtype() == DType::kString;
  if (!keyed || keys.rank() != 1 || values.rank() != 1 || keys.size() != values.size()) {
    return to_public(invalid_argument(thane::format("keys of {}{}, values of {}{}", dtype_name(keys.dtype()),
                                                    thane::to_string(keys.shape()), dtype_name(values.dtype()),
                                                    thane::to_string(values.shape())))
                         .expecting("int64 or string keys, and as many values, both of rank 1"));
  }
  auto body = std::make_shared<Body>();
  body->kind = Kind::kMap;
  body->keys = std::move(keys);
  body->values = std::move(values);
  Value value;
  value.body_ = std::move(body);
  return value;
}

Value::Kind Value::kind() const { return body_->kind; }
const Tensor& Value::tensor() const { return body_->tensor; }
const std::vector<Value>& Value::items() const { return body_->items; }
const Tensor& Value::map_keys() const { return body_->keys; }
const Tensor& Value::map_values() const { return body_->values; }

Value Access::wrap(const thane::Value& value) {
  if (value.is_tensor()) return wrap(value.tensor(), true);
  if (value.is_sequence()) {
    std::vector<Value> items;
    for (const thane::Value& item : value.sequence().items) items.push_back(wrap(item));
    return Value::sequence(std::move(items), static_cast<DType>(value.sequence().element.dtype));
  }
  if (value.is_map()) {
    auto map = Value::map(wrap(value.map().keys, true), wrap(value.map().values, true));
    if (map) return *map;
  }
  return {};
}

Result<thane::Value> Access::unwrap(const Value& value) {
  const auto checked = [](const Tensor& tensor) -> Result<thane::Tensor> {
    thane::Tensor inner = unwrap(tensor);
    if (const auto status = check_elements(inner); !status.ok()) return to_public(status.error());
    return inner;
  };
  switch (value.kind()) {
    case Value::Kind::kNone: return thane::Value();
    case Value::Kind::kTensor: {
      auto tensor = checked(value.tensor());
      if (!tensor) return tensor.error();
      return thane::Value(std::move(*tensor));
    }
    case Value::Kind::kSequence: {
      Sequence sequence;
      sequence.element = Type::tensor(static_cast<thane::DType>(value.body_->element));
      for (const Value& item : value.items()) {
        auto inner = unwrap(item);
        if (!inner) return inner;
        if (sequence.items.empty() && !inner->is_tensor()) sequence.element = inner->type();
        auto kept = inner->keep();  // sequences own their contents
        if (!kept.ok()) return to_public(kept.error());
        sequence.items.push_back(std::move(*kept));
      }
      return thane::Value(std::move(sequence));
    }
    case Value::Kind::kMap: {
      auto keys = checked(value.map_keys());
      auto values = checked(value.map_values());
      if (!keys) return keys.error();
      if (!values) return values.error();
      auto own_keys = keys->keep(), own_values = values->keep();
      if (!own_keys.ok()) return to_public(own_keys.error());
      if (!own_values.ok()) return to_public(own_values.error());
      return thane::Value(Map{std::move(*own_keys), std::move(*own_values)});
    }
  }
  return thane::Value();
}

}  // namespace thane::v1
