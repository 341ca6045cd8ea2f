// Completion scripts for shells, made from the table of commands.
#include "base/format.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/terminal.h"
#include "cli/text.h"

namespace thane::cli {
namespace {

bool names_file(const Option& option) { return option.takes == Takes::kFile; }
bool names_folder(const Option& option) { return option.takes == Takes::kFolder; }

std::string command_names() {
  std::string names;
  for (const Command& command : all_commands()) names += (names.empty() ? "" : " ") + std::string(command.name);
  return names;
}

// Words a command's plain arguments may be, when they are no files.
std::string argument_words(const Command& command) {
  if (command.name == "help") return command_names();
  return command.argument_takes == Takes::kText ? replaced(command.arguments, "|", " ") : "";
}

std::string bash() {
  std::string out =
      "# bash completion for thane\n_thane() {\n  local cur=${COMP_WORDS[COMP_CWORD]} "
      "prev=${COMP_WORDS[COMP_CWORD-1]}\n"
      "  compopt +o nospace 2>/dev/null\n"
      "  if ((COMP_CWORD == 1)); then COMPREPLY=($(compgen -W '" +
      command_names() + " --help --version' -- \"$cur\")); return; fi\n  case ${COMP_WORDS[1]} in\n";
  for (const Command& command : all_commands()) {
    out += format("    {})\n      case $prev in\n", command.name);
    std::string flags;
    for (const Option* option : command.options) {
      flags += (flags.empty() ? "" : " ") + replaced(option->flags, ",", " ");
      const std::string pattern = replaced(option->flags, ",", "|");
      if (!option->choices.empty()) {
        out += format("        {}) COMPREPLY=($(compgen -W '{}' -- \"$cur\")); return ;;\n", pattern,
                      replaced(option->choices, "|", " "));
      } else if (names_folder(*option)) {
        out += format("        {}) COMPREPLY=($(compgen -d -- \"$cur\")); return ;;\n", pattern);
      } else if (names_file(*option)) {
        out += format("        {}) COMPREPLY=($(compgen -f -- \"${{cur#*=}}\")); return ;;\n", pattern);
      } else if (option->takes != Takes::kNothing) {
        out += format("        {}) return ;;\n", pattern);
      }
    }
    out += format(
        "      esac\n      if [[ $cur == -* ]]; then COMPREPLY=($(compgen -W '{}' -- \"$cur\")); return; fi\n", flags);
    const std::string words = argument_words(command);
    if (!words.empty())
      out += format("      COMPREPLY=($(compgen -W '{}' -- \"$cur\")) ;;\n", words);
    else if (command.argument_takes == Takes::kFile)
      out += "      COMPREPLY=($(compgen -f -- \"$cur\")) ;;\n";
    else
      out += "      ;;\n";
  }
  return out + "  esac\n}\ncomplete -o filenames -o bashdefault -F _thane thane\n";
}

std::string zsh_quoted(std::string_view text) {
  return replaced(replaced(replaced(replaced(text, "'", "'\\''"), "[", "\\["), "]", "\\]"), ":", "\\:");
}

std::string zsh_action(const Option& option) {
  if (option.takes == Takes::kNothing) return "";
  const std::string value = replaced(zsh_quoted(option.value), "=", "");
  if (!option.choices.empty()) return format(":{}:({})", value, replaced(option.choices, "|", " "));
  if (names_folder(option)) return format(":{}:_files -/", value);
  if (names_file(option)) return format(":{}:_files", value);
  return format(":{}:", value);
}

std::string zsh() {
  std::string out = "#compdef thane\n_thane() {\n  local -a commands\n  commands=(\n";
  for (const Command& command : all_commands()) {
    out += format("    '{}:{}'\n", command.name, zsh_quoted(command.summary));
  }
  out +=
      "  )\n  if ((CURRENT == 2)); then _describe command commands; return; fi\n  local command=$words[2]\n"
      "  shift words; ((CURRENT--))\n  case $command in\n";
  for (const Command& command : all_commands()) {
    out += format("    {})\n      _arguments -s \\\n", command.name);
    for (const Option* option : command.options) {
      const std::string tail = format("[{}]{}", zsh_quoted(option->help), zsh_action(*option));
      const auto flags = split(option->flags, ',');
      const std::string once = option->repeats ? "*" : format("({})", replaced(option->flags, ",", " "));
      for (const auto flag : flags) out += format("        '{}{}{}' \\\n", once, flag, tail);
    }
    const std::string words = argument_words(command);
    if (!words.empty())
      out += format("        '*:argument:({})' ;;\n", words);
    else if (command.argument_takes == Takes::kFile)
      out += "        '*:model:_files' ;;\n";
    else
      out += "        ;;\n";
  }
  return out + "  esac\n}\nif [[ $funcstack[1] == _thane ]]; then _thane \"$@\"; else compdef _thane thane; fi\n";
}

std::string fish_quoted(std::string_view text) {
  return "'" + replaced(replaced(text, "\\", "\\\\"), "'", "\\'") + "'";
}

std::string fish() {
  std::string out = "# fish completion for thane\n";
  for (const Command& command : all_commands()) {
    out += format("complete -c thane -f -n __fish_use_subcommand -a {} -d {}\n", command.name,
                  fish_quoted(command.summary));
  }
  for (const Command& command : all_commands()) {
    const std::string when = format("-n '__fish_seen_subcommand_from {}'", command.name);
    const std::string words = argument_words(command);
    if (!words.empty())
      out += format("complete -c thane {} -f -a {}\n", when, fish_quoted(words));
    else if (command.argument_takes == Takes::kFile)
      out += format("complete -c thane {} -F\n", when);
    for (const Option* option : command.options) {
      out += format("complete -c thane {}", when);
      for (const auto flag : split(option->flags, ',')) {
        out += flag.starts_with("--") ? format(" -l {}", flag.substr(2)) : format(" -s {}", flag.substr(1));
      }
      if (!option->choices.empty())
        out += format(" -x -a {}", fish_quoted(replaced(option->choices, "|", " ")));
      else if (names_file(*option))
        out += " -r -F";
      else if (names_folder(*option))
        out += " -x -a '(__fish_complete_directories)'";
      else if (option->takes != Takes::kNothing)
        out += " -x";
      out += format(" -d {}\n", fish_quoted(option->help));
    }
  }
  return out;
}

}  // namespace

int completions(const Arguments& arguments) {
  const std::string& shell = arguments.positional[0];
  if (shell == "bash")
    print(bash());
  else if (shell == "zsh")
    print(zsh());
  else if (shell == "fish")
    print(fish());
  else
    return report(invalid_argument(format("'{}'", shell)).at("completions").expecting("bash, zsh or fish"));
  return kSuccess;
}

}  // namespace thane::cli
