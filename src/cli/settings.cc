#include "cli/settings.h"

#include <algorithm>
#include <iterator>

#include "base/format.h"
#include "cli/options.h"
#include "cli/text.h"

namespace thane::cli {
namespace {

struct PrecisionRow {
  std::string_view name;
  Precision precision;
};
constexpr PrecisionRow kPrecisions[] = {
    {"exact", Precision::kExact}, {"fp32", Precision::kFp32}, {"bf16", Precision::kBf16}, {"auto", Precision::kAuto}};
constexpr int64_t kMostThreads = 1024;

}  // namespace

Precision precision_from_name(std::string_view name) {
  return std::ranges::find(kPrecisions, name, &PrecisionRow::name)->precision;
}
std::string_view precision_name(Precision precision) {
  return std::ranges::find(kPrecisions, precision, &PrecisionRow::precision)->name;
}

Result<Isa> usable_isa(const std::string& name) {
  const auto isa = isa_from_name(name);
  const Isa best = cpu_facts().best;
  // Every CPU can do without; what it has must be of its own architecture, at most its best.
  const bool other_architecture = isa && *isa != Isa::kPortable && (*isa == Isa::kNeon) != (best == Isa::kNeon);
  if (!isa || other_architecture || *isa > best) {
    return invalid_argument(format("this CPU has no {}", name))
        .at("--isa")
        .expecting(format("{} at most", isa_name(best)));
  }
  return *isa;
}

ReadOptions read_options(const Arguments& arguments) {
  ReadOptions options;
  if (arguments.has(kSignature)) options.entry_point = arguments.text(kSignature);
  if (arguments.has(kOutputNames)) {
    for (const std::string& names : arguments.all(kOutputNames))
      for (const std::string_view name : split(names, ',')) options.outputs.emplace_back(name);
  }
  return options;
}

Result<PipelineOptions> pipeline_options(const Arguments& arguments) {
  PipelineOptions options;
  if (arguments.integer(kThreads) > kMostThreads) {
    return invalid_argument(arguments.text(kThreads)).at("--threads").expecting(format("at most {}", kMostThreads));
  }
  options.session.threads = static_cast<int>(arguments.integer(kThreads));
  options.session.precision = precision_from_name(arguments.text(kPrecision));
  if (options.session.max_error = arguments.real(kMaxError); !(options.session.max_error >= 0)) {
    return invalid_argument(arguments.text(kMaxError)).at("--max-error").expecting("0 or more");
  }
  options.session.seed = static_cast<uint64_t>(arguments.integer(kSeed));
  if (arguments.has(kIsa)) {
    THANE_ASSIGN(options.session.isa, usable_isa(arguments.text(kIsa)));
  }
  options.optimise = !arguments.has(kNoOptimise);
  return options;
}

}  // namespace thane::cli
