#include "cli/race_result.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "api/io/write_file.h"
#include "base/clock.h"
#include "base/format.h"
#include "bench/machine.h"
#include "bench/records.h"
#include "bench/report.h"
#include "bench/result.h"
#include "cli/options.h"
#include "cli/settings.h"
#include "cli/terminal.h"
#include "cli/version.h"
#include "rivals/kind.h"

namespace thane::cli {

using bench::NamedTensor;
using rivals::Document;

Document race_manifest(const Arguments& arguments, const Setup& setup) {
  Document out = {{"thane", std::string(kVersion)}, {"command", arguments.command_line}, {"words", arguments.words}};
  std::error_code error;
  out["folder"] = std::filesystem::current_path(error).string();
  out["machine"] = bench::machine_document();
  out["threads"] = setup.threads;
  out["precision"] = std::string(precision_name(setup.pipeline.session.precision));
  out["seed"] = setup.pipeline.session.seed;
  out["models"] = Document::array();
  for (const ModelFile& file : setup.files) {
    Document model = {{"path", file.path}, {"kind", file.kind}, {"bytes", rivals::model_bytes(file.path)}};
    if (const std::string digest = bench::model_digest(file.path); !digest.empty()) model["sha256"] = digest;
    out["models"].push_back(std::move(model));
  }
  out["inputs"] = Document::array();
  for (const NamedTensor& input : setup.inputs) {
    out["inputs"].push_back({{"name", input.name},
                             {"dtype", std::string(dtype_name(input.tensor.dtype()))},
                             {"shape", input.tensor.dims()}});
  }
  return out;
}

bench::RaceView live_view(const Arguments& arguments, double expected_seconds) {
  bench::RaceView view;
  if (arguments.has(kQuiet) || !::isatty(STDERR_FILENO)) return view;
  const double start = monotonic_seconds();
  view.update = [=](const std::string& doing, double done, const std::vector<bench::Standing>& standings) {
    std::vector<std::pair<double, std::string>> order;
    for (const bench::Standing& s : standings) {
      if (s.counts() && !s.entry.label.ends_with("(twin)"))
        order.emplace_back(bench::median(s.samples()), s.entry.label);
    }
    std::ranges::sort(order);
    std::string line = format("\r[{:3.0f}%] ", done * 100);
    const double left = done > 0.05 ? (monotonic_seconds() - start) * (1 - done) / done : expected_seconds;
    line += format("{:.0f} s left · {}", left, doing);
    for (size_t i = 0; i < order.size() && i < 3; ++i)
      line += format("{} {} {:.3g} ms", i ? "," : " ·", order[i].second, order[i].first * 1e3);
    size_t end = std::min<size_t>(line.size(), 110);
    while (end > 0 && end < line.size() && (line[end] & 0xc0) == 0x80) --end;  // not within a character
    line = line.substr(0, end) + "\x1b[K";
    (void)!::write(STDERR_FILENO, line.data(), line.size());
  };
  return view;
}

void close_live_view(const Arguments& arguments) {
  if (!arguments.has(kQuiet) && ::isatty(STDERR_FILENO)) (void)!::write(STDERR_FILENO, "\r\x1b[K", 4);
}

Status deliver(const Arguments& arguments, Setup& setup, Document& result) {
  for (Document& standing : result["standings"]) {
    const auto engine = std::ranges::find_if(
        setup.installed, [&](const auto& e) { return e.rival->name == rivals::text(standing, "engine"); });
    if (engine != setup.installed.end()) standing["engine_version"] = engine->version;
  }
  result["remarks"] = setup.remarks;
  if (!arguments.has(kNoRecord)) {
    auto records = bench::Records::open(setup.home);
    Status kept = records.ok() ? (*records)->add(result) : Status(std::move(records).error());
    if (!kept.ok()) note(arguments, "the result could not be recorded: " + kept.error().to_string());
  }
  if (arguments.has(kHtml)) THANE_TRY(write_file(arguments.text(kHtml), bench::html_report(result)));
  if (arguments.has(kJson))
    print(rivals::to_text(result, 2) + "\n");
  else
    print(arguments.has(kMarkdown) ? bench::markdown_of(result) : bench::text_of(result));
  if (arguments.has(kHtml)) note(arguments, "report: " + arguments.text(kHtml));
  return ok();
}

}  // namespace thane::cli
