// Element types by PyTorch's numbers.
#pragma once

#include <cstdint>
#include <optional>

#include "base/dtype.h"

namespace thane::aten {

// c10::ScalarType, as in TorchScript's code. Quantized types give the type of their integers. Nothing: a type thane
// lacks.
std::optional<DType> dtype_of_c10(int64_t code);
int64_t c10_of_dtype(DType dtype);  // -1 when PyTorch lacks it
bool is_quantized_c10(int64_t code);

// ScalarType of torch.export's schema, as in .pt2 files, to c10's.
std::optional<int64_t> c10_of_export(int64_t code);

}  // namespace thane::aten
