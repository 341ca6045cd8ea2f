// thane bench: how fast models run, in the native engine and in any rival, each in processes of its own.
#include <algorithm>

#include "base/format.h"
#include "bench/result.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/race_result.h"
#include "cli/racing.h"
#include "cli/terminal.h"

namespace thane::cli {
namespace {

using rivals::Document;

Status bench_models(const Arguments& arguments, int& code) {
  THANE_ASSIGN(Setup setup, prepare(arguments, false));
  if (setup.entries.empty()) return invalid_argument("no engine takes part").at("thane bench");
  setup.race.budget_seconds = std::max(0.01, arguments.real(kTime));
  setup.race.twin = setup.entries.size() > 1;
  // Different models need not agree; the gate holds each engine against the same file's reference.
  const bool one_model = setup.files.size() == 1;
  if (one_model && setup.entries.size() > 1) THANE_TRY(find_reference(setup));
  std::optional<bench::ReferenceGate> gate;
  if (setup.reference) gate.emplace(*setup.reference, setup.gate, setup.base ? &setup.base->model->graph : nullptr);
  const auto view = live_view(arguments, setup.race.budget_seconds);
  const bench::RaceResult race =
      bench::run_race(setup.entries, setup.inputs, setup.race, gate ? &*gate : nullptr, view);
  close_live_view(arguments);
  Document result = {{"kind", "bench"}, {"manifest", race_manifest(arguments, setup)}};
  bench::add_race(result, race, setup.race, setup.reference ? &*setup.reference : nullptr,
                  bench::common_quantile(race));
  THANE_TRY(deliver(arguments, setup, result));
  const auto ran = std::ranges::count_if(race.standings, [](const bench::Standing& s) { return s.ran(); });
  const bool disqualified =
      std::ranges::any_of(race.standings, [](const bench::Standing& s) { return !s.disqualified.empty(); });
  code = ran == 0 ? kBadModel : disqualified ? kGateFailed : kSuccess;
  return ok();
}

}  // namespace

int bench_command(const Arguments& arguments) {
  int code = kSuccess;
  if (auto status = bench_models(arguments, code); !status.ok()) {
    close_live_view(arguments);
    return report(arguments, status.error());
  }
  return code;
}

}  // namespace thane::cli
