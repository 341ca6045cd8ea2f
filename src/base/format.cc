#define FMT_HEADER_ONLY
#include "base/format.h"

#include <fmt/format.h>

namespace thane {

std::string format_args(fmt::string_view format, fmt::format_args args) { return fmt::vformat(format, args); }

}  // namespace thane
