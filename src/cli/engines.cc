// thane engines: the real frameworks on this machine.
#include <unistd.h>

#include "base/format.h"
#include "cli/commands.h"
#include "cli/data_folder.h"
#include "cli/json.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include "cli/version.h"
#include "rivals/installed.h"

namespace thane::cli {
namespace {

std::string requirement_version(const rivals::Rival& rival) {
  const std::string mark = "\n" + std::string(rival.package) + "==";
  const std::string text = rivals::requirements_of(rival);
  // Names in requirement files are lower case.
  std::string lower;
  for (const char c : mark) lower += static_cast<char>(c >= 'A' && c <= 'Z' ? c + 32 : c);
  const size_t at = text.find(lower);
  if (at == std::string::npos) return "";
  const std::string rest = text.substr(at + lower.size());
  return rest.substr(0, rest.find_first_of(" \\\n"));
}

int list_engines(const Arguments& arguments) {
  const std::string home = data_folder(arguments);
  const auto installed = rivals::installed_engines(home);
  const auto find = [&](const rivals::Rival& rival) -> const rivals::Installed* {
    for (const rivals::Installed& engine : installed)
      if (engine.rival == &rival) return &engine;
    return nullptr;
  };
  if (arguments.has(kJson)) {
    Json json;
    json.begin_object().field("folder", home).key("engines").begin_array();
    json.begin_object().field("name", "native").field("installed", true).field("version", kVersion).end_object();
    for (const rivals::Rival& rival : rivals::all_rivals()) {
      const rivals::Installed* engine = find(rival);
      json.begin_object().field("name", rival.name).field("title", rival.title).field("installed", engine != nullptr);
      json.field("version", engine ? engine->version : requirement_version(rival)).field("formats", rival.formats);
      json.field("devices", rival.devices);
      if (engine)
        json.field("bytes", engine->bytes).field("python", engine->python).field("registered", engine->folder.empty());
      json.end_object();
    }
    print(json.end_array().end_object().text());
    return kSuccess;
  }
  Table table;
  table.add({"engine", "version", "on disk", "devices", "formats", ""});
  table.add({"native", std::string(kVersion), "", "CPU", "see thane inspect", "this program"});
  for (const rivals::Rival& rival : rivals::all_rivals()) {
    const rivals::Installed* engine = find(rival);
    table.add({std::string(rival.name), engine ? engine->version : requirement_version(rival),
               engine ? bytes_text(engine->bytes) : "–", std::string(rival.devices), replaced(rival.formats, " ", ", "),
               engine ? "installed, " + engine->python : format("thane engines add {}", rival.name)});
  }
  print(table.to_string());
  return kSuccess;
}

Status change_engines(const Arguments& arguments) {
  const std::string& verb = arguments.positional[0];
  const std::string home = data_folder(arguments);
  if (verb != "add" && verb != "remove")
    return invalid_argument(format("'{}'", verb)).at("engines").expecting("list, add or remove");
  if (arguments.positional.size() < 2) return invalid_argument("no engine named").at("engines " + verb);
  for (size_t i = 1; i < arguments.positional.size(); ++i) {
    const std::string& name = arguments.positional[i];
    const rivals::Rival* rival = rivals::find_rival(name);
    if (!rival) {
      std::string known;
      for (const rivals::Rival& row : rivals::all_rivals())
        known += (known.empty() ? "" : ", ") + std::string(row.name);
      return invalid_argument(format("'{}'", name)).at("engines " + verb).expecting(known);
    }
    if (verb == "remove") {
      THANE_TRY(rivals::remove(home, *rival));
      print(format("{} removed\n", name));
      continue;
    }
    const bool live = ::isatty(STDERR_FILENO) && !arguments.has(kQuiet);
    const rivals::Say say = [&](const std::string& line) {
      if (live) note(arguments, format("{}: {}", name, line));
    };
    THANE_ASSIGN(const rivals::Installed engine, arguments.has(kPython)
                                                     ? rivals::register_python(home, *rival, arguments.text(kPython))
                                                     : rivals::install(home, *rival, say));
    print(format("{} {} ({})\n", name, engine.version, bytes_text(engine.bytes)));
  }
  return ok();
}

}  // namespace

int engines(const Arguments& arguments) {
  if (arguments.positional.empty() || arguments.positional[0] == "list") return list_engines(arguments);
  const auto status = change_engines(arguments);
  return status.ok() ? static_cast<int>(kSuccess) : report(arguments, status.error());
}

}  // namespace thane::cli
