#include "formats/tflite/builtins.h"

#include <algorithm>
#include <array>

#include "base/format.h"
#include "formats/tflite/import.h"

namespace thane::tflite {
namespace {

// Names of operators thane has no row for, for messages.
struct Name {
  int32_t code;
  std::string_view name;
};
constexpr Name kOthers[] = {
    {15, "LSH_PROJECTION"},    {29, "CONCAT_EMBEDDINGS"},      {30, "SKIP_GRAM"},
    {51, "DELEGATE"},          {171, "STABLEHLO_CONVOLUTION"}, {173, "STABLEHLO_CUSTOM_CALL"},
    {174, "STABLEHLO_REDUCE"}, {190, "STABLEHLO_SCATTER"},     {198, "STABLEHLO_REDUCE_WINDOW"},
    {199, "STABLEHLO_SORT"},   {201, "STABLEHLO_GATHER"},      {204, "STABLEHLO_RNG_BIT_GENERATOR"},
    {205, "REDUCE_WINDOW"},    {209, "STABLEHLO_CASE"},
};

const auto& families() {
  static const std::array all = {
      elementwise_builtins(), product_builtins(),    image_builtins(),        shape_builtins(),   slicing_builtins(),
      reduction_builtins(),   indexing_builtins(),   quantization_builtins(), control_builtins(), resource_builtins(),
      recurrent_builtins(),   generating_builtins(), stablehlo_builtins()};
  return all;
}

}  // namespace

const Builtin* find_builtin(const OperatorInfo& op) {
  if (op.code == kCustomCode) {
    for (const Builtin& row : custom_builtins()) {
      if (row.name == op.custom) return &row;
    }
    return nullptr;
  }
  for (const auto& family : families()) {
    for (const Builtin& row : family) {
      if (row.code == op.code) return &row;
    }
  }
  return nullptr;
}

std::string operator_name(const OperatorInfo& op) {
  if (op.code == kCustomCode) return op.custom.empty() ? "CUSTOM" : op.custom;
  if (const Builtin* row = find_builtin(op)) return std::string(row->name);
  for (const Name& other : kOthers) {
    if (other.code == op.code) return std::string(other.name);
  }
  return format("operator {}", op.code);
}

}  // namespace thane::tflite
