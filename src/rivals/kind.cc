#include "rivals/kind.h"

#include <algorithm>
#include <filesystem>
#include <iterator>

#include "base/file.h"
#include "base/format.h"

namespace thane::rivals {
namespace {

// The kind of a zip archive, by the names in its directory, which stands at the end of the file.
std::string_view archive_kind(std::string_view bytes) {
  constexpr size_t kTail = size_t{4} << 20;
  const std::string_view tail = bytes.substr(bytes.size() - std::min(bytes.size(), kTail));
  const auto has = [&](std::string_view name) { return tail.find(name) != std::string_view::npos; };
  if (has("archive_format") || has("serialized_exported_program.json") || has("models/model.json")) return "pt2";
  if (has("/constants.pkl")) return "torchscript";
  if (has("metadata.json") && has("config.json")) return "keras";
  if (has("/data.pkl")) return "ckpt";
  return "";
}

}  // namespace

Result<std::string_view> model_kind(const std::string& path) {
  std::error_code error;
  if (std::filesystem::is_directory(path, error)) {
    const bool saved = std::filesystem::exists(std::filesystem::path(path) / "saved_model.pb", error);
    return std::string_view(saved ? "saved_model" : "");
  }
  THANE_ASSIGN(const auto file, MappedFile::open(path));
  const std::string_view bytes(reinterpret_cast<const char*>(file->bytes().data()), file->bytes().size());
  if (bytes.substr(4, 4) == "TFL3") return std::string_view("tflite");
  if (bytes.starts_with("PK")) return archive_kind(bytes);
  if (bytes.starts_with("\x89HDF")) return std::string_view("keras");
  const std::string extension = std::filesystem::path(path).extension().string();
  if (extension == ".pb") return std::string_view("graphdef");
  if (extension == ".onnx") return std::string_view("onnx");
  // An ONNX model without its extension: field 1 (ir_version), a small varint.
  if (bytes.size() > 4 && bytes[0] == 0x08 && bytes[1] > 0 && bytes[1] < 32) return std::string_view("onnx");
  return std::string_view("");
}

int64_t model_bytes(const std::string& path) {
  std::error_code error;
  if (!std::filesystem::is_directory(path, error)) {
    const auto size = std::filesystem::file_size(path, error);
    return error ? 0 : static_cast<int64_t>(size);
  }
  int64_t total = 0;
  for (auto entry = std::filesystem::recursive_directory_iterator(
           path, std::filesystem::directory_options::skip_permission_denied, error);
       entry != std::filesystem::recursive_directory_iterator(); entry.increment(error)) {
    if (error) break;
    std::error_code ignored;
    if (entry->is_regular_file(ignored) && !entry->is_symlink(ignored))
      total += static_cast<int64_t>(entry->file_size(ignored));
  }
  return total;
}

}  // namespace thane::rivals
