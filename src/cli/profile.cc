// thane profile: where the native engine spends a run's time.
#include "bench/profile.h"
#include "api/io/write_file.h"
#include "base/format.h"
#include "bench/machine.h"
#include "cli/commands.h"
#include "cli/input_source.h"
#include "cli/manifest.h"
#include "cli/open.h"
#include "cli/options.h"
#include "cli/settings.h"
#include "cli/terminal.h"

namespace thane::cli {
namespace {

Status profile_one(const Arguments& arguments) {
  const std::string& path = arguments.positional[0];
  THANE_ASSIGN(const PipelineOptions options, pipeline_options(arguments));
  THANE_ASSIGN(const Model model, open_model(arguments, path));
  THANE_ASSIGN(const InputSource source, InputSource::create(model.graph, arguments, true));
  THANE_ASSIGN(const std::vector<Value> inputs, source.load(0));
  const double seconds = arguments.has(kTime) ? arguments.real(kTime) : 2;
  THANE_ASSIGN(const bench::Profile profile, bench::profile_model(model, inputs, options, seconds));
  if (arguments.has(kTrace)) {
    THANE_TRY(write_file(arguments.text(kTrace), rivals::to_text(profile.trace)));
    note(arguments, "trace: " + arguments.text(kTrace));
  }
  if (!arguments.has(kJson)) {
    print(bench::profile_text(profile, static_cast<size_t>(arguments.integer(kMost)), arguments.has(kVerbose)));
    return ok();
  }
  Json manifest;
  manifest.begin_object();
  add_manifest(manifest, arguments, arguments.positional, &options);
  manifest.end_object();
  THANE_ASSIGN(rivals::Document out, rivals::parse_document(manifest.text()));
  out.update(bench::profile_document(profile));
  print(rivals::to_text(out, 2) + "\n");
  return ok();
}

}  // namespace

int profile(const Arguments& arguments) {
  const auto status = profile_one(arguments);
  return status.ok() ? static_cast<int>(kSuccess) : report(arguments, status.error());
}

}  // namespace thane::cli
