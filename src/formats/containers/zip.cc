#include "formats/containers/zip.h"

#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <limits>

#include "base/format.h"

namespace thane {
namespace {

constexpr size_t kEndBytes = 22, kEnd64Bytes = 56, kLocator64Bytes = 20, kEntryBytes = 46, kLocalBytes = 30;
constexpr uint32_t kEndMagic = 0x06054b50, kEnd64Magic = 0x06064b50, kLocator64Magic = 0x07064b50,
                   kEntryMagic = 0x02014b50, kLocalMagic = 0x04034b50;
constexpr uint16_t kEncrypted = 1 << 0, kSizesFollow = 1 << 3;  // flags
constexpr uint32_t kIn64 = 0xffffffff;                          // the real number stands in the zip64 record
// Deflate cannot do better than 1032:1: what declares more is a lie.
constexpr uint64_t kBestDeflateRatio = 1032;

using Bytes = std::span<const std::byte>;

template <class T>
T load(Bytes bytes, size_t offset) {  // the caller has checked the bounds
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

Error broken_zip(std::string what) { return invalid_argument("broken zip archive: " + std::move(what)); }

bool fits(Bytes file, uint64_t offset, uint64_t size) { return offset <= file.size() && size <= file.size() - offset; }

struct Directory {
  uint64_t offset, bytes, count;
};

Result<Directory> find_directory(Bytes file) {
  if (file.size() < kEndBytes) return broken_zip("too short");
  // The end record is followed by a comment of at most 65535 bytes.
  const size_t lowest = file.size() - std::min<size_t>(file.size(), kEndBytes + 0xffff);
  size_t end = file.size() - kEndBytes;
  while (load<uint32_t>(file, end) != kEndMagic) {
    if (end == lowest) return broken_zip("no end record; the file is cut off, or no zip archive");
    --end;
  }
  Directory directory{load<uint32_t>(file, end + 16), load<uint32_t>(file, end + 12), load<uint16_t>(file, end + 10)};
  const bool needs64 = directory.offset == kIn64 || directory.bytes == kIn64 || directory.count == 0xffff;
  if (needs64 && end >= kLocator64Bytes && load<uint32_t>(file, end - kLocator64Bytes) == kLocator64Magic) {
    const auto at = load<uint64_t>(file, end - kLocator64Bytes + 8);
    if (!fits(file, at, kEnd64Bytes) || load<uint32_t>(file, at) != kEnd64Magic)
      return broken_zip("bad zip64 end record");
    directory = {load<uint64_t>(file, at + 48), load<uint64_t>(file, at + 40), load<uint64_t>(file, at + 32)};
  }
  if (!fits(file, directory.offset, directory.bytes)) return broken_zip("the directory lies outside the file");
  if (directory.count > directory.bytes / kEntryBytes)
    return broken_zip("more members than the directory has room for");
  return directory;
}

// Sizes and offset too big for 32 bits, in the order in which the entry left them out.
Status read_zip64(Bytes extra, ZipArchive::Member& member) {
  while (extra.size() >= 4) {
    const auto id = load<uint16_t>(extra, 0), size = load<uint16_t>(extra, 2);
    if (size > extra.size() - 4) return broken_zip("bad extra field of '" + member.name + "'");
    Bytes field = extra.subspan(4, size);
    extra = extra.subspan(4 + size_t{size});
    if (id != 1) continue;
    for (uint64_t* number : {&member.bytes, &member.compressed_bytes, &member.header_offset}) {
      if (*number != kIn64) continue;
      if (field.size() < 8) return broken_zip("short zip64 field of '" + member.name + "'");
      *number = load<uint64_t>(field, 0);
      field = field.subspan(8);
    }
  }
  return ok();
}

Error disagreement(const ZipArchive::Member& member, std::string_view about) {
  return broken_zip(format("the directory and the local header of '{}' disagree about its {}", member.name, about));
}

// Finds where the data start, and holds the local header against the directory: readers that trust one and readers that
// trust the other must see the same members.
Status read_local_header(Bytes file, ZipArchive::Member& member, uint16_t flags) {
  const uint64_t at = member.header_offset;
  if (!fits(file, at, kLocalBytes) || load<uint32_t>(file, at) != kLocalMagic) {
    return broken_zip("no local header for '" + member.name + "'");
  }
  const size_t name = load<uint16_t>(file, at + 26), extra = load<uint16_t>(file, at + 28);
  if (!fits(file, at + kLocalBytes, name + extra)) return broken_zip("'" + member.name + "' reaches beyond the file");
  const auto* local_name = reinterpret_cast<const char*>(file.data()) + at + kLocalBytes;
  if (std::string_view(local_name, name) != member.name) return disagreement(member, "name");
  const auto local_flags = load<uint16_t>(file, at + 6);
  if ((local_flags ^ flags) & (kEncrypted | kSizesFollow)) return disagreement(member, "flags");
  if (load<uint16_t>(file, at + 8) != member.method) return disagreement(member, "compression");
  ZipArchive::Member local{
      .name = member.name, .compressed_bytes = load<uint32_t>(file, at + 18), .bytes = load<uint32_t>(file, at + 22)};
  THANE_TRY(read_zip64(file.subspan(at + kLocalBytes + name, extra), local));
  // Writers that stream leave the numbers out here and put them behind the data.
  const bool later = (flags & kSizesFollow) != 0;
  const auto agrees = [&](uint64_t here, uint64_t there) { return here == there || (later && here == 0); };
  if (!agrees(load<uint32_t>(file, at + 14), member.crc32)) return disagreement(member, "checksum");
  if (!agrees(local.compressed_bytes, member.compressed_bytes) || !agrees(local.bytes, member.bytes)) {
    return disagreement(member, "size");
  }
  member.data_offset = at + kLocalBytes + name + extra;
  if (!fits(file, member.data_offset, member.compressed_bytes)) {
    return broken_zip("'" + member.name + "' reaches beyond the file");
  }
  if (member.stored() && member.bytes != member.compressed_bytes) {
    return broken_zip("'" + member.name + "' declares two sizes");
  }
  return ok();
}

// No byte may serve two members, nor a member and the directory: that is how a small file is made to inflate without
// end.
Status check_overlaps(const std::vector<ZipArchive::Member>& members, const Directory& directory) {
  std::vector<const ZipArchive::Member*> order;
  for (const auto& member : members) order.push_back(&member);
  std::sort(order.begin(), order.end(), [](auto* a, auto* b) { return a->header_offset < b->header_offset; });
  uint64_t end = 0;
  for (const auto* member : order) {
    if (member->header_offset < end) return broken_zip("'" + member->name + "' overlaps another member");
    end = member->data_offset + member->compressed_bytes;
    if (member->header_offset < directory.offset + directory.bytes && end > directory.offset) {
      return broken_zip("'" + member->name + "' overlaps the directory");
    }
  }
  return ok();
}

Status verify_checksum(const ZipArchive::Member& member, const Buffer& buffer) {
  if (crc32_z(0, reinterpret_cast<const Bytef*>(buffer.data()), buffer.size_bytes()) == member.crc32) return ok();
  return broken_zip("the checksum of '" + member.name + "' is wrong; the file is damaged");
}

Status inflate_into(Bytes from, Buffer& to) {
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) return resource_limit("cannot start zlib");
  constexpr size_t kMost = std::numeric_limits<uInt>::max();
  size_t read = 0, written = 0;
  int result = Z_OK;
  while (result == Z_OK) {
    const size_t in = std::min(from.size() - read, kMost), out = std::min(to.size_bytes() - written, kMost);
    stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(from.data() + read));
    stream.next_out = reinterpret_cast<Bytef*>(to.data() + written);
    stream.avail_in = static_cast<uInt>(in);
    stream.avail_out = static_cast<uInt>(out);
    result = inflate(&stream, Z_NO_FLUSH);
    const size_t used = in - stream.avail_in, made = out - stream.avail_out;
    read += used;
    written += made;
    if (used == 0 && made == 0) break;
  }
  inflateEnd(&stream);
  if (result != Z_STREAM_END || written != to.size_bytes())
    return broken_zip("compressed data ends early or is damaged");
  return ok();
}

}  // namespace

