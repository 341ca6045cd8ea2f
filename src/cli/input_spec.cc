#include "cli/input_spec.h"

#include <algorithm>
#include <filesystem>

#include "base/format.h"
#include "cli/arguments.h"
#include "cli/text.h"

namespace thane::cli {
namespace {

std::string joined(std::span<const std::string> names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "'" : ", '") + name + "'";
  return text.empty() ? "nothing: the model has none" : text;
}

bool exists(const std::string& path) {
  std::error_code error;
  return std::filesystem::exists(path, error);
}

// The longest of `names` that `text` starts with, followed by '='; empty when there is none.
std::string_view name_prefix(std::string_view text, std::span<const std::string> names) {
  std::string_view best;
  for (const std::string& name : names) {
    const bool fits = text.starts_with(name) && text.substr(name.size()).starts_with('=');
    if (fits && name.size() >= best.size()) best = name;
  }
  return best;
}

Error unknown_name(std::string_view option, const std::string& text, std::span<const std::string> names) {
  return invalid_argument(format("there is no input '{}'", text.substr(0, text.find('='))))
      .at(format("{} {}", option, text))
      .expecting(joined(names));
}

}  // namespace

Result<InputSpec> parse_input_spec(const std::string& text, std::span<const std::string> input_names) {
  InputSpec spec;
  spec.text = text;
  std::string value = text;
  if (const auto name = name_prefix(text, input_names); !name.empty()) {
    spec.name = name;
    value = text.substr(name.size() + 1);
  } else if (text.find('=') != std::string::npos && !exists(text)) {
    return unknown_name("-i", text, input_names);
  }
  const size_t colon = value.find(':');
  const auto low = parse_real(value.substr(0, colon));
  const auto high = colon == std::string::npos ? low : parse_real(value.substr(colon + 1));
  if (value == "random") {
    spec.kind = InputSpec::Kind::kRandom;
  } else if (value == "zeros" || value == "ones" || (low && colon == std::string::npos)) {
    spec.kind = InputSpec::Kind::kConstant;
    spec.low = value == "zeros" ? 0 : value == "ones" ? 1 : *low;
  } else if (low && high) {
    if (!(*low < *high)) return invalid_argument("an empty range").at("-i " + text).expecting("A:B with A below B");
    spec.kind = InputSpec::Kind::kRange;
    spec.low = *low;
    spec.high = *high;
  } else {
    std::error_code error;
    spec.kind = std::filesystem::is_directory(value, error) ? InputSpec::Kind::kFolder : InputSpec::Kind::kFile;
    spec.path = value;
    if (!exists(value)) {
      return io_error(format("there is no file '{}'", value))
          .at("-i " + text)
          .expecting("a file, a folder, random, zeros, ones, a number, or a range A:B");
    }
  }
  return spec;
}

Result<ShapeSpecs> parse_shape_specs(std::span<const std::string> texts, std::span<const std::string> input_names,
                                     std::span<const std::string> symbols) {
  ShapeSpecs specs;
  size_t next = 0;
  for (const std::string& text : texts) {
    std::string name(name_prefix(text, input_names));
    std::string value = text;
    if (!name.empty()) {
      value = text.substr(name.size() + 1);
    } else if (const auto symbol = name_prefix(text, symbols); !symbol.empty()) {
      const auto size = parse_integer(std::string_view(text).substr(symbol.size() + 1));
      if (!size || *size < 0)
        return invalid_argument("not a size").at("-s " + text).expecting("a whole number, 0 or more");
      specs.symbols[std::string(symbol)] = *size;
      continue;
    } else if (text.find('=') != std::string::npos) {
      std::vector<std::string> all(input_names.begin(), input_names.end());
      all.insert(all.end(), symbols.begin(), symbols.end());
      return unknown_name("-s", text, all).hinting("the names of inputs and of symbolic dimensions are allowed");
    } else if (next < input_names.size()) {
      name = input_names[next++];
    } else {
      return invalid_argument("more shapes than inputs").at("-s " + text).expecting(joined(input_names));
    }
    auto dims = parse_sizes(value);
    if (!dims.ok()) return std::move(dims).error().at("-s " + text);
    specs.inputs[name] = std::move(*dims);
  }
  return specs;
}

}  // namespace thane::cli
