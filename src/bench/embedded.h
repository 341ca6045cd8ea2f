// Files of this room that travel inside the program: the report's page, and the chart library it is drawn with.
#pragma once

#include <string_view>

namespace thane::bench::embedded {

extern const std::string_view k_report_html, k_report_css, k_report_js;
extern const std::string_view k_uPlot_iife_min_js, k_uPlot_min_css;  // uPlot (report/uPlot.LICENSE)

}  // namespace thane::bench::embedded
