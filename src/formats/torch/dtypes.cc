#include "formats/torch/dtypes.h"

#include <algorithm>
#include <iterator>

namespace thane::torch {
namespace {

constexpr TorchType kTypes[] = {
    {"uint8", "ByteStorage", 0, DType::kUInt8, 1},
    {"int8", "CharStorage", 1, DType::kInt8, 1},
    {"int16", "ShortStorage", 2, DType::kInt16, 2},
    {"int32", "IntStorage", 3, DType::kInt32, 4},
    {"int64", "LongStorage", 4, DType::kInt64, 8},
    {"float16", "HalfStorage", 5, DType::kFloat16, 2},
    {"float32", "FloatStorage", 6, DType::kFloat32, 4},
    {"float64", "DoubleStorage", 7, DType::kFloat64, 8},
    {"complex32", "ComplexHalfStorage", 8, DType::kUndefined, 4},
    {"complex64", "ComplexFloatStorage", 9, DType::kComplex64, 8},
    {"complex128", "ComplexDoubleStorage", 10, DType::kComplex128, 16},
    {"bool", "BoolStorage", 11, DType::kBool, 1},
    {"qint8", "QInt8Storage", 12, DType::kInt8, 1, true},
    {"quint8", "QUInt8Storage", 13, DType::kUInt8, 1, true},
    {"qint32", "QInt32Storage", 14, DType::kInt32, 4, true},
    {"bfloat16", "BFloat16Storage", 15, DType::kBFloat16, 2},
    {"quint4x2", "QUInt4x2Storage", 16, DType::kUndefined, 1, true},
    {"quint2x4", "QUInt2x4Storage", 17, DType::kUndefined, 1, true},
    {"bits1x8", "", 18, DType::kUndefined, 1},
    {"bits2x4", "", 19, DType::kUndefined, 1},
    {"bits4x2", "", 20, DType::kUndefined, 1},
    {"bits8", "", 21, DType::kUndefined, 1},
    {"bits16", "", 22, DType::kUndefined, 2},
    {"float8_e5m2", "", 23, DType::kFloat8E5M2, 1},
    {"float8_e4m3fn", "", 24, DType::kFloat8E4M3FN, 1},
    {"float8_e5m2fnuz", "", 25, DType::kFloat8E5M2FNUZ, 1},
    {"float8_e4m3fnuz", "", 26, DType::kFloat8E4M3FNUZ, 1},
    {"uint16", "", 27, DType::kUInt16, 2},
    {"uint32", "", 28, DType::kUInt32, 4},
    {"uint64", "", 29, DType::kUInt64, 8},
    {"float8_e8m0fnu", "", 44, DType::kFloat8E8M0, 1},
    {"float4_e2m1fn_x2", "", 45, DType::kUndefined, 1},
};

template <class F>
const TorchType* find(const F& matches) {
  const auto* found = std::find_if(std::begin(kTypes), std::end(kTypes), matches);
  return found == std::end(kTypes) ? nullptr : found;
}

}  // namespace

const TorchType* type_of_storage(std::string_view global) {
  if (const size_t dot = global.rfind('.'); dot != std::string_view::npos) global.remove_prefix(dot + 1);
  return global.empty() ? nullptr : find([&](const TorchType& type) { return type.storage == global; });
}

const TorchType* type_of_name(std::string_view name) {
  if (name.starts_with("torch.")) name.remove_prefix(6);
  return find([&](const TorchType& type) { return type.name == name; });
}

const TorchType* type_of_code(int64_t code) {
  return find([&](const TorchType& type) { return type.code == code; });
}

const TorchType* type_of_dtype(DType dtype) {
  return find([&](const TorchType& type) { return type.dtype == dtype && !type.quantized; });
}

}  // namespace thane::torch
