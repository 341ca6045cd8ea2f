#include "bench/report.h"

#include "bench/embedded.h"

namespace thane::bench {
namespace {

void replace(std::string& text, std::string_view mark, std::string_view with) {
  if (const size_t at = text.find(mark); at != std::string::npos) text.replace(at, mark.size(), with);
}

}  // namespace

std::string html_report(const rivals::Document& result) {
  std::string html = embedded::file("report.html");
  replace(html, "/*STYLE*/", embedded::file("uPlot.min.css") + embedded::file("report.css"));
  replace(html, "/*CHARTS*/", embedded::file("uPlot.iife.min.js"));
  replace(html, "/*REPORT*/", embedded::file("report.js"));
  // Inside a script element only "</" and "<!" could end it; as an escape they mean the same to JSON.
  std::string data = rivals::to_text(result), safe;
  for (const char c : data) safe += c == '<' ? std::string("\\u003c") : std::string(1, c);
  replace(html, "/*DATA*/", safe);
  return html;
}

}  // namespace thane::bench
