#include "cli/contenders.h"

#include <algorithm>

#include "base/format.h"
#include "cli/open.h"
#include "cli/options.h"
#include "cli/settings.h"
#include "cli/text.h"

namespace thane::cli {
namespace {

struct Setting {
  std::string label;
  PipelineOptions options;
};

Status apply(const std::string& key, const std::string& value, PipelineOptions& options) {
  const auto wrong = [&](std::string expected) {
    return invalid_argument(format("'{}'", value)).at("--settings " + key).expecting(std::move(expected));
  };
  if (key == "precision") {
    const auto choices = split(kPrecision.choices, '|');
    if (!std::ranges::count(choices, value)) return wrong(replaced(kPrecision.choices, "|", ", "));
    options.session.precision = precision_from_name(value);
  } else if (key == "threads") {
    const auto threads = parse_integer(value);
    if (!threads || *threads < 0 || *threads > 1024) return wrong("0 to 1024");
    options.session.threads = static_cast<int>(*threads);
  } else if (key == "isa") {
    THANE_ASSIGN(options.session.isa, usable_isa(value));
  } else if (key == "optimise") {
    if (value != "on" && value != "off") return wrong("on or off");
    options.optimise = value == "on";
  } else {
    return invalid_argument(format("'{}'", key)).at("--settings").expecting("precision, threads, isa or optimise");
  }
  return ok();
}

// All combinations of "key=a,b" specs.
Result<std::vector<Setting>> combinations(const Arguments& arguments) {
  THANE_ASSIGN(const PipelineOptions base, pipeline_options(arguments));
  std::vector<Setting> settings{{"", base}};
  for (const std::string& all : arguments.all(kSettings)) {
    for (const auto spec : split(all, ' ')) {
      const size_t equals = spec.find('=');
      if (equals == std::string_view::npos) {
        return invalid_argument(format("'{}'", spec)).at("--settings").expecting("KEY=A,B as in precision=exact,fp32");
      }
      const std::string key(spec.substr(0, equals));
      std::vector<Setting> next;
      for (const Setting& setting : settings) {
        for (const auto value : split(spec.substr(equals + 1), ',')) {
          Setting with = setting;
          with.label += format(" {}={}", key, value);
          THANE_TRY(apply(key, std::string(value), with.options));
          next.push_back(std::move(with));
        }
      }
      settings = std::move(next);
    }
  }
  return settings;
}

std::string names_of(const Graph& graph, const std::vector<ValueId>& ids) {
  std::string text;
  for (ValueId id : ids) text += (text.empty() ? "" : ", ") + graph.values[id].name;
  return text;
}

}  // namespace

Result<std::vector<Contender>> make_contenders(const Arguments& arguments) {
  THANE_ASSIGN(const std::vector<Setting> settings, combinations(arguments));
  constexpr size_t kMost = 64;
  if (settings.size() * arguments.positional.size() > kMost) {
    return invalid_argument(format("{} combinations", settings.size() * arguments.positional.size()))
        .at("--settings")
        .expecting("at most 64");
  }
  std::vector<Contender> contenders;
  for (const std::string& path : arguments.positional) {
    auto opened = open_model(arguments, path);
    if (!opened.ok()) return std::move(opened).error();
    const auto model = std::make_shared<const Model>(std::move(*opened));
    for (const Setting& setting : settings) {
      PipelineOptions options = setting.options;
      options.session.keeps_weights = true;  // first_difference runs parts of it
      auto session = make_session(*model, options);
      if (!session.ok()) return std::move(session).error().at(path);
      const bool plain = arguments.positional.size() > 1 || setting.label.empty();
      contenders.push_back(
          {plain ? path + setting.label : setting.label.substr(1), model, setting.options, std::move(*session)});
    }
  }
  return contenders;
}

Result<std::vector<size_t>> matched(const Graph& from, const std::vector<ValueId>& from_ids, const Graph& to,
                                    const std::vector<ValueId>& to_ids, std::string_view what) {
  if (from_ids.size() != to_ids.size()) {
    return invalid_argument(format("{} {}s ({})", to_ids.size(), what, names_of(to, to_ids)))
        .at("comparing models")
        .expecting(format("{} ({})", from_ids.size(), names_of(from, from_ids)));
  }
  std::vector<size_t> order;
  for (ValueId id : to_ids) {
    const auto found =
        std::ranges::find_if(from_ids, [&](ValueId other) { return from.values[other].name == to.values[id].name; });
    if (found == from_ids.end()) break;
    order.push_back(static_cast<size_t>(found - from_ids.begin()));
  }
  if (order.size() == to_ids.size()) return order;
  order.clear();
  for (size_t i = 0; i < to_ids.size(); ++i) order.push_back(i);
  return order;
}

}  // namespace thane::cli
