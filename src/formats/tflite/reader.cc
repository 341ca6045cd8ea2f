#include "formats/tflite/reader.h"

#include <algorithm>

#include "base/format.h"
#include "formats/tflite/import.h"
#include "formats/tflite/metadata.h"
#include "ops/infer.h"

namespace thane {
namespace {

using namespace tflite;

constexpr std::string_view kUsualSignature = "serving_default";

std::string type_text(const TensorInfo& info) {
  std::string text = info.dtype == DType::kUndefined ? "resource" : std::string(dtype_name(info.dtype));
  text += '[';
  for (size_t i = 0; i < info.dims().size(); ++i) {
    text += (i ? ", " : "") + (info.dims()[i] < 0 ? std::string("?") : std::to_string(info.dims()[i]));
  }
  return text + ']';
}

std::string summary(const SignatureInfo& signature, const SubgraphInfo& graph) {
  std::string text = "(";
  for (size_t i = 0; i < signature.inputs.size(); ++i) {
    const auto& [name, tensor] = signature.inputs[i];
    text += format("{}{}: {}", i ? ", " : "", name, type_text(graph.tensors[static_cast<size_t>(tensor)]));
  }
  text += ") -> (";
  for (size_t i = 0; i < signature.outputs.size(); ++i) text += (i ? ", " : "") + signature.outputs[i].first;
  return text + ")";
}

// The signature asked for; null for a file without any.
Result<const SignatureInfo*> choose_signature(const FileModel& file, const std::string& wanted) {
  const auto& all = file.signatures;
  const auto named = [&](std::string_view key) {
    const auto found = std::find_if(all.begin(), all.end(), [&](const SignatureInfo& s) { return s.key == key; });
    return found == all.end() ? nullptr : &*found;
  };
  if (!wanted.empty()) {
    if (const SignatureInfo* found = named(wanted)) return found;
    std::string keys;
    for (const SignatureInfo& signature : all) keys += (keys.empty() ? "" : ", ") + signature.key;
    return invalid_argument(format("there is no signature '{}'", wanted))
        .expecting(keys.empty() ? "none: the file has no signatures" : "one of " + keys);
  }
  if (const SignatureInfo* usual = named(kUsualSignature)) return usual;
  // Without a name, the first subgraph is what the file is about.
  const auto first =
      std::find_if(all.begin(), all.end(), [](const SignatureInfo& s) { return s.subgraph == 0 && !s.key.empty(); });
  return first == all.end() ? nullptr : &*first;
}

Result<Model> read_model(Source& source, const ReadOptions& options) {
  THANE_ASSIGN(const FileModel file, read_file(source));
  THANE_ASSIGN(const SignatureInfo* signature, choose_signature(file, options.entry_point));
  Model model;
  Importer importer(source, file);
  const size_t subgraph = signature ? signature->subgraph : 0;
  THANE_ASSIGN(model.graph, importer.run(subgraph, signature));
  model.format = "tflite";
  model.versions.emplace_back("tflite", "3");
  model.doc = file.description;
  for (const SignatureInfo& each : file.signatures) {
    if (!each.key.empty()) model.entry_points.push_back({each.key, summary(each, file.subgraphs[each.subgraph])});
  }
  if (signature) model.entry_point = signature->key;
  add_metadata(file, source, subgraph, model);
  THANE_TRY(verify(model.graph));
  THANE_TRY(annotate_types(model.graph));
  THANE_TRY(verify(model.graph));
  return model;
}

}  // namespace

Result<Model> read_tflite(std::shared_ptr<const MappedFile> file, const ReadOptions& options) {
  const std::string path = file->path();
  Source source(std::move(file), options);
  auto model = read_model(source, options);
  if (!model.ok()) return std::move(model).error().at(path);
  return model;
}

}  // namespace thane
