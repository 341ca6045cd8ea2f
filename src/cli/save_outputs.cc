#include "cli/save_outputs.h"

#include <set>

#include "api/io/npy.h"
#include "api/io/write_file.h"
#include "base/format.h"
#include "cli/json.h"
#include "formats/onnx/value.h"

namespace thane::cli {
namespace {

class Saver {
 public:
  Saver(const std::string& folder, bool as_pb) : folder_(folder), as_pb_(as_pb) {}

  Status save(const std::string& name, const Value& value) {
    json.begin_object().field("name", name);
    THANE_TRY(as_pb_ ? message(name, value) : arrays(name, value));
    json.end_object();
    return ok();
  }

  Json json;

 private:
  // A name nobody has yet; case does not count, for file systems that ignore it.
  std::string fresh_file(const std::string& stem, std::string_view extension) {
    const std::string plain = file_name_of(stem);
    std::string name = plain;
    const auto lower = [](std::string text) {
      for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
      return text;
    };
    for (int i = 2; !taken_.insert(lower(name)).second; ++i) name = format("{}_{}", plain, i);
    return name + std::string(extension);
  }

  Status write(const std::string& file, std::string_view bytes) {
    json.field("file", file);
    return write_file(folder_ + "/" + file, bytes);
  }

  void describe(const Tensor& tensor) { json.field("dtype", dtype_name(tensor.dtype())).field("shape", tensor.dims()); }

  Status message(const std::string& name, const Value& value) {
    THANE_ASSIGN(const std::string bytes, write_onnx_value(value, name));
    THANE_TRY(write(fresh_file(name, ".pb"), bytes));
    if (value.is_tensor())
      describe(value.tensor());
    else
      json.field("kind", value.is_sequence() ? "sequence" : value.is_map() ? "map" : "none");
    return ok();
  }

  Status array(const std::string& stem, const Tensor& tensor) {
    auto bytes = write_npy(tensor);
    if (!bytes.ok()) return std::move(bytes).error().at(format("output '{}'", stem));
    THANE_TRY(write(fresh_file(stem, ".npy"), *bytes));
    describe(tensor);
    if (tensor.dtype() != DType::kString) return ok();
    std::vector<size_t> lengths;
    for (const std::string& text : tensor.span<std::string>()) lengths.push_back(text.size());
    json.field("lengths", lengths);
    return ok();
  }

  Status arrays(const std::string& stem, const Value& value) {
    if (value.is_tensor()) return array(stem, value.tensor());
    if (value.is_sequence()) {
      json.field("kind", "sequence").key("items").begin_array();
      for (size_t i = 0; i < value.sequence().items.size(); ++i) {
        json.begin_object();
        THANE_TRY(arrays(format("{}_{}", stem, i), value.sequence().items[i]));
        json.end_object();
      }
      json.end_array();
      return ok();
    }
    if (value.empty()) {
      json.field("kind", "none");
      return ok();
    }
    json.field("kind", "map").key("keys").begin_object();
    THANE_TRY(array(stem + "_keys", value.map().keys));
    json.end_object().key("values").begin_object();
    THANE_TRY(array(stem + "_values", value.map().values));
    json.end_object();
    return ok();
  }

  const std::string& folder_;
  bool as_pb_;
  std::set<std::string> taken_;
};

}  // namespace

Status save_outputs(const std::string& folder, std::span<const std::string> names, std::span<const Value> values,
                    bool as_pb) {
  THANE_TRY(make_folder(folder));
  Saver saver(folder, as_pb);
  saver.json.begin_object().key("outputs").begin_array();
  for (size_t i = 0; i < values.size(); ++i) THANE_TRY(saver.save(names[i], values[i]));
  saver.json.end_array().end_object();
  return write_file(folder + "/outputs.json", saver.json.text());
}

}  // namespace thane::cli
