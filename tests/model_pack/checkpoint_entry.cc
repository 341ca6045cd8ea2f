#include "checkpoint_entry.h"

#include <fstream>

#include "base/format.h"
#include "base/sha256.h"
#include "formats/checkpoint/checkpoint.h"
#include "formats/recognise.h"

namespace thane {
namespace {

using Json = nlohmann::json;

bool same_path(const CheckpointPath& ours, const Json& theirs) {
  if (ours.size() != theirs.size()) return false;
  for (size_t i = 0; i < ours.size(); ++i) {
    const std::string text = theirs[i].is_string() ? theirs[i].get<std::string>() : theirs[i].dump();
    if (ours[i].text != text) return false;
  }
  return true;
}

std::string judge_tensor(const CheckpointTensor& ours, const Json& theirs) {
  const StridedTensor& tensor = ours.tensor;
  if (tensor.type_name != theirs.at("dtype").get<std::string>()) return "dtype " + tensor.type_name;
  if (tensor.shape != theirs.at("shape").get<Dims>()) return "shape " + to_string(tensor.shape);
  if (theirs.contains("strides") && tensor.strides != theirs.at("strides").get<Dims>())
    return "strides " + to_string(tensor.strides);
  if (theirs.contains("storage_offset") && tensor.offset != theirs.at("storage_offset").get<int64_t>())
    return format("offset {}", tensor.offset);
  const auto dense = tensor.dense();
  if (!dense.ok()) return dense.error().to_string();
  const std::span<const std::byte> bytes(static_cast<const std::byte*>(dense->raw()), dense->size_bytes());
  return sha256_hex(bytes) == theirs.at("sha256").get<std::string>() ? "" : "other elements";
}

bool same_scalar(const PickleValue& ours, const Json& theirs) {
  const std::string type = theirs.at("type");
  const Json value = theirs.at("value");
  using Kind = PickleValue::Kind;
  if (type == "NoneType") return ours.is(Kind::kNone);
  if (type == "bool") return ours.is(Kind::kBool) && (ours.integer != 0) == value.get<bool>();
  if (type == "int") return ours.is(Kind::kInt) && ours.integer == value.get<int64_t>();
  if (type == "float") return ours.is(Kind::kFloat) && ours.real == value.get<double>();
  return type == "str" && ours.is(Kind::kString) && ours.text == value.get<std::string>();
}

std::string compare(const Checkpoint& checkpoint, const Json& expected) {
  std::vector<const CheckpointTensor*> ours;  // NumPy arrays are not listed there
  std::map<size_t, size_t> position;          // in checkpoint.tensors → among the torch tensors
  for (size_t i = 0; i < checkpoint.tensors.size(); ++i) {
    if (checkpoint.tensors[i].numpy) continue;
    position[i] = ours.size();
    ours.push_back(&checkpoint.tensors[i]);
  }
  const Json& tensors = expected.at("tensors");
  if (ours.size() != tensors.size()) return format("{} tensors, expected {}", ours.size(), tensors.size());
  for (size_t i = 0; i < ours.size(); ++i) {
    const std::string place = path_text(ours[i]->path);
    if (!same_path(ours[i]->path, tensors[i].at("path")))
      return "tensor " + place + " is not " + tensors[i].at("path").dump();
    if (const std::string reason = judge_tensor(*ours[i], tensors[i]); !reason.empty()) return place + ": " + reason;
  }
  for (const Json& scalar : expected.value("scalars", Json::array())) {
    const auto found = std::find_if(checkpoint.scalars.begin(), checkpoint.scalars.end(),
                                    [&](const CheckpointScalar& s) { return same_path(s.path, scalar.at("path")); });
    if (found == checkpoint.scalars.end() || !same_scalar(*found->value, scalar)) return "scalar " + scalar.dump();
  }
  if (expected.contains("shared_storage")) {
    Json groups = Json::array();
    for (const auto& group : checkpoint.shared_storage()) {
      Json listed = Json::array();
      for (const size_t i : group) {
        if (position.contains(i) && ours[position[i]]->tensor.size() > 0) listed.push_back(position[i]);
      }
      if (listed.size() > 1) groups.push_back(listed);
    }
    if (groups != expected.at("shared_storage"))
      return "shared storages " + groups.dump() + ", expected " + expected.at("shared_storage").dump();
  }
  return "";
}

}  // namespace

std::string judge_checkpoint(const Json& entry, const std::filesystem::path& folder) {
  const std::string path = folder / entry.at("path").get<std::string>();
  auto file = MappedFile::open(path);
  if (!file.ok()) return file.error().to_string();
  const auto checkpoint = read_checkpoint(std::move(*file));
  if (entry.value("expect", "") == "error") return checkpoint.ok() ? "a malformed checkpoint was accepted" : "";
  if (!checkpoint.ok()) return checkpoint.error().to_string();
  const auto format = recognise(path);
  if (!format.ok() || *format == Format::kUnknown) return "the format is not recognised";
  if ((entry.at("format") == "lightning") != (checkpoint->format == "Lightning checkpoint")) return checkpoint->format;
  std::ifstream in(folder / entry.at("tensors_file").get<std::string>());
  return compare(*checkpoint, Json::parse(in));
}

}  // namespace thane
