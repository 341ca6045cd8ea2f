// What -i and -s say.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "ir/dim.h"

namespace thane::cli {

struct InputSpec {
  enum class Kind { kFile, kFolder, kRandom, kConstant, kRange };
  Kind kind = Kind::kFile;
  std::string name;          // of the input; empty: the next one in order
  std::string path;          // of a file or folder
  double low = 0, high = 0;  // of a range; low: of a constant
  std::string text;          // as typed, for messages
};

// "[NAME=]FILE" and the made-up kinds. A prefix counts as a name when an input is called so; otherwise, unless a file
// is called like the whole, an "=" means an unknown name, which is an error that lists the inputs.
Result<InputSpec> parse_input_spec(const std::string& text, std::span<const std::string> input_names);

struct ShapeSpecs {
  std::map<std::string, Dims> inputs;      // by input name
  std::map<std::string, int64_t> symbols;  // by symbol
};
// "-s x=1x3x224x224", "-s batch=4", or without a name for the inputs in order.
Result<ShapeSpecs> parse_shape_specs(std::span<const std::string> texts, std::span<const std::string> input_names,
                                     std::span<const std::string> symbols);

}  // namespace thane::cli
