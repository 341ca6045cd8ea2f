#include "formats/onnx/reader.h"

#include "formats/onnx/import.h"
#include "ops/infer.h"

namespace thane {
namespace {

using namespace onnx;

Opsets model_opsets(const ModelProto& proto) {
  Opsets opsets = read_opsets(proto.opsets);
  // Before IR version 3 files did not say: it was the first.
  if (opsets.empty() && proto.ir_version < 3) opsets.emplace("", 1);
  return opsets;
}

Result<Model> read_model(Source& source) {
  THANE_ASSIGN(const ModelProto proto, decode_model(source.bytes()));
  if (!proto.has_graph) return invalid_model("there is no graph in the file").expecting("an ONNX model");
  const Opsets opsets = model_opsets(proto);
  Importer importer(source);
  THANE_TRY(importer.add_functions(proto.functions));
  Model model;
  THANE_ASSIGN(model.graph, importer.import_main(proto.graph, opsets));
  model.format = "onnx";
  model.producer = proto.producer_name;
  if (!proto.producer_version.empty()) model.producer += " " + std::string(proto.producer_version);
  for (const auto& [domain, version] : opsets) {
    model.versions.emplace_back(domain.empty() ? "ai.onnx" : domain, std::to_string(version));
  }
  for (const StringPair& pair : proto.metadata) model.metadata.emplace_back(pair.key, pair.value);
  model.doc = proto.doc;
  THANE_TRY(verify(model.graph));
  THANE_TRY(annotate_types(model.graph));
  THANE_TRY(verify(model.graph));  // types found may contradict types declared
  return model;
}

}  // namespace

Result<Model> read_onnx(std::shared_ptr<const MappedFile> file, const ReadOptions& options) {
  const std::string path = file->path();
  Source source(std::move(file), options);
  auto model = read_model(source);
  if (!model.ok()) return std::move(model).error().at(path);
  return model;
}

}  // namespace thane
