#include "base/dtype.h"

#include <array>

namespace thane {
namespace {

struct Info {
  std::string_view name;
  uint8_t size;  // bytes in memory
  uint8_t bits;  // bits in a file
};

constexpr std::array<Info, kDTypeCount> kInfo = {{
    {"undefined", 0, 0},      {"float32", 4, 32},   {"uint8", 1, 8},
    {"int8", 1, 8},           {"uint16", 2, 16},    {"int16", 2, 16},
    {"int32", 4, 32},         {"int64", 8, 64},     {"string", sizeof(std::string), 0},
    {"bool", 1, 8},           {"float16", 2, 16},   {"float64", 8, 64},
    {"uint32", 4, 32},        {"uint64", 8, 64},    {"complex64", 8, 64},
    {"complex128", 16, 128},  {"bfloat16", 2, 16},  {"float8e4m3fn", 1, 8},
    {"float8e4m3fnuz", 1, 8}, {"float8e5m2", 1, 8}, {"float8e5m2fnuz", 1, 8},
    {"uint4", 1, 4},          {"int4", 1, 4},       {"float4e2m1", 1, 4},
    {"float8e8m0", 1, 8},     {"uint2", 1, 2},      {"int2", 1, 2},
}};

}  // namespace

std::string_view dtype_name(DType dtype) { return kInfo[static_cast<size_t>(dtype)].name; }

std::optional<DType> dtype_from_name(std::string_view name) {
  for (size_t i = 1; i < kInfo.size(); ++i) {
    if (kInfo[i].name == name) return static_cast<DType>(i);
  }
  return std::nullopt;
}

size_t dtype_size(DType dtype) { return kInfo[static_cast<size_t>(dtype)].size; }
int dtype_bits(DType dtype) { return kInfo[static_cast<size_t>(dtype)].bits; }

std::string dtype_mask_names(DTypeMask mask) {
  std::string names;
  const auto add = [&](std::string_view name) { names += (names.empty() ? "" : "|") + std::string(name); };
  for (size_t i = 1; i < kInfo.size(); ++i) {
    if (mask >> i & 1) add(kInfo[i].name);
  }
  if (mask & kSequenceKind) add("sequence");
  if (mask & kOptionalKind) add("optional");
  if (mask & kMapKind) add("map");
  return names;
}

}  // namespace thane
