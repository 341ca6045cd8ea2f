// Texts made from the table of commands.
#pragma once

#include <string>

#include "base/result.h"
#include "cli/command.h"

namespace thane::cli {

std::string general_help();
std::string command_help(const Command& command);
std::string man_page();  // troff
Error unknown_command(const std::string& name);

}  // namespace thane::cli
