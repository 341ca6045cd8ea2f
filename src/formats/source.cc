#include "formats/source.h"

#include <cstring>

#include "base/format.h"

namespace thane {
namespace {

constexpr int64_t kClaimableBytes = int64_t{48} << 20;

std::string folder_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string_view view_of(const MappedFile& file) {
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

// Where `bytes` begin within `file`, or npos.
size_t offset_in(const MappedFile& file, std::string_view bytes) {
  const std::string_view all = view_of(file);
  if (bytes.data() < all.data() || bytes.data() + bytes.size() > all.data() + all.size()) return std::string_view::npos;
  return static_cast<size_t>(bytes.data() - all.data());
}

}  // namespace

Source::Source(std::shared_ptr<const MappedFile> file, const ReadOptions& options)
    : file_(std::move(file)),
      folder_(folder_of(file_->path())),
      companions_allowed_(options.companions),
      weight_(options.weight),
      claimable_bytes_(kClaimableBytes + static_cast<int64_t>(file_->bytes().size())) {}

std::string_view Source::bytes() const { return view_of(*file_); }

Result<std::shared_ptr<Buffer>> Source::share(std::string_view bytes) const {
  if (const size_t offset = offset_in(*file_, bytes); offset != std::string_view::npos) {
    return map_buffer(file_, offset, bytes.size());
  }
  for (const auto& [name, file] : companions_) {
    if (const size_t offset = offset_in(*file, bytes); offset != std::string_view::npos) {
      return map_buffer(file, offset, bytes.size());
    }
  }
  // Bytes that an importer made up.
  THANE_ASSIGN(auto copy, allocate_buffer(bytes.size()));
  if (!bytes.empty()) std::memcpy(copy->data(), bytes.data(), bytes.size());
  return copy;
}

Result<std::string_view> Source::companion(std::string_view relative_path) {
  if (const auto found = companions_.find(relative_path); found != companions_.end()) return view_of(*found->second);
  const std::string name(relative_path);
  if (!companions_allowed_) {
    return unsupported(format("the model keeps data in '{}', and other files may not be opened", name));
  }
  constexpr size_t kMostCompanions = 1024;  // each holds a mapping
  if (companions_.size() >= kMostCompanions) return resource_limit("the model names more than 1024 other files");
  auto file = MappedFile::open_beneath(folder_, name);
  if (!file.ok()) return std::move(file).error().at("external data");
  return view_of(*companions_.emplace(name, std::move(*file)).first->second);
}

Result<Tensor> Source::weight(std::string_view name, Tensor own) const {
  if (!weight_) return own;
  THANE_ASSIGN(Tensor other, weight_(name, own));
  if (other.dtype() != own.dtype() || other.dims() != own.dims()) {
    return invalid_argument(format("{}{} for weight '{}'", dtype_name(other.dtype()), to_string(other.dims()), name))
        .expecting(format("{}{}", dtype_name(own.dtype()), to_string(own.dims())));
  }
  return other;
}

Status Source::claim(int64_t bytes) {
  if (bytes < 0 || bytes > claimable_bytes_) {
    return resource_limit("the model asks for far more memory than its size explains");
  }
  claimable_bytes_ -= bytes;
  return ok();
}

}  // namespace thane
