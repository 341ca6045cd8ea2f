#include "cli/file_input.h"

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "api/convert.h"
#include "api/io/npy.h"
#include "api/io/npz.h"
#include "base/format.h"
#include "cli/media_input.h"
#include "cli/options.h"
#include "cli/terminal.h"
#include "cli/text.h"
#include "formats/onnx/value.h"

namespace thane::cli {
namespace {

std::string extension_of(const std::string& path) {
  std::string extension = std::filesystem::path(path).extension().string();
  std::ranges::transform(extension, extension.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  return extension;
}

Wanted wanted_of(const Type& declared) {
  const Type& type = declared.kind == TypeKind::kOptional && declared.element ? *declared.element : declared;
  Wanted wanted{type.dtype, std::nullopt};
  if (!type.is_tensor() || !type.dims) return wanted;
  wanted.dims.emplace();
  for (const Dim& dim : *type.dims) wanted.dims->push_back(dim.is_number() ? dim.number() : -1);
  return wanted;
}

using Reader = Result<Value> (*)(std::shared_ptr<const MappedFile> file, const Target& target,
                                 const Arguments& options);

Result<Value> array(std::shared_ptr<const MappedFile> file, const Target&, const Arguments&) {
  THANE_ASSIGN(Tensor tensor, read_npy(std::move(file)));
  return Value(std::move(tensor));
}

Result<Value> only_array(std::shared_ptr<const MappedFile> file, const Target& target, const Arguments&) {
  THANE_ASSIGN(auto arrays, read_npz(std::move(file)));
  for (auto& [name, tensor] : arrays) {
    if (name == target.name || arrays.size() == 1) return Value(std::move(tensor));
  }
  return invalid_argument(format("{} arrays, none named '{}'", arrays.size(), target.name)).expecting("one array");
}

Result<Value> message(std::shared_ptr<const MappedFile> file, const Target& target, const Arguments&) {
  const std::string path = file->path();
  auto value = read_onnx_value(std::move(file), target.type);
  if (!value.ok()) {
    auto error = std::move(value).error();
    error.code = ErrorCode::kInvalidArgument;  // it is the input that is broken, not the model
    return error.where.find(path) == std::string::npos ? std::move(error).at(path) : std::move(error);
  }
  return value;
}

Result<Value> picture(std::shared_ptr<const MappedFile> file, const Target& target, const Arguments& options) {
  Wanted wanted = wanted_of(target.type);
  wanted.hint = target.hint;
  auto tensor = picture_tensor(*file, wanted, options);
  if (!tensor.ok()) return std::move(tensor).error();
  return Value(std::move(*tensor));
}

Result<Value> sound(std::shared_ptr<const MappedFile> file, const Target& target, const Arguments& options) {
  THANE_ASSIGN(SoundTensor sound, sound_tensor(*file, wanted_of(target.type), options));
  if (sound.left_out > 0) {
    note(options,
         format("{}: the last {} samples do not fit the input's shape and are left out", file->path(), sound.left_out));
  }
  return Value(std::move(sound.tensor));
}

Result<Value> lines(std::shared_ptr<const MappedFile> file, const Target& target, const Arguments&) {
  std::string_view text(reinterpret_cast<const char*>(file->bytes().data()), file->bytes().size());
  if (text.ends_with('\n')) text.remove_suffix(1);
  const auto parts = split(text, '\n');
  const Wanted wanted = wanted_of(target.type);
  Dims dims{static_cast<int64_t>(parts.size())};
  if (wanted.dims && wanted.dims->size() != 1) {  // one string for [], [1, 1], …; lines along the first axis else
    dims.assign(wanted.dims->size(), 1);
    if (!dims.empty()) dims[0] = static_cast<int64_t>(parts.size());
    if (dims.empty() && parts.size() != 1) return invalid_argument(format("{} lines", parts.size())).expecting("one");
  }
  THANE_ASSIGN(Tensor tensor, Tensor::allocate(DType::kString, dims));
  for (size_t i = 0; i < parts.size(); ++i) tensor.data<std::string>()[i] = parts[i];
  return Value(std::move(tensor));
}

struct ReaderRow {
  std::string_view extension;
  Reader read;
};
constexpr ReaderRow kReaders[] = {{".npy", array},   {".npz", only_array}, {".pb", message},  {".png", picture},
                                  {".jpg", picture}, {".jpeg", picture},   {".bmp", picture}, {".webp", picture},
                                  {".jp2", picture}, {".wav", sound},      {".txt", lines}};

}  // namespace

bool is_archive(const std::string& path) { return extension_of(path) == ".npz"; }

Result<Value> read_input_file(const std::string& path, const Target& target, const Arguments& options) {
  const auto row = std::ranges::find(kReaders, extension_of(path), &ReaderRow::extension);
  if (row == std::end(kReaders)) {
    return invalid_argument("not a kind of file thane reads inputs from")
        .at(path)
        .expecting(".npy, .npz, .pb, .png, .jpg, .webp, .jp2, .bmp, .wav or .txt");
  }
  THANE_ASSIGN(auto file, MappedFile::open(path));
  return row->read(std::move(file), target, options);
}

Result<Value> with_dtype_of(const Target& target, Value value, const Arguments& options) {
  const Type& type =
      target.type.kind == TypeKind::kOptional && target.type.element ? *target.type.element : target.type;
  if (!value.is_tensor() || !type.is_tensor() || type.dtype == DType::kUndefined) return value;
  if (value.tensor().dtype() == type.dtype) return value;
  const Tensor same_bits = reinterpreted(value.tensor(), type.dtype);
  if (same_bits.dtype() == type.dtype) return Value(same_bits);
  if (!options.has(kCast)) {
    return invalid_argument(format("got {}", value.type().to_string()))
        .expecting(type.to_string())
        .hinting(
            format("--cast converts, or convert it yourself, for example with x.astype('{}')", dtype_name(type.dtype)));
  }
  THANE_ASSIGN(Tensor converted, converted_exactly(value.tensor(), type.dtype));
  return Value(std::move(converted));
}

}  // namespace thane::cli
