// JSON as torch.export writes it, read with suspicion: every access says what it expects. What is missing or of the
// wrong kind throws aten::Failure, which never leaves the reader (see reader.cc).
#pragma once

#include <nlohmann/json.hpp>

#include <string>
#include <string_view>

#include "base/result.h"
#include "ir/type.h"

namespace thane::torch {

using Json = nlohmann::json;

// Fails on anything but JSON, and on nesting beyond what programs have.
Result<Json> parse_json(std::string_view text);

// The member of an object; null when it is missing or null.
const Json* find(const Json& object, const char* key);
const Json& member(const Json& object, const char* key);
const Json& array(const Json& object, const char* key);
std::string text(const Json& value);
int64_t integer(const Json& value);
double real(const Json& value);  // "Infinity" and its like are strings
bool flag(const Json& value);

// A union: an object with one member that is set, like {"as_tensor": {...}}.
struct Tagged {
  std::string_view tag;
  const Json& value;
};
Tagged tagged(const Json& value);

// A dimension: a number, or sympy's text of an expression.
Dim dim_of(const Json& size);
// What a TensorMeta says. Failure for element types thane lacks.
Type type_of(const Json& tensor_meta);

}  // namespace thane::torch
