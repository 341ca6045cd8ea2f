#include "ir/type.h"

namespace thane {

DTypeMask Type::mask() const {
  switch (kind) {
    case TypeKind::kTensor: return dtype == DType::kUndefined ? 0 : mask_of(dtype);
    case TypeKind::kSequence: return kSequenceKind;
    case TypeKind::kOptional: return kOptionalKind;
    case TypeKind::kMap: return kMapKind;
    case TypeKind::kUnknown: break;
  }
  return 0;
}

std::string Type::to_string() const {
  const std::string inner = element ? element->to_string() : "?";
  switch (kind) {
    case TypeKind::kTensor: {
      const std::string name(dtype == DType::kUndefined ? "?" : dtype_name(dtype));
      return name + (dims ? thane::to_string(*dims) : "[...]");
    }
    case TypeKind::kSequence: return "seq(" + inner + ")";
    case TypeKind::kOptional: return "optional(" + inner + ")";
    case TypeKind::kMap: return "map(" + std::string(dtype_name(dtype)) + ", " + inner + ")";
    case TypeKind::kUnknown: break;
  }
  return "?";
}

namespace {

// Combines dims position by position; different ranks leave the rank unknown.
template <class F>
std::optional<SymDims> zip_dims(const SymDims& a, const SymDims& b, const F& choose) {
  if (a.size() != b.size()) return std::nullopt;
  SymDims dims(a.size());
  for (size_t i = 0; i < a.size(); ++i) dims[i] = choose(a[i], b[i]);
  return dims;
}

}  // namespace

Type merge_known(const Type& a, const Type& b) {
  if (!a.known()) return b;
  if (!b.known() || a.kind != b.kind) return a;
  Type merged = a;
  if (merged.dtype == DType::kUndefined) merged.dtype = b.dtype;
  if (a.is_tensor()) {
    if (!a.dims) {
      merged.dims = b.dims;
    } else if (b.dims) {
      merged.dims = zip_dims(*a.dims, *b.dims, [](const Dim& x, const Dim& y) {
        if (x.is_number() && y.is_number()) return x == y ? x : Dim::unknown();
        if (x.is_number() || y.is_unknown()) return x;
        if (y.is_number() || x.is_unknown()) return y;
        return x;
      });
    }
  } else if (a.element && b.element) {
    merged.element = std::make_shared<const Type>(merge_known(*a.element, *b.element));
  } else if (!a.element) {
    merged.element = b.element;
  }
  return merged;
}

Type join(const Type& a, const Type& b) {
  if (!a.known() || !b.known() || a.kind != b.kind) return {};
  Type joined = a;
  if (a.dtype != b.dtype) joined.dtype = DType::kUndefined;
  if (a.is_tensor()) {
    joined.dims = std::nullopt;
    if (a.dims && b.dims) {
      joined.dims = zip_dims(*a.dims, *b.dims, [](const Dim& x, const Dim& y) { return x == y ? x : Dim::unknown(); });
    }
  } else if (a.element && b.element) {
    joined.element = std::make_shared<const Type>(join(*a.element, *b.element));
  }
  return joined;
}

}  // namespace thane
