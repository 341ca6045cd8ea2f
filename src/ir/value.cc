#include "ir/value.h"

namespace thane {

Result<Value> Value::keep() const {
  if (is_tensor() && !tensor().owned()) {
    THANE_ASSIGN(Tensor copy, tensor().copy());
    return Value(std::move(copy));
  }
  return *this;  // sequences and maps own their contents by construction
}

Type Value::type() const {
  if (is_tensor()) return Type::tensor(tensor().dtype(), to_symbolic(tensor().dims()));
  if (is_sequence()) return Type::sequence(sequence().element);
  if (is_map()) return Type::map(map().keys.dtype(), Type::tensor(map().values.dtype()));
  return Type::optional(Type{});
}

}  // namespace thane
