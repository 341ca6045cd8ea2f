// The tables of builtin and custom operators, a file per family. builtins.cc joins them.
#pragma once

#include <span>

#include "formats/tflite/op.h"

namespace thane::tflite {

std::span<const Builtin> elementwise_builtins();
std::span<const Builtin> product_builtins();
std::span<const Builtin> image_builtins();
std::span<const Builtin> shape_builtins();
std::span<const Builtin> slicing_builtins();
std::span<const Builtin> reduction_builtins();
std::span<const Builtin> indexing_builtins();
std::span<const Builtin> quantization_builtins();
std::span<const Builtin> control_builtins();
std::span<const Builtin> resource_builtins();
std::span<const Builtin> recurrent_builtins();
std::span<const Builtin> generating_builtins();
std::span<const Builtin> stablehlo_builtins();
// Code 0; found by name.
std::span<const Builtin> custom_builtins();

inline constexpr int32_t kCustomCode = 32;

}  // namespace thane::tflite
