// Values as text and JSON.
#pragma once

#include <string>

#include "cli/json.h"
#include "cli/text.h"
#include "ir/value.h"

namespace thane::cli {

// Element i: a number with few digits, "true", a quoted string, "1+2i".
std::string element_text(const Tensor& tensor, int64_t i);

struct Statistics {
  double min = 0, max = 0, mean = 0;  // of the finite elements
  int64_t not_finite = 0;
};
// Nothing for strings, complex numbers and empty tensors.
std::optional<Statistics> statistics(const Tensor& tensor);

// Columns name, type, min, max, mean, values.
void add_heading(Table& table);
// A row for `value`, and rows below it for what it contains.
void add_rows(Table& table, const std::string& name, const Value& value);

// Fields of an open object: "kind", and for a tensor "dtype", "shape", statistics and (up to `most` elements) "values";
// for a sequence "items"; for a map "keys" and "values".
void add_fields(Json& json, const Value& value, int64_t most);

}  // namespace thane::cli
