// Small text tools of the command line.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace thane::cli {

std::vector<std::string_view> split(std::string_view text, char separator);
std::string replaced(std::string_view text, std::string_view from, std::string_view to);
// Broken at spaces into lines of at most `width` characters.
std::vector<std::string> wrapped(std::string_view text, size_t width);
size_t display_width(std::string_view utf8);
std::string padded(std::string text, size_t width);

// "1.5 MiB", "12 KiB", "7 bytes"; "3.21 G", "41 k", "12".
std::string bytes_text(int64_t bytes);
std::string count_text(double count);
// A decimal with at most `digits` significant digits.
std::string number_text(double value, int digits = 6);

// Columns aligned to their widest cell, two spaces apart. The first row is the heading.
class Table {
 public:
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  std::string to_string(std::string_view indent = "") const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace thane::cli
