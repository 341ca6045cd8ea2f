#include "formats/torch/aten/dtype.h"

#include <array>

namespace thane::aten {
namespace {

struct DTypeRow {
  int8_t c10;
  int8_t exported;  // in torch.export's schema; -1: none
  DType dtype;
};

constexpr DTypeRow kTypes[] = {
    {0, 1, DType::kUInt8},
    {1, 2, DType::kInt8},
    {2, 3, DType::kInt16},
    {3, 4, DType::kInt32},
    {4, 5, DType::kInt64},
    {5, 6, DType::kFloat16},
    {6, 7, DType::kFloat32},
    {7, 8, DType::kFloat64},
    {9, 10, DType::kComplex64},
    {10, 11, DType::kComplex128},
    {11, 12, DType::kBool},
    {15, 13, DType::kBFloat16},
    {23, 30, DType::kFloat8E5M2},
    {24, 29, DType::kFloat8E4M3FN},
    {25, 32, DType::kFloat8E5M2FNUZ},
    {26, 31, DType::kFloat8E4M3FNUZ},
    {27, 28, DType::kUInt16},
    {28, 34, DType::kUInt32},
    {29, 35, DType::kUInt64},
    {44, 33, DType::kFloat8E8M0},
    // Quantized: named by their integers' types above when a number is looked up.
    {12, -1, DType::kInt8},
    {13, -1, DType::kUInt8},
    {14, -1, DType::kInt32},
};

}  // namespace

std::optional<DType> dtype_of_c10(int64_t code) {
  for (const DTypeRow& row : kTypes) {
    if (row.c10 == code) return row.dtype;
  }
  return std::nullopt;
}

int64_t c10_of_dtype(DType dtype) {
  for (const DTypeRow& row : kTypes) {
    if (row.dtype == dtype) return row.c10;
  }
  return -1;
}

bool is_quantized_c10(int64_t code) { return code >= 12 && code <= 14; }

std::optional<int64_t> c10_of_export(int64_t code) {
  for (const DTypeRow& row : kTypes) {
    if (row.exported == code && code > 0) return row.c10;
  }
  return std::nullopt;
}

}  // namespace thane::aten
