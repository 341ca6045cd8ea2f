// thane history, replay, compare: what was measured before.
#include <algorithm>
#include <cmath>
#include <filesystem>

#include "api/io/write_file.h"
#include "base/format.h"
#include "bench/records.h"
#include "bench/report.h"
#include "bench/result.h"
#include "bench/statistics.h"
#include "cli/commands.h"
#include "cli/data_folder.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include "rivals/installed.h"

namespace thane::cli {
namespace {

using rivals::Document;

std::vector<std::pair<std::string, std::string>> versions_now(const std::string& home) {
  std::vector<std::pair<std::string, std::string>> versions;
  for (const rivals::Installed& engine : rivals::installed_engines(home))
    versions.emplace_back(std::string(engine.rival->name), engine.version);
  return versions;
}

Status show_history(const Arguments& arguments) {
  const std::string home = data_folder(arguments);
  THANE_ASSIGN(const auto records, bench::Records::open(home));
  if (!arguments.positional.empty()) {
    THANE_ASSIGN(const Document result, records->find(arguments.positional[0]));
    if (arguments.has(kHtml)) THANE_TRY(write_file(arguments.text(kHtml), bench::html_report(result)));
    if (arguments.has(kJson)) {
      print(rivals::to_text(result, 2) + "\n");
      return ok();
    }
    print(
        format("{}  {}\n", rivals::text(result, "time"), rivals::text(rivals::member(result, "manifest"), "command")));
    print(arguments.has(kMarkdown) ? bench::markdown_of(result) : bench::text_of(result));
    for (const std::string& reason : bench::expiry(result, versions_now(home))) print(format("EXPIRED: {}\n", reason));
    return ok();
  }
  THANE_ASSIGN(const auto lines, records->list(std::max<int64_t>(1, arguments.integer(kMost))));
  if (arguments.has(kJson)) {
    Document out = Document::array();
    for (const auto& line : lines) {
      out.push_back({{"id", line.id},
                     {"time", line.time},
                     {"kind", line.kind},
                     {"need", line.need},
                     {"summary", line.summary},
                     {"command", line.command}});
    }
    print(rivals::to_text(out, 2) + "\n");
    return ok();
  }
  Table table;
  table.add({"id", "time", "kind", "verdict", "command"});
  for (const auto& line : lines) table.add({line.id, line.time, line.kind, line.summary, line.command});
  print(table.to_string());
  return ok();
}

// The median over turns of one engine of a result; the turns' spread becomes an interval of the ratio.
std::vector<double> turn_times(const Document& standing) {
  std::vector<double> times;
  for (const Document& turn : rivals::member(standing, "turns")) {
    if (turn.is_array() && turn.size() == 3 && turn[2].is_number()) times.push_back(turn[2].get<double>());
  }
  return times;
}

// What must be the same for times to be comparable.
std::string setting_text(const Document& result) {
  std::string text = "scenario " + rivals::text(result, "scenario");
  for (const Document& input : rivals::member(rivals::member(result, "manifest"), "inputs"))
    text += format(", {} {}", rivals::text(input, "name"), rivals::to_text(rivals::member(input, "shape")));
  return text;
}

Status compare_records(const Arguments& arguments, int& code) {
  const std::string home = data_folder(arguments);
  THANE_ASSIGN(const auto records, bench::Records::open(home));
  THANE_ASSIGN(const Document before, records->find(arguments.positional[0]));
  THANE_ASSIGN(const Document after, records->find(arguments.positional[1]));
  if (const std::string was = setting_text(before), is = setting_text(after); was != is)
    return invalid_argument("not the same measurement: " + is).at("thane compare").expecting(was);
  for (const std::string_view key : {"threads", "precision"}) {
    const Document &was = rivals::member(rivals::member(before, "manifest"), key),
                   &is = rivals::member(rivals::member(after, "manifest"), key);
    if (was != is) note(arguments, format("{} differ: {} and {}", key, rivals::to_text(was), rivals::to_text(is)));
  }
  const double allowed = 1 + arguments.real(kSlower) / 100;
  Document out = {{"before", rivals::text(before, "id")}, {"after", rivals::text(after, "id")}, {"allowed", allowed}};
  out["engines"] = Document::array();
  Table table;
  table.add({"engine", "before ms", "after ms", "after ÷ before [95%]", ""});
  bool slower = false, unclear = false;
  size_t compared = 0;
  for (const Document& old : rivals::member(before, "standings")) {
    for (const Document& fresh : rivals::member(after, "standings")) {
      if (rivals::text(old, "label") != rivals::text(fresh, "label")) continue;
      std::vector<double> x = turn_times(old), y = turn_times(fresh);
      const bool lost = rivals::text(old, "status") == "ok" && rivals::text(fresh, "status") != "ok";
      if (lost) {
        slower = true;
        ++compared;
        table.add({rivals::text(old, "label"), "", "", "",
                   rivals::text(fresh, "status") + ": " + rivals::text(fresh, "reason")});
        out["engines"].push_back({{"label", rivals::text(old, "label")}, {"outcome", rivals::text(fresh, "status")}});
        continue;
      }
      if (x.empty() || y.empty()) continue;
      ++compared;
      // Turns of different days are no pairs: sorted, they pair quantile with quantile.
      std::ranges::sort(x);
      std::ranges::sort(y);
      std::vector<bench::Pair> pairs;
      const size_t n = std::min(x.size(), y.size());
      for (size_t i = 0; i < n; ++i) {
        const double q = n > 1 ? static_cast<double>(i) / static_cast<double>(n - 1) : 0.5;
        pairs.push_back({bench::quantile(x, q), bench::quantile(y, q), static_cast<int>(i)});
      }
      const bench::Ratio ratio = bench::bootstrap_ratio(pairs);
      const bool worse = ratio.interval.low > allowed, fine = ratio.interval.high <= allowed;
      slower |= worse;
      unclear |= !worse && !fine;
      const std::string outcome = worse                     ? "slower"
                                  : !fine                   ? "undecided"
                                  : ratio.interval.high < 1 ? "faster"
                                                            : "no slower";
      table.add({rivals::text(old, "label"), number_text(bench::median(x) * 1e3, 4),
                 number_text(bench::median(y) * 1e3, 4),
                 format("{:.3f} [{:.3f}, {:.3f}]", ratio.estimate, ratio.interval.low, ratio.interval.high), outcome});
      out["engines"].push_back({{"label", rivals::text(old, "label")},
                                {"before_s", bench::median(x)},
                                {"after_s", bench::median(y)},
                                {"ratio", ratio.estimate},
                                {"low", ratio.interval.low},
                                {"high", ratio.interval.high},
                                {"outcome", outcome}});
    }
  }
  if (compared == 0) return invalid_argument("no engine was measured in both").at("thane compare");
  code = slower ? kGateFailed : unclear ? kUndecided : kSuccess;
  print(arguments.has(kJson) ? rivals::to_text(out, 2) + "\n" : table.to_string());
  return ok();
}

Status replay_record(const Arguments& arguments, int& code) {
  const std::string home = data_folder(arguments);
  Document old;
  {
    THANE_ASSIGN(const auto records, bench::Records::open(home));
    THANE_ASSIGN(old, records->find(arguments.positional[0]));
  }
  const Document& manifest = rivals::member(old, "manifest");
  std::vector<std::string> words;
  for (const Document& word : rivals::member(manifest, "words"))
    if (word.is_string()) words.push_back(word.get<std::string>());
  const Command* command = words.empty() ? nullptr : find_command(words[0]);
  if (!command) return invalid_argument("does not say how it was made").at(arguments.positional[0]);
  for (const std::string& reason : bench::expiry(old, versions_now(home))) note(arguments, "since then: " + reason);
  std::error_code error;
  std::filesystem::current_path(rivals::text(manifest, "folder"), error);
  if (error) return io_error(error.message()).at(rivals::text(manifest, "folder"));
  words.erase(words.begin());
  THANE_ASSIGN(Arguments again, parse(*command, words));
  if (arguments.has(kHome) && !again.has(kHome)) again.add(kHome, home);
  code = command->run(again);
  const std::string was = rivals::text(rivals::member(old, "verdict"), "text");
  if (!was.empty() && !again.has(kJson)) print(format("was ({}): {}\n", rivals::text(old, "time"), was));
  return ok();
}

}  // namespace

int history(const Arguments& arguments) {
  const auto status = show_history(arguments);
  return status.ok() ? static_cast<int>(kSuccess) : report(arguments, status.error());
}

int compare(const Arguments& arguments) {
  int code = kSuccess;
  const auto status = compare_records(arguments, code);
  return status.ok() ? code : report(arguments, status.error());
}

int replay(const Arguments& arguments) {
  int code = kSuccess;
  const auto status = replay_record(arguments, code);
  return status.ok() ? code : report(arguments, status.error());
}

}  // namespace thane::cli
