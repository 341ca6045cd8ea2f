#include "cli/arguments.h"

#include <algorithm>
#include <charconv>
#include <cstdlib>

#include "base/format.h"
#include "cli/text.h"

#include <CLI/CLI.hpp>

namespace thane::cli {
namespace {

std::string long_flag(const Option& option) { return std::string(option.flags.substr(option.flags.rfind("--"))); }

Status check_value(const Option& option, const std::string& value) {
  const auto wrong = [&](std::string expected) {
    return invalid_argument(format("'{}'", value)).at(long_flag(option)).expecting(std::move(expected));
  };
  switch (option.takes) {
    case Takes::kInteger: return parse_integer(value).value_or(-1) >= 0 ? ok() : wrong("a whole number, 0 or more");
    case Takes::kReal: return parse_real(value) ? ok() : wrong("a number");
    case Takes::kReals:
      for (const auto part : split(value, ',')) {
        if (!parse_real(part)) return wrong("numbers separated by commas");
      }
      return ok();
    case Takes::kSize: {
      const auto sizes = parse_sizes(value);
      const bool good = sizes.ok() && sizes->size() == 2 &&
                        std::ranges::all_of(*sizes, [](int64_t n) { return n > 0 && n <= 16384; });
      return good ? ok() : wrong("height x width, as in 224x224");
    }
    case Takes::kChoice:
      for (const auto choice : split(option.choices, '|')) {
        if (choice == value) return ok();
      }
      return wrong(replaced(option.choices, "|", ", "));
    default: return ok();
  }
}

std::string quoted_for_shell(const std::string& word) {
  const bool plain = !word.empty() && word.find_first_not_of(
                                          "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                          "_-+=./:,@%") == std::string::npos;
  return plain ? word : "'" + replaced(word, "'", "'\\''") + "'";
}

}  // namespace

std::string Arguments::text(const Option& option) const {
  const auto found = values_.find(&option);
  return found == values_.end() ? std::string(option.fallback) : found->second.back();
}

std::span<const std::string> Arguments::all(const Option& option) const {
  const auto found = values_.find(&option);
  return found == values_.end() ? std::span<const std::string>{} : found->second;
}

int64_t Arguments::integer(const Option& option) const { return parse_integer(text(option)).value_or(0); }
double Arguments::real(const Option& option) const { return parse_real(text(option)).value_or(0); }

std::vector<double> Arguments::reals(const Option& option) const {
  std::vector<double> numbers;
  if (!has(option)) return numbers;
  const std::string value = text(option);
  for (const auto part : split(value, ',')) numbers.push_back(parse_real(part).value_or(0));
  return numbers;
}

Result<Arguments> parse(const Command& command, std::span<const std::string> words) {
  CLI::App app;
  app.set_help_flag();
  Arguments arguments;
  std::vector<std::pair<const Option*, std::vector<std::string>>> given;
  given.reserve(command.options.size());
  for (const Option* option : command.options) {
    auto& values = given.emplace_back(option, std::vector<std::string>{}).second;
    if (option->takes == Takes::kNothing) {
      app.add_flag_callback(std::string(option->flags), [&values] { values.emplace_back("on"); });
    } else {
      app.add_option(std::string(option->flags), values)
          ->expected(1)
          ->allow_extra_args(false)
          ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    }
  }
  app.add_option("arguments", arguments.positional);
  try {
    app.parse(std::vector<std::string>(words.rbegin(), words.rend()));
  } catch (const CLI::ParseError& error) {
    return invalid_argument(error.what()).hinting(format("thane {} --help lists what it takes", command.name));
  }
  for (auto& [option, values] : given) {
    if (values.size() > 1 && !option->repeats && option->takes != Takes::kNothing) {
      return invalid_argument(format("given {} times", values.size())).at(long_flag(*option)).expecting("once");
    }
    const char* variable = option->variable.empty() ? nullptr : std::getenv(std::string(option->variable).c_str());
    if (values.empty() && variable && *variable) values.emplace_back(variable);
    for (std::string& value : values) {
      THANE_TRY(check_value(*option, value));
      arguments.add(*option, std::move(value));
    }
  }
  arguments.command_line = "thane " + std::string(command.name);
  arguments.words.emplace_back(command.name);
  arguments.words.insert(arguments.words.end(), words.begin(), words.end());
  for (const std::string& word : words) arguments.command_line += " " + quoted_for_shell(word);
  return arguments;
}

std::optional<double> parse_real(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::optional<int64_t> parse_integer(std::string_view text) {
  int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Result<std::vector<int64_t>> parse_sizes(std::string_view text) {
  std::vector<int64_t> sizes;
  if (text.empty() || text == "scalar") return sizes;
  for (const auto part : split(text, text.find(',') == std::string_view::npos ? 'x' : ',')) {
    const auto size = parse_integer(part);
    if (!size || *size < 0) {
      return invalid_argument(format("'{}' is not a shape", text)).expecting("sizes joined by x, as in 1x3x224x224");
    }
    sizes.push_back(*size);
  }
  return sizes;
}

}  // namespace thane::cli
