// The static type of an edge: what is known before anything runs.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/dtype.h"
#include "ir/dim.h"

namespace thane {

enum class TypeKind : uint8_t { kUnknown, kTensor, kSequence, kOptional, kMap };

struct Type {
  TypeKind kind = TypeKind::kUnknown;
  DType dtype = DType::kUndefined;      // of a tensor; of the keys of a map; may be undefined when unknown
  std::optional<SymDims> dims;          // of a tensor; absent: unknown rank
  std::shared_ptr<const Type> element;  // of a sequence, an optional, a map's values; may be null when unknown

  static Type tensor(DType dtype, std::optional<SymDims> dims = std::nullopt) {
    return {TypeKind::kTensor, dtype, std::move(dims), nullptr};
  }
  static Type sequence(Type element) { return nest(TypeKind::kSequence, DType::kUndefined, std::move(element)); }
  static Type optional(Type element) { return nest(TypeKind::kOptional, DType::kUndefined, std::move(element)); }
  static Type map(DType key, Type value) { return nest(TypeKind::kMap, key, std::move(value)); }

  bool is_tensor() const { return kind == TypeKind::kTensor; }
  bool has_concrete_dims() const { return is_tensor() && dims && all_numbers(*dims); }
  bool known() const { return kind != TypeKind::kUnknown; }
  // Bits for a parameter's mask: the dtype's, or the kind's; 0 when unknown.
  DTypeMask mask() const;
  std::string to_string() const;  // "float32[batch, 3]", "seq(float32[?])", "?"

 private:
  static Type nest(TypeKind kind, DType dtype, Type element) {
    return {kind, dtype, std::nullopt, std::make_shared<const Type>(std::move(element))};
  }
};

// What is known when both descriptions hold: a declared type and an inferred one. Disagreement keeps `a`'s dtype and
// makes the dimension that differs unknown.
Type merge_known(const Type& a, const Type& b);
// What is known when either may hold (the branches of an If).
Type join(const Type& a, const Type& b);

}  // namespace thane
