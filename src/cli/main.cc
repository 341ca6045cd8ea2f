// The program: finds the command in the table, parses, runs.
#include <cstdio>
#include <new>

#include "base/format.h"
#include "bench/native_worker.h"
#include "cli/arguments.h"
#include "cli/help.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "cli/version.h"

namespace thane::cli {
namespace {

bool wants_help(std::span<const std::string> words) {
  for (const std::string& word : words) {
    if (word == "--") return false;
    if (word == "-h" || word == "--help") return true;
  }
  return false;
}

int run_command(const Command& command, std::span<const std::string> words) {
  if (wants_help(words)) {
    print(command_help(command));
    return kSuccess;
  }
  auto arguments = parse(command, words);
  if (!arguments.ok()) return report(arguments.error());
  const auto count = static_cast<int>(arguments->positional.size());
  if (count < command.min_arguments || count > command.max_arguments) {
    return report(*arguments, invalid_argument(format("{} arguments", count))
                                  .at(format("thane {}", command.name))
                                  .expecting(command.arguments.empty() ? "none" : std::string(command.arguments))
                                  .hinting(format("thane {} --help shows examples", command.name)));
  }
  return command.run(*arguments);
}

int dispatch(std::span<const std::string> words) {
  if (words.empty()) {
    print(general_help());
    return kUsage;
  }
  if (words[0] == "--version" || words[0] == "-V") {
    print(format("thane {}\n", kVersion));
    return kSuccess;
  }
  if (words[0] == "-h" || words[0] == "--help") {
    print(general_help());
    return kSuccess;
  }
  const Command* command = find_command(words[0]);
  return command ? run_command(*command, words.subspan(1)) : report(unknown_command(words[0]));
}

}  // namespace
}  // namespace thane::cli

int main(int argc, char** argv) {
  using namespace thane;
  try {
    const std::vector<std::string> words(argv + 1, argv + argc);
    if (words.size() == 1 && words[0] == bench::kWorkerCommand) return bench::serve_native(), 0;
    const int code = cli::dispatch(words);
    if (cli::flush_results()) return code;
    return cli::report(io_error("the results could not be written").at("stdout"));
  } catch (const std::bad_alloc&) {  // a container of our own; tensors report it by value
    return cli::report(resource_limit("out of memory"));
  }
}
