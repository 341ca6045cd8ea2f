// Files of report/ that travel inside the program: the report's page, and the chart library it is drawn with, uPlot
// (report/uPlot.LICENSE).
#pragma once

#include <string>
#include <string_view>

namespace thane::bench::embedded {

std::string file(std::string_view name);  // "report.html"; empty when there is none

}  // namespace thane::bench::embedded