Result<ZipArchive> ZipArchive::open(std::shared_ptr<const MappedFile> file) {
  const Bytes bytes = file->bytes();
  THANE_ASSIGN(const Directory directory, find_directory(bytes));
  ZipArchive archive;
  archive.file_ = file;
  Bytes rest = bytes.subspan(directory.offset, directory.bytes);
  for (uint64_t i = 0; i < directory.count; ++i) {
    if (rest.size() < kEntryBytes || load<uint32_t>(rest, 0) != kEntryMagic) return broken_zip("bad directory entry");
    const size_t name = load<uint16_t>(rest, 28), extra = load<uint16_t>(rest, 30), comment = load<uint16_t>(rest, 32);
    if (rest.size() - kEntryBytes < name + extra + comment) return broken_zip("bad directory entry");
    Member member;
    member.name.assign(reinterpret_cast<const char*>(rest.data()) + kEntryBytes, name);
    const auto flags = load<uint16_t>(rest, 8);
    if (flags & kEncrypted) return unsupported("'" + member.name + "' is encrypted");
    member.method = load<uint16_t>(rest, 10);
    member.crc32 = load<uint32_t>(rest, 16);
    member.compressed_bytes = load<uint32_t>(rest, 20);
    member.bytes = load<uint32_t>(rest, 24);
    member.header_offset = load<uint32_t>(rest, 42);
    THANE_TRY(read_zip64(rest.subspan(kEntryBytes + name, extra), member));
    THANE_TRY(read_local_header(bytes, member, flags));
    if (!archive.by_name_.emplace(member.name, archive.members_.size()).second) {
      return broken_zip(format("two members are named '{}'", member.name));
    }
    archive.members_.push_back(std::move(member));
    rest = rest.subspan(kEntryBytes + name + extra + comment);
  }
  THANE_TRY(check_overlaps(archive.members_, directory));
  archive.checksums_ = std::any_of(archive.members_.begin(), archive.members_.end(),
                                   [](const Member& member) { return member.crc32 != 0; });
  return archive;
}

