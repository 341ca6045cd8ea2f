// The parameters of ATen's overloads, and which overload a call means.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "formats/torch/aten/call.h"

namespace thane::aten {

enum class Kind : uint8_t { kTensor, kScalar, kInt, kFloat, kComplex, kBool, kString, kDevice, kGenerator, kObject };

struct Parameter {
  std::string_view name;
  std::string_view object;  // class of a kObject
  Kind kind = Kind::kTensor;
  bool written = false;         // changed in place
  bool list = false;            // Tensor[], int[2]
  bool optional = false;        // T? (of a list as a whole)
  bool optional_items = false;  // Tensor?[]
  int64_t length = 0;           // of int[2]: one number stands for so many
  bool keyword_only = false;
  bool has_default = false;
  Value fallback;  // its default
};

struct Schema {
  std::string_view name;      // "aten::add"
  std::string_view overload;  // "Tensor"; may be empty
  std::vector<Parameter> parameters;

  bool has_tensors() const;
  std::string text() const;  // "aten::add.Tensor"
};

// All overloads of a name without overload, in torch's order. Parsed anew at each call.
std::vector<Schema> find_schemas(std::string_view name);

// The schema a call means and its arguments in the schema's order, defaults filled in. With an overload named only that
// one is tried. The error lists what was tried.
struct Resolved {
  Schema schema;
  std::vector<Value> args;
};
Result<Resolved> resolve(std::string_view op, const std::vector<Value>& args, const NamedValues& kwargs);

}  // namespace thane::aten
