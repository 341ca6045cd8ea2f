#include "formats/safetensors/safetensors.h"

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>

#include "base/checked.h"
#include "base/format.h"

namespace thane {
namespace {

constexpr uint64_t kMostHeaderBytes = 100'000'000;
constexpr size_t kLengthBytes = 8;

Error broken(std::string what) { return invalid_model("broken safetensors file: " + std::move(what)); }

struct TypeName {
  std::string_view name;
  DType dtype;
  std::string_view torch;
};
constexpr TypeName kTypes[] = {
    {"BOOL", DType::kBool, "bool"},
    {"U8", DType::kUInt8, "uint8"},
    {"I8", DType::kInt8, "int8"},
    {"I16", DType::kInt16, "int16"},
    {"U16", DType::kUInt16, "uint16"},
    {"F16", DType::kFloat16, "float16"},
    {"BF16", DType::kBFloat16, "bfloat16"},
    {"I32", DType::kInt32, "int32"},
    {"U32", DType::kUInt32, "uint32"},
    {"F32", DType::kFloat32, "float32"},
    {"F64", DType::kFloat64, "float64"},
    {"I64", DType::kInt64, "int64"},
    {"U64", DType::kUInt64, "uint64"},
    {"C64", DType::kComplex64, "complex64"},
    {"F8_E5M2", DType::kFloat8E5M2, "float8_e5m2"},
    {"F8_E4M3", DType::kFloat8E4M3FN, "float8_e4m3fn"},
    {"F8_E8M0", DType::kFloat8E8M0, "float8_e8m0fnu"},
};

// What the header says of one name.
struct Entry {
  std::string name, dtype;
  std::vector<int64_t> shape, offsets;
  int fields = 0;
};

// Takes the header in as it is parsed: two levels of objects, arrays of numbers. Anything else is refused at once, so
// depth and memory stay bounded by the bytes. A key that occurs twice would mean different things to different readers.
class HeaderReader : public nlohmann::json_sax<nlohmann::json> {
 public:
  std::vector<Entry> entries;
  std::vector<std::pair<std::string, std::string>> metadata;
  std::string problem;

  bool null() override { return refuse("null"); }
  bool boolean(bool) override { return refuse("a boolean"); }
  bool number_integer(number_integer_t) override { return refuse("a negative number"); }
  bool number_float(number_float_t, const string_t&) override { return refuse("a fraction"); }
  bool binary(binary_t&) override { return refuse("binary data"); }
  bool number_unsigned(number_unsigned_t number) override {
    if (!numbers_ || number > INT64_MAX) return refuse("a number");
    numbers_->push_back(static_cast<int64_t>(number));
    return true;
  }
  bool string(string_t& text) override {
    if (depth_ != 2 || numbers_) return refuse("a string");
    if (in_metadata_) return metadata.emplace_back(key_, text), true;
    if (key_ != "dtype") return refuse("a string");
    entries.back().dtype = text;
    return true;
  }
  bool start_object(size_t) override {
    if (depth_ == 2 || numbers_) return refuse("an object");
    if (++depth_ == 1) return true;
    in_metadata_ = key_ == "__metadata__";
    keys_.clear();
    if (!in_metadata_) entries.push_back({key_, "", {}, {}, 0});
    return true;
  }
  bool end_object() override { return --depth_, true; }
  bool key(string_t& text) override {
    key_ = text;
    if (!(depth_ == 1 ? names_ : keys_).insert(text).second) return problem = "'" + text + "' stands twice", false;
    if (depth_ == 2 && !in_metadata_) ++entries.back().fields;
    return true;
  }
  bool start_array(size_t) override {
    if (depth_ != 2 || in_metadata_ || numbers_) return refuse("an array");
    if (key_ == "shape") numbers_ = &entries.back().shape;
    if (key_ == "data_offsets") numbers_ = &entries.back().offsets;
    return numbers_ ? true : refuse("an array");
  }
  bool end_array() override { return numbers_ = nullptr, true; }
  bool parse_error(size_t at, const std::string&, const nlohmann::detail::exception&) override {
    return problem = format("its header is no JSON (byte {})", at), false;
  }

 private:
  bool refuse(std::string_view what) {
    problem = format("{} in the header, at '{}'", what, key_);
    return false;
  }

