// A parsed command line. Values were checked against what their option takes, so reading them cannot fail.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/command.h"

namespace thane::cli {

class Arguments {
 public:
  std::vector<std::string> positional;
  std::string command_line;        // as typed, quoted for a shell
  std::vector<std::string> words;  // as typed, the command's name first

  // Given on the command line, or by the option's environment variable.
  bool has(const Option& option) const { return values_.contains(&option); }
  // The last value given, else the option's fallback.
  std::string text(const Option& option) const;
  std::span<const std::string> all(const Option& option) const;
  int64_t integer(const Option& option) const;
  double real(const Option& option) const;
  std::vector<double> reals(const Option& option) const;  // of "1,2,3"; empty when not given

  void add(const Option& option, std::string value) { values_[&option].push_back(std::move(value)); }
  // All values at once; none: as if the option had not been given.
  void replace(const Option& option, std::vector<std::string> values) {
    values_.erase(&option);
    if (!values.empty()) values_[&option] = std::move(values);
  }

 private:
  std::map<const Option*, std::vector<std::string>> values_;
};

// `words` are what follows the command's name.
Result<Arguments> parse(const Command& command, std::span<const std::string> words);

// "1x3x224x224" or "1,3,224,224" as sizes >= 0; "" or "scalar" as none.
Result<std::vector<int64_t>> parse_sizes(std::string_view text);
std::optional<double> parse_real(std::string_view text);
std::optional<int64_t> parse_integer(std::string_view text);

}  // namespace thane::cli
