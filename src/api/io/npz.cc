#include "api/io/npz.h"

#include "api/io/npy.h"
#include "formats/containers/zip.h"

namespace thane {
namespace {

// Real arrays seldom deflate better than 16:1; big ones that do (zeros) are the price for refusing bombs.
constexpr uint64_t kFreeBytes = uint64_t{64} << 20, kMostRatio = 16;

Result<std::vector<std::pair<std::string, Tensor>>> read_members(std::shared_ptr<const MappedFile> file) {
  THANE_ASSIGN(const ZipArchive archive, ZipArchive::open(file));
  uint64_t budget = kFreeBytes + kMostRatio * file->bytes().size();
  std::vector<std::pair<std::string, Tensor>> arrays;
  for (const ZipArchive::Member& member : archive.members()) {
    auto buffer = archive.read(member, budget);
    if (!buffer.ok()) return std::move(buffer).error();
    if (!member.stored()) budget -= member.bytes;
    const auto& held = *buffer;
    auto tensor = read_npy({held->data(), held->size_bytes()}, held);
    if (!tensor.ok()) return std::move(tensor).error().at(member.name);
    std::string name = member.name;
    if (name.ends_with(".npy")) name.resize(name.size() - 4);
    arrays.emplace_back(std::move(name), std::move(*tensor));
  }
  if (arrays.empty()) return invalid_argument("an archive without arrays");
  return arrays;
}

}  // namespace

Result<std::vector<std::pair<std::string, Tensor>>> read_npz(std::shared_ptr<const MappedFile> file) {
  const std::string path = file->path();
  auto arrays = read_members(std::move(file));
  if (!arrays.ok()) return std::move(arrays).error().at(path);
  return arrays;
}

}  // namespace thane
