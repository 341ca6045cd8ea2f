#include "formats/tflite/metadata.h"

#include <algorithm>

#include "base/format.h"
#include "formats/containers/zip.h"

namespace thane::tflite {
namespace {

constexpr uint64_t kMostLabelBytes = 4 << 20;
// Numbers of the metadata schema.
constexpr uint8_t kNormalization = 1;
constexpr int8_t kAxisLabels = 2, kValueLabels = 3;

std::string label_file(const Table& tensor) {
  for (const Table& file : tensor.tables(6)) {
    const auto type = file.number<int8_t>(2);
    if (type == kAxisLabels || type == kValueLabels) return std::string(file.text(0));
  }
  return {};
}

InputHint hint_of(const Table& tensor) {
  for (const Table& unit : tensor.tables(4)) {
    if (unit.number<uint8_t>(0) != kNormalization) continue;
    return {unit.table(1).numbers<float>(0), unit.table(1).numbers<float>(1)};
  }
  return {};
}

std::string text_of(const std::vector<float>& numbers) {
  std::string text;
  for (float number : numbers) text += (text.empty() ? "" : ", ") + format("{}", number);
  return numbers.size() == 1 ? text : "[" + text + "]";
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.emplace_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  while (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

std::vector<std::string> labels_in(Source& source, const std::string& name) {
  auto archive = ZipArchive::open(source.file());
  if (!archive.ok()) return {};
  const ZipArchive::Member* member = archive->find(name);
  if (!member) return {};
  auto contents = archive->read(*member, kMostLabelBytes);
  if (!contents.ok()) return {};
  return lines_of({reinterpret_cast<const char*>((*contents)->data()), (*contents)->size_bytes()});
}

void add_described(const Table& description, Source& source, Model& model) {
  const auto note = [&](const char* key, int slot) {
    if (!description.text(slot).empty()) model.metadata.emplace_back(key, description.text(slot));
  };
  note("name", 0);
  note("version", 2);
  note("author", 4);
  note("license", 5);
  if (!description.text(1).empty()) model.doc = description.text(1);
  const auto graphs = description.tables(3);
  if (graphs.empty()) return;
  const auto inputs = graphs[0].tables(2), outputs = graphs[0].tables(3);
  for (size_t i = 0; i < inputs.size() && i < model.graph.inputs.size(); ++i) {
    InputHint hint = hint_of(inputs[i]);
    if (!hint.mean.empty() && hint.mean.size() == hint.std.size()) {
      model.metadata.emplace_back("normalization", format("(pixel - {}) / {}", text_of(hint.mean), text_of(hint.std)));
      model.hints[model.graph.values[model.graph.inputs[i]].name] = std::move(hint);
    }
  }
  for (const Table& output : outputs) {
    const std::string name = label_file(output);
    if (!name.empty() && model.labels.empty()) model.labels = labels_in(source, name);
  }
  if (!model.labels.empty()) {
    model.metadata.emplace_back("labels", format("{}: {}, …", model.labels.size(), model.labels.front()));
  }
}

}  // namespace

void add_metadata(const FileModel& file, Source& source, size_t subgraph, Model& model) {
  constexpr std::string_view kDescription = "TFLITE_METADATA";
  constexpr size_t kMostText = 256;
  for (const auto& [name, bytes] : file.metadata) {
    if (name == kDescription) {
      if (auto description = verified_description(bytes); description.ok() && subgraph == 0)
        add_described(*description, source, model);
      continue;
    }
    std::string_view text = bytes.substr(0, bytes.find('\0'));
    const bool readable =
        text.size() < kMostText && std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
    model.metadata.emplace_back(name, readable ? std::string(text) : format("{} bytes", bytes.size()));
  }
}

}  // namespace thane::tflite