  int depth_ = 0;
  bool in_metadata_ = false;
  std::string key_;
  std::set<std::string> names_, keys_;
  std::vector<int64_t>* numbers_ = nullptr;
};

Result<CheckpointTensor> tensor_of(const Entry& entry, const std::shared_ptr<const MappedFile>& file, size_t data_at) {
  const auto* type = std::find_if(std::begin(kTypes), std::end(kTypes), [&](auto& t) { return t.name == entry.dtype; });
  if (type == std::end(kTypes)) return unsupported(format("elements of type '{}'", entry.dtype));
  if (entry.fields != 3 || entry.offsets.size() != 2) {
    return broken("an entry without dtype, shape and two data_offsets, or with more");
  }
  const auto count = checked_product(entry.shape);
  const auto bytes = count ? byte_count(type->dtype, *count) : std::nullopt;
  const auto begin = static_cast<uint64_t>(entry.offsets[0]), end = static_cast<uint64_t>(entry.offsets[1]);
  if (!bytes || begin > end || end - begin != *bytes) {
    return broken(format("shape {} of {} does not need the {} bytes from {} to {}", to_string(entry.shape), entry.dtype,
                         static_cast<int64_t>(end - begin), begin, end));
  }
  if (end > file->bytes().size() - data_at) return broken("the data end early");
  auto storage = std::make_shared<Storage>();
  storage->type = entry.dtype;
  storage->dtype = type->dtype;
  storage->element_bytes = dtype_size(type->dtype);
  storage->count = *count;
  storage->bytes = map_buffer(file, data_at + begin, *bytes);
  CheckpointTensor tensor{{{entry.name}}, entry.name, {}};
  tensor.tensor.storage = std::move(storage);
  tensor.tensor.dtype = type->dtype;
  tensor.tensor.type_name = type->torch;
  tensor.tensor.shape = entry.shape;
  tensor.tensor.strides = row_major_strides(entry.shape);
  return tensor;
}

// Sorted by place, each entry starts where the one before ends.
Status check_layout(const std::vector<Entry>& entries, uint64_t data_bytes) {
  std::vector<const Entry*> order;
  for (const Entry& entry : entries) order.push_back(&entry);
  std::sort(order.begin(), order.end(), [](auto* a, auto* b) { return a->offsets < b->offsets; });
  uint64_t end = 0;
  for (const Entry* entry : order) {
    const auto begin = static_cast<uint64_t>(entry->offsets[0]);
    if (begin != end) {
      return broken(format("{} before '{}'", begin < end ? "tensors overlap" : "a hole in the data", entry->name));
    }
    end = static_cast<uint64_t>(entry->offsets[1]);
  }
  if (end != data_bytes) return broken(format("{} bytes of data that belong to no tensor", data_bytes - end));
  return ok();
}

}  // namespace

bool is_safetensors(std::string_view bytes) {
  if (bytes.size() < kLengthBytes + 2 || bytes[kLengthBytes] != '{') return false;
  uint64_t length = 0;
  std::memcpy(&length, bytes.data(), sizeof length);
  return length <= kMostHeaderBytes && length <= bytes.size() - kLengthBytes;
}

Result<Checkpoint> read_safetensors(std::shared_ptr<const MappedFile> file) {
  const auto bytes = file->bytes();
  uint64_t length = 0;
  if (bytes.size() < kLengthBytes) return broken("too short");
  std::memcpy(&length, bytes.data(), sizeof length);
  if (length > kMostHeaderBytes || length > bytes.size() - kLengthBytes) {
    return broken(format("a header of {} bytes in a file of {}", length, bytes.size()));
  }
  const auto* begin = reinterpret_cast<const char*>(bytes.data()) + kLengthBytes;
  HeaderReader header;
  if (!nlohmann::json::sax_parse(begin, begin + length, &header)) return broken(header.problem);

  Checkpoint checkpoint;
  checkpoint.format = checkpoint.container = "safetensors";
  checkpoint.metadata = std::move(header.metadata);
  const size_t data_at = kLengthBytes + length;
  for (const Entry& entry : header.entries) {
    auto tensor = tensor_of(entry, file, data_at);
    if (!tensor.ok()) return std::move(tensor).error().at(entry.name);
    checkpoint.tensors.push_back(std::move(*tensor));
  }
  THANE_TRY(check_layout(header.entries, bytes.size() - data_at));
  return checkpoint;
}

}  // namespace thane
