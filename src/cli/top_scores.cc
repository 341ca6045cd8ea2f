#include "cli/top_scores.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/file.h"
#include "cli/text.h"

namespace thane::cli {

std::vector<std::vector<Score>> top_scores(const Tensor& tensor, int64_t k) {
  std::vector<std::vector<Score>> rows;
  if (tensor.rank() == 0 || tensor.size() == 0) return rows;
  const int64_t width = tensor.dims().back();
  for (int64_t start = 0; start < tensor.size(); start += width) {
    std::vector<Score> row(static_cast<size_t>(width));
    for (int64_t i = 0; i < width; ++i) {
      const double score = tensor.as_double(start + i);
      row[static_cast<size_t>(i)] = {i, std::isnan(score) ? -std::numeric_limits<double>::infinity() : score};
    }
    const auto shown = row.begin() + std::min(k, width);
    std::partial_sort(row.begin(), shown, row.end(), [](const Score& a, const Score& b) {
      return a.score != b.score ? a.score > b.score : a.index < b.index;
    });
    row.erase(shown, row.end());
    rows.push_back(std::move(row));
  }
  return rows;
}

Result<std::vector<std::string>> read_labels(const std::string& path) {
  THANE_ASSIGN(const auto file, MappedFile::open(path));
  std::string_view text(reinterpret_cast<const char*>(file->bytes().data()), file->bytes().size());
  if (text.ends_with('\n')) text.remove_suffix(1);
  std::vector<std::string> labels;
  for (auto line : split(text, '\n')) {
    if (line.ends_with('\r')) line.remove_suffix(1);
    labels.emplace_back(line);
  }
  return labels;
}

}  // namespace thane::cli
