// One file as values.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "cli/arguments.h"
#include "ir/graph.h"
#include "ir/value.h"

namespace thane::cli {

// What a graph input is declared as, with the sizes that -s adds.
struct Target {
  std::string name;
  Type type;
  InputHint hint = {};
};

bool is_archive(const std::string& path);  // .npz: several arrays in one file

// Reads `path` for `target`, by extension: .npy, .npz with one array, .pb, pictures, .wav, .txt (a string per line).
// Shapes and dtypes that only the file knows are not compared with the target here.
Result<Value> read_input_file(const std::string& path, const Target& target, const Arguments& options);

// `value` with the dtype `target` declares: unchanged, reinterpreted (uint16 for bfloat16), or with --cast converted.
// Otherwise an error that says what was expected.
Result<Value> with_dtype_of(const Target& target, Value value, const Arguments& options);

}  // namespace thane::cli
