// What travels inside the program arrives as it was: the report's page and the engines' scripts.
#include "bench/report.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "rivals/table.h"

namespace thane::bench {
namespace {

std::string source(const std::string& path) {
  std::ifstream file(std::filesystem::path(THANE_SOURCE_DIR) / "src" / path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

TEST(Report, HoldsItsStyleItsScriptsAndTheResult) {
  const std::string html = html_report(rivals::Document{{"verdict", "</script>"}});
  for (const char* part : {"uPlot.iife.min.js", "uPlot.min.css", "report.css", "report.js"}) {
    const std::string text = source(std::string("bench/report/") + part);
    ASSERT_FALSE(text.empty()) << part;
    EXPECT_NE(html.find(text), std::string::npos) << part;
  }
  EXPECT_NE(html.find("\\u003c/script>"), std::string::npos);
  EXPECT_EQ(html.find("/*DATA*/"), std::string::npos);
}

TEST(Rivals, ScriptsAndRequirementsAreThoseOfTheSources) {
  for (const rivals::Rival& rival : rivals::all_rivals()) {
    const std::string name(rival.name);
    EXPECT_EQ(rivals::worker_of(rival), source("rivals/workers/" + name + ".py")) << name;
    EXPECT_EQ(rivals::requirements_of(rival), source("rivals/requirements/" + name + ".txt")) << name;
  }
}

}  // namespace
}  // namespace thane::bench
