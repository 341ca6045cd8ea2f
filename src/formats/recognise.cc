#include "formats/recognise.h"

#include <array>
#include <cstring>
#include <filesystem>

#include "base/file.h"
#include "base/format.h"
#include "formats/containers/protobuf.h"
#include "formats/onnx/reader.h"
#include "formats/safetensors/safetensors.h"
#include "formats/tensorflow/reader.h"
#include "formats/tensorflow/text_format.h"
#include "formats/tflite/reader.h"
#include "formats/torch/export/reader.h"
#include "formats/torch/script/reader.h"

namespace thane {
namespace {

using namespace std::string_view_literals;

std::string_view text_of(const MappedFile& file) {
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

template <class T>
T little_endian(std::string_view bytes, size_t offset) {
  T value = 0;
  if (offset + sizeof(T) <= bytes.size()) std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

// The footer of a LevelDB-style table.
bool is_table(std::string_view bytes) {
  return bytes.size() >= 48 && little_endian<uint64_t>(bytes, bytes.size() - 8) == 0xdb4775248b80fb57u;
}

// --- zip archives ----------------------------------------------------------------------------------------------------

// What tells the kinds of archive apart, gathered over the names in the central directory.
struct ArchiveTraits {
  bool code = false, pickle = false, exported = false, keras = false;
};

void note_entry(std::string_view name, ArchiveTraits& traits) {
  const size_t slash = name.find('/');
  const std::string_view inner = slash == std::string_view::npos ? name : name.substr(slash + 1);
  traits.code |= inner.starts_with("code/");
  traits.pickle |= inner == "data.pkl";
  traits.exported |= (inner.starts_with("models/") && inner.ends_with(".json")) ||
                     name == "serialized_exported_program.json" || inner == "serialized_exported_program.json";
  traits.keras |= name == "model.weights.h5";
}

ArchiveTraits read_directory(std::string_view bytes) {
  ArchiveTraits traits;
  const size_t end = bytes.rfind("PK\x05\x06"sv);
  if (end == std::string_view::npos || bytes.size() - end < 22) return traits;
  constexpr int kMostEntries = 4096;  // enough to tell
  size_t at = little_endian<uint32_t>(bytes, end + 16);
  for (int i = 0; i < kMostEntries && at < end && bytes.size() - at >= 46; ++i) {
    if (bytes.substr(at, 4) != "PK\x01\x02"sv) break;
    const size_t name = little_endian<uint16_t>(bytes, at + 28);
    const size_t extra = little_endian<uint16_t>(bytes, at + 30);
    const size_t comment = little_endian<uint16_t>(bytes, at + 32);
    note_entry(bytes.substr(at + 46, name), traits);
    at += 46 + name + extra + comment;
  }
  return traits;
}

Format recognise_archive(std::string_view bytes) {
  const ArchiveTraits traits = read_directory(bytes);
  if (traits.exported) return Format::kTorchExport;
  if (traits.code) return Format::kTorchScript;
  if (traits.keras) return Format::kKeras;
  if (!traits.pickle) return Format::kUnknown;
  // The pickle of a checkpoint is stored as it is, near the beginning.
  const bool lightning = bytes.find("pytorch-lightning_version"sv) != std::string_view::npos;
  return lightning ? Format::kLightning : Format::kTorchState;
}

// --- protobuf messages -----------------------------------------------------------------------------------------------

// Which fields the outermost message has, and in which wire type. Stops quietly where the bytes make no sense, so that
// a truncated file is still known for what it is.
struct MessageShape {
  std::array<int, 32> varints{}, blobs{};
  bool damaged = false;
};

MessageShape shape_of(std::string_view bytes) {
  MessageShape shape;
  constexpr int kMostFields = 64;
  try {
    protozero::pbf_reader field(bytes.data(), bytes.size());
    for (int i = 0; i < kMostFields && field.next(); ++i) {
      const uint32_t tag = field.tag();
      const bool blob = field.wire_type() == protozero::pbf_wire_type::length_delimited;
      const bool varint = field.wire_type() == protozero::pbf_wire_type::varint;
      if (tag >= shape.blobs.size() || (!blob && !varint)) {
        shape.damaged = true;
        break;
      }
      ++(blob ? shape.blobs : shape.varints)[tag];
      field.skip();
    }
  } catch (const protozero::exception&) {
    shape.damaged = true;
  }
  return shape;
}

// ONNX's ModelProto: 1 is ir_version, 7 the graph, 8 the op sets. TensorFlow's GraphDef: 1 the nodes, 4 the versions;
// SavedModel: 1 its version, 2 the meta graphs.
Format recognise_message(std::string_view bytes) {
  const MessageShape shape = shape_of(bytes);
  // MetaGraphDef: 1 about it, 2 the graph, 3 how to save it.
  if (shape.blobs[1] == 1 && shape.blobs[2] == 1 && shape.blobs[3] == 1) return Format::kMetaGraph;
  if (shape.blobs[1] > 0 && shape.varints[1] == 0 && shape.blobs[7] == 0) {
    return shape.damaged && shape.blobs[1] < 2 ? Format::kUnknown : Format::kGraphDef;
  }
  if (shape.blobs[7] > 0 || shape.blobs[8] > 0) return Format::kOnnx;
  if (shape.varints[1] == 1 && shape.blobs[2] > 0) {
    // Truncated ONNX files have a producer's name there; meta graphs are messages.
    return shape.damaged || shape.blobs[3] > 0 ? Format::kOnnx : Format::kSavedModel;
  }
  return shape.varints[1] == 1 ? Format::kOnnx : Format::kUnknown;
}

Format recognise_bytes(std::string_view bytes) {
  if (bytes.size() >= 8 && bytes.substr(4, 4) == "TFL3") return Format::kTfLite;
  if (bytes.size() >= 8 && bytes.substr(4, 4) == "ORTM") return Format::kOrt;
  if (bytes.starts_with("PK\x03\x04"sv)) return recognise_archive(bytes);
  switch (tensorflow::text_root(bytes)) {
    case tensorflow::TextRoot::kGraphDef: return Format::kGraphDef;
    case tensorflow::TextRoot::kMetaGraphDef: return Format::kMetaGraph;
    case tensorflow::TextRoot::kSavedModel: return Format::kSavedModel;
    case tensorflow::TextRoot::kNone: break;
  }
  if (bytes.starts_with("\x89HDF\r\n"sv)) return Format::kHdf5;
  if (is_safetensors(bytes)) return Format::kSafetensors;
  if (is_table(bytes)) return Format::kTfCheckpoint;
  if (bytes.size() >= 2 && bytes[0] == '\x80' && bytes[1] >= 2 && bytes[1] <= 5) return Format::kTorchLegacy;
  return recognise_message(bytes);
}

// The file of a folder that says what the model is: of a SavedModel, or the MetaGraph of a checkpoint. Empty: neither.
std::string main_file(const std::string& folder) {
  std::error_code error;
  for (const auto* name : {"saved_model.pb", "saved_model.pbtxt", "saved_model.cpb"}) {
    const auto path = std::filesystem::path(folder) / name;
    if (std::filesystem::exists(path, error)) return path;
  }
  std::string found;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (entry.path().extension() == ".meta" && (found.empty() || entry.path().string() > found)) found = entry.path();
  }
  return found;
}

bool is_folder(const std::string& path) {
  std::error_code error;
  return std::filesystem::is_directory(path, error);
}

Error not_a_model(const std::string& path, size_t size) {
  return invalid_model(size == 0 ? "the file is empty" : "this is no model file thane knows")
      .at(path)
      .expecting("an ONNX model");
}

}  // namespace

std::string_view format_name(Format format) {
  switch (format) {
    case Format::kUnknown: return "unknown";
    case Format::kOnnx: return "ONNX";
    case Format::kOrt: return "ONNX Runtime (.ort)";
    case Format::kTfLite: return "TensorFlow Lite";
    case Format::kSavedModel: return "TensorFlow SavedModel";
    case Format::kGraphDef: return "TensorFlow GraphDef";
    case Format::kMetaGraph: return "TensorFlow MetaGraph";
    case Format::kTfCheckpoint: return "TensorFlow checkpoint";
    case Format::kTorchScript: return "TorchScript";
    case Format::kTorchExport: return "torch.export (.pt2)";
    case Format::kTorchState: return "PyTorch checkpoint";
    case Format::kTorchLegacy: return "PyTorch checkpoint (bare pickle)";
    case Format::kLightning: return "Lightning checkpoint";
    case Format::kSafetensors: return "safetensors";
    case Format::kKeras: return "Keras";
    case Format::kHdf5: return "HDF5";
  }
  return "unknown";
}

Result<Format> recognise(const std::string& path) {
  if (is_folder(path)) {
    const std::string file = main_file(path);
    if (file.empty()) return Format::kUnknown;
    return file.ends_with(".meta") ? Format::kMetaGraph : Format::kSavedModel;
  }
  THANE_ASSIGN(const auto file, MappedFile::open(path));
  return recognise_bytes(text_of(*file));
}

Result<Model> load_model(const std::string& path, const ReadOptions& options) {
  if (is_folder(path)) {
    const std::string inner = main_file(path);
    if (inner.ends_with(".cpb")) {
      return unsupported("SavedModels split into chunks (saved_model.cpb) cannot be read yet").at(path);
    }
    if (inner.empty()) return invalid_model("a folder without a saved_model.pb").at(path).expecting("a model file");
    return load_model(inner, options);
  }
  THANE_ASSIGN(auto file, MappedFile::open(path));
  const Format format = recognise_bytes(text_of(*file));
  switch (format) {
    case Format::kOnnx: return read_onnx(std::move(file), options);
    case Format::kTfLite: return read_tflite(std::move(file), options);
    case Format::kSavedModel: return read_saved_model(std::move(file), options);
    case Format::kGraphDef: return read_graph_def(std::move(file), options);
    case Format::kMetaGraph: return read_tf1_checkpoint(std::move(file), options);
    case Format::kTorchExport: return read_torch_export(std::move(file), options);
    case Format::kTorchScript: return read_torchscript(std::move(file), options);
    case Format::kKeras:
      return unsupported("a .keras file holds the layers of a Keras program and their weights, but no graph")
          .at(path)
          .hinting("load it with Keras and write a SavedModel: model.export('folder')");
    case Format::kUnknown: return not_a_model(path, file->bytes().size());
    case Format::kTorchState:
    case Format::kTorchLegacy:
    case Format::kLightning:
    case Format::kSafetensors:
      return unsupported(thane::format("a {} file holds weights but no graph", format_name(format)))
          .at(path)
          .hinting("thane run MODEL --weights FILE binds them onto a model; thane inspect lists them");
    default: return unsupported(thane::format("{} files cannot be read yet", format_name(format))).at(path);
  }
}

}  // namespace thane
