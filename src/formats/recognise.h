// Which format a file is in, judged by its content; names and extensions do not count.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "formats/options.h"
#include "ir/graph.h"

namespace thane {

enum class Format : uint8_t {
  kUnknown,
  kOnnx,
  kOrt,  // ONNX Runtime's own flatbuffer
  kTfLite,
  kSavedModel,  // a folder with saved_model.pb, or that file
  kGraphDef,
  kMetaGraph,     // NAME.meta beside a TensorFlow checkpoint, or their folder
  kTfCheckpoint,  // index of a TensorFlow checkpoint
  kTorchScript,
  kTorchExport,  // .pt2
  kTorchState,   // torch.save in a zip
  kTorchLegacy,  // torch.save before zips: a bare pickle
  kLightning,
  kSafetensors,
  kKeras,  // .keras
  kHdf5,
};

// "ONNX", "TensorFlow Lite", …
std::string_view format_name(Format format);

// Reads what it must of the file (or folder) and no more. kUnknown is no error.
Result<Format> recognise(const std::string& path);

// Opens a model of any format. A format that is recognised but cannot be read yet is an error that names it.
Result<Model> load_model(const std::string& path, const ReadOptions& options);

}  // namespace thane
