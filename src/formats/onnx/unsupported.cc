// The list of all ops a model asks for that thane lacks.
#include "base/format.h"
#include "formats/onnx/import.h"

namespace thane::onnx {

void Importer::note_unsupported(const ForeignNode& node, const std::string& reason) {
  constexpr size_t kMostKinds = 500, kExamples = 3;
  std::string key = node.domain.empty() ? node.op : node.domain + "." + node.op;
  if (!reason.empty()) key += " (" + reason + ")";
  if (unsupported_.size() >= kMostKinds && !unsupported_.contains(key)) return;
  Unsupported& entry = unsupported_[key];
  ++entry.count;
  if (entry.examples.size() >= kExamples) return;
  std::string example = node.name;
  for (size_t i = 0; example.empty() && i < node.outputs.size(); ++i) example = node.outputs[i];
  if (!example.empty()) entry.examples.push_back(std::move(example));
}

Error Importer::unsupported_ops() const {
  std::string text;
  for (const auto& [op, entry] : unsupported_) {
    text += format("{}{} × {}", text.empty() ? "" : "; ", op, entry.count);
    for (size_t i = 0; i < entry.examples.size(); ++i) text += (i ? ", " : ": ") + entry.examples[i];
    if (entry.count > static_cast<int64_t>(entry.examples.size()) && !entry.examples.empty()) text += ", …";
  }
  return unsupported(
      format("{} unsupported {}: {}", unsupported_.size(), unsupported_.size() == 1 ? "op" : "ops", text));
}

}  // namespace thane::onnx