const ZipArchive::Member* ZipArchive::find(std::string_view name) const {
  const auto found = by_name_.find(std::string(name));
  return found == by_name_.end() ? nullptr : &members_[found->second];
}

Result<std::shared_ptr<Buffer>> ZipArchive::read(const Member& member, uint64_t most_bytes) const {
  const Bytes data = file_->bytes().subspan(member.data_offset, member.compressed_bytes);
  if (member.stored()) return map_buffer(file_, member.data_offset, data.size());
  if (member.method != 8) {
    return unsupported(format("'{}' uses compression method {}", member.name, member.method))
        .expecting("stored (0) or deflated (8)");
  }
  if (member.bytes / kBestDeflateRatio > data.size()) {
    return broken_zip(format("'{}' cannot hold the {} bytes it declares", member.name, member.bytes));
  }
  if (member.bytes > most_bytes) {
    return resource_limit(format("'{}' inflates to {} bytes", member.name, member.bytes))
        .expecting(format("at most {}", most_bytes));
  }
  THANE_ASSIGN(std::shared_ptr<Buffer> buffer, allocate_buffer(member.bytes));
  THANE_TRY(inflate_into(data, *buffer));
  if (checksums_) THANE_TRY(verify_checksum(member, *buffer));
  return buffer;
}

Result<std::shared_ptr<Buffer>> ZipArchive::read_verified(const Member& member, uint64_t most_bytes) const {
  THANE_ASSIGN(auto buffer, read(member, most_bytes));
  if (member.stored() && checksums_) THANE_TRY(verify_checksum(member, *buffer));
  return buffer;
}

}  // namespace thane
