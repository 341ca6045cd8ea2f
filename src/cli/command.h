// What a command is: a row of the table in commands.cc, from which parsing, help, the man page and completions follow.
#pragma once

#include <span>
#include <string_view>

namespace thane::cli {

class Arguments;

// Exit codes of every command.
enum Exit : int {
  kSuccess = 0,
  kGateFailed = 1,  // a comparison went beyond its tolerance
  kUsage = 2,       // the command line, or a file it names, is wrong
  kBadModel = 3,    // the model is broken or asks for what thane cannot do, or fails on this data
  kUndecided = 4,   // a tie, or a measurement too noisy to say
};

// What an option's value is; decides how it is checked and completed.
enum class Takes { kNothing, kText, kInteger, kReal, kReals, kSize, kFile, kFolder, kChoice };

struct Option {
  std::string_view flags;  // "-i,--input"
  std::string_view value;  // "[NAME=]FILE"; empty for a switch
  std::string_view help;   // one line, no full stop
  Takes takes = Takes::kText;
  bool repeats = false;
  std::string_view choices = {};   // of kChoice: "nchw|nhwc"
  std::string_view fallback = {};  // when not given; empty: none
  std::string_view variable = {};  // environment variable that stands in for the option
};

struct Example {
  std::string_view command;  // without "thane "
  std::string_view purpose;
};

struct Command {
  std::string_view name;
  std::string_view arguments;  // "MODEL [OTHER]"
  int min_arguments = 0, max_arguments = 0;
  Takes argument_takes = Takes::kFile;
  std::string_view summary;  // one line, no full stop
  std::span<const Example> examples = {};
  std::span<const Option* const> options = {};
  std::string_view notes = {};  // further paragraphs of the help
  // Prints results on stdout and returns an exit code.
  int (*run)(const Arguments& arguments) = nullptr;
};

// In the order in which help lists them.
std::span<const Command> all_commands();
const Command* find_command(std::string_view name);

}  // namespace thane::cli
