// Help and the man page, made from the table of commands.
#include "cli/help.h"
#include "base/format.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include "cli/version.h"

namespace thane::cli {
namespace {

constexpr size_t kWidth = 96;

constexpr std::string_view kExitCodes[] = {
    "success", "a comparison went beyond its tolerance", "the command line, or a file it names, is wrong",
    "the model is broken, unsupported, or fails on this data", "undecided: a tie, or a measurement too noisy"};

std::string option_heading(const Option& option) {
  std::string text = replaced(option.flags, ",", ", ");
  if (!option.value.empty()) text += " " + std::string(option.value);
  return text;
}

std::string option_help(const Option& option) {
  std::string text(option.help);
  if (!option.choices.empty()) text += " (" + replaced(option.choices, "|", ", ") + ")";
  if (!option.fallback.empty()) text += format(" [{}]", option.fallback);
  if (option.repeats) text += "; repeats";
  if (!option.variable.empty()) text += format("; ${}", option.variable);
  return text;
}

std::string usage(const Command& command) {
  std::string text = format("thane {}", command.name);
  if (!command.arguments.empty()) text += " " + std::string(command.arguments);
  return text + " [options]";
}

std::string examples_text(const Command& command) {
  std::string text;
  for (const Example& example : command.examples) {
    text += format("  thane {}\n      {}\n", example.command, example.purpose);
  }
  return text;
}

// A word or line of troff: backslashes, hyphens and leading dots mean something there.
std::string troff(std::string_view text) {
  std::string out = replaced(replaced(text, "\\", "\\e"), "-", "\\-");
  if (out.starts_with('.') || out.starts_with('\'')) out = "\\&" + out;
  return out;
}

std::string man_command(const Command& command) {
  std::string out =
      format(".SS \"thane {} {}\"\n{}.\n", troff(command.name), troff(command.arguments), troff(command.summary));
  for (const Example& example : command.examples) {
    out += format(".PP\n.nf\n.B thane {}\n.fi\n.RS\n{}\n.RE\n", troff(example.command), troff(example.purpose));
  }
  for (const Option* option : command.options) {
    out += format(".TP\n.B {}\n{}\n", troff(option_heading(*option)), troff(option_help(*option)));
  }
  if (!command.notes.empty()) {
    for (const auto paragraph : split(command.notes, '\n')) out += format(".PP\n{}\n", troff(paragraph));
  }
  return out;
}

}  // namespace

std::string general_help() {
  std::string out = "thane opens, inspects and runs AI models.\n\n";
  out +=
      "  thane inspect model.onnx\n  thane run model.onnx -i cat.jpg --top 5 --labels labels.txt\n"
      "  thane verify model.onnx optimised.onnx\n\n";
  Table table;
  for (const Command& command : all_commands()) table.add({std::string(command.name), std::string(command.summary)});
  out += table.to_string("  ");
  return out + "\nthane COMMAND --help shows a command's examples and options; thane --version the version.\n";
}

std::string command_help(const Command& command) {
  std::string out = format("thane {}: {}\n\n{}\nusage: {}\n\n", command.name, command.summary, examples_text(command),
                           usage(command));
  size_t width = 0;
  for (const Option* option : command.options) width = std::max(width, display_width(option_heading(*option)));
  for (const Option* option : command.options) {
    std::string heading = padded(option_heading(*option), width);
    for (const std::string& line : wrapped(option_help(*option), kWidth - width - 4)) {
      out += "  " + heading + "  " + line + "\n";
      heading.assign(width, ' ');
    }
  }
  if (command.notes.empty()) return out;
  for (const auto paragraph : split(command.notes, '\n')) {
    out += "\n";
    for (const std::string& line : wrapped(paragraph, kWidth)) out += line + "\n";
  }
  return out;
}

std::string man_page() {
  std::string out = format(
      ".TH THANE 1 \"\" \"thane {}\" \"User Commands\"\n.SH NAME\nthane \\- open, inspect and run AI models\n"
      ".SH SYNOPSIS\n",
      kVersion);
  for (const Command& command : all_commands()) out += format(".B {}\n.br\n", troff(usage(command)));
  out +=
      ".SH DESCRIPTION\nResults go to standard output, errors and progress to standard error (progress only when that "
      "is a "
      "terminal). With \\-\\-json results are JSON.\n.SH COMMANDS\n";
  for (const Command& command : all_commands()) out += man_command(command);
  out += ".SH EXIT STATUS\n";
  int code = 0;
  for (const auto meaning : kExitCodes) out += format(".TP\n.B {}\n{}\n", code++, troff(meaning));
  return out;
}

int help(const Arguments& arguments) {
  if (arguments.has(kMan)) {
    print(man_page());
    return kSuccess;
  }
  if (arguments.positional.empty()) {
    print(general_help());
    return kSuccess;
  }
  const Command* command = find_command(arguments.positional[0]);
  if (!command) return report(unknown_command(arguments.positional[0]));
  print(command_help(*command));
  return kSuccess;
}

Error unknown_command(const std::string& name) {
  std::string names;
  for (const Command& command : all_commands()) names += (names.empty() ? "" : ", ") + std::string(command.name);
  return invalid_argument(format("there is no command '{}'", name)).expecting(names).hinting("thane --help");
}

}  // namespace thane::cli
