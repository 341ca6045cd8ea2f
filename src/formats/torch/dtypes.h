// PyTorch's element types: their names, storages and numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/dtype.h"

namespace thane::torch {

struct TorchType {
  std::string_view name;     // of torch.dtype: "float32"
  std::string_view storage;  // "FloatStorage"; empty: newer types have an untyped one only
  int code;                  // c10::ScalarType, as in TorchScript
  DType dtype;               // kUndefined: thane has no such type
  size_t bytes;              // of an element
  bool quantized = false;    // `dtype` is what is stored
};

// Null when unknown. Storage names come with or without their module ("torch.FloatStorage", "torch.cuda.FloatStorage").
const TorchType* type_of_storage(std::string_view global);
const TorchType* type_of_name(std::string_view name);  // "float32" or "torch.float32"
const TorchType* type_of_code(int64_t code);
const TorchType* type_of_dtype(DType dtype);

}  // namespace thane::torch
