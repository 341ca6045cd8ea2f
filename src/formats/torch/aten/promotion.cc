#include "formats/torch/aten/lowering.h"

namespace thane::aten {
namespace {

int category(DType dtype) {
  if (dtype == DType::kUndefined) return -1;
  if (is_complex(dtype)) return 3;
  if (is_float(dtype)) return 2;
  return is_integer(dtype) ? 1 : 0;
}

DType complex_of(DType dtype) { return dtype == DType::kFloat64 ? DType::kComplex128 : DType::kComplex64; }

DType promote_or_either(DType a, DType b) {
  if (a == DType::kUndefined) return b;
  if (b == DType::kUndefined) return a;
  return promote_types(a, b);
}

DType combine(DType higher, DType lower) {
  if (is_complex(higher)) return higher;
  if (is_float(higher)) return is_complex(lower) ? complex_of(higher) : higher;
  if (higher == DType::kBool || is_float(lower) || is_complex(lower)) return promote_or_either(higher, lower);
  return higher != DType::kUndefined ? higher : lower;
}

}  // namespace

bool is_float(DType dtype) { return mask_of(dtype) & (kFloats | kFloat8s); }
bool is_complex(DType dtype) { return mask_of(dtype) & kComplexes; }
bool is_integer(DType dtype) { return mask_of(dtype) & (kInts | kSubByte) & ~mask_of(DType::kFloat4E2M1); }

DType real_of(DType dtype) {
  if (dtype == DType::kComplex64) return DType::kFloat32;
  return dtype == DType::kComplex128 ? DType::kFloat64 : dtype;
}

DType promote_types(DType a, DType b) {
  if (a == b) return a;
  const int ca = category(a), cb = category(b);
  if (ca == 3 || cb == 3) {
    const bool wide = real_of(a) == DType::kFloat64 || real_of(b) == DType::kFloat64;
    return wide ? DType::kComplex128 : DType::kComplex64;
  }
  if (ca != cb && (ca == 2 || cb == 2 || ca == 0 || cb == 0)) return ca > cb ? a : b;
  if (ca == 2) {
    if (a == DType::kFloat64 || b == DType::kFloat64) return DType::kFloat64;
    return DType::kFloat32;  // of two different ones, one of them 16 bits or less
  }
  // Integers of different size or sign: the larger one, and with uint8 among smaller or equal ones the next.
  const bool a_signed = mask_of(a) & kSignedInts, b_signed = mask_of(b) & kSignedInts;
  if (a_signed == b_signed) return dtype_size(a) >= dtype_size(b) ? a : b;
  const DType sign = a_signed ? a : b, plain = a_signed ? b : a;
  if (dtype_size(sign) > dtype_size(plain)) return sign;
  switch (dtype_size(plain)) {
    case 1: return DType::kInt16;
    case 2: return DType::kInt32;
    default: return DType::kInt64;
  }
}

void Promotion::add(Ops& ops, const Value& value) {
  if (value.is_tensor()) {
    const Edge edge = must(ops.context.read(value.tensor()));
    DType& slot = edge.dims() && edge.dims()->empty() ? zero_ : dimensional_;
    slot = promote_or_either(slot, edge.dtype());
    return;
  }
  DType dtype = DType::kUndefined;
  if (value.is_bool()) dtype = DType::kBool;
  if (value.is_int()) dtype = DType::kInt64;
  if (value.is_float()) dtype = DType::kFloat32;
  if (value.is_complex()) dtype = DType::kComplex64;
  if (value.is_symbol()) dtype = value.symbol().dtype() == DType::kFloat64 ? DType::kFloat32 : value.symbol().dtype();
  number_ = promote_or_either(number_, dtype);
}

DType Promotion::result() const { return combine(dimensional_, combine(zero_, number_)); }

}  // namespace thane::aten
