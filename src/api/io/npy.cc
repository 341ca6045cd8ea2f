#include "api/io/npy.h"

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>

#include "api/io/npy_header.h"
#include "base/checked.h"
#include "base/format.h"

namespace thane {
namespace {

static_assert(std::endian::native == std::endian::little);

constexpr int64_t kMostPaddedBytes = int64_t{1} << 30;

struct Storage {
  DType dtype;
  std::string_view descr;  // as numpy writes it
};
// How each dtype is written; a dtype numpy lacks as the integer of the same size.
constexpr Storage kStorage[] = {
    {DType::kFloat32, "<f4"},        {DType::kFloat64, "<f8"},        {DType::kFloat16, "<f2"},
    {DType::kInt8, "|i1"},           {DType::kInt16, "<i2"},          {DType::kInt32, "<i4"},
    {DType::kInt64, "<i8"},          {DType::kUInt8, "|u1"},          {DType::kUInt16, "<u2"},
    {DType::kUInt32, "<u4"},         {DType::kUInt64, "<u8"},         {DType::kBool, "|b1"},
    {DType::kComplex64, "<c8"},      {DType::kComplex128, "<c16"},    {DType::kBFloat16, "<u2"},
    {DType::kFloat8E4M3FN, "|u1"},   {DType::kFloat8E4M3FNUZ, "|u1"}, {DType::kFloat8E5M2, "|u1"},
    {DType::kFloat8E5M2FNUZ, "|u1"}, {DType::kFloat8E8M0, "|u1"},     {DType::kFloat4E2M1, "|u1"},
    {DType::kUInt4, "|u1"},          {DType::kUInt2, "|u1"},          {DType::kInt4, "|i1"},
    {DType::kInt2, "|i1"},
};

std::string_view descr_of(DType dtype) {
  for (const Storage& row : kStorage) {
    if (row.dtype == dtype) return row.descr;
  }
  return {};
}

// The first dtype whose descr says the same in either byte order.
DType dtype_of_descr(std::string_view descr) {
  if (descr.size() < 3 && descr != "?") return DType::kUndefined;
  if (descr == "?") return DType::kBool;
  if (descr.substr(1) == "V2") return DType::kUInt16;
  if (descr.substr(1) == "V1") return DType::kUInt8;
  for (const Storage& row : kStorage) {
    if (row.descr.substr(1) == descr.substr(1)) return row.dtype;
  }
  return DType::kUndefined;
}

void append_utf8(std::string& out, uint32_t c) {
  const auto put = [&](uint32_t byte) { out += static_cast<char>(byte); };
  if (c < 0x80) return put(c);
  if (c < 0x800) return put(0xc0 | c >> 6), put(0x80 | (c & 0x3f));
  if (c < 0x10000) return put(0xe0 | c >> 12), put(0x80 | (c >> 6 & 0x3f)), put(0x80 | (c & 0x3f));
  put(0xf0 | c >> 18), put(0x80 | (c >> 12 & 0x3f)), put(0x80 | (c >> 6 & 0x3f)), put(0x80 | (c & 0x3f));
}

std::string string_element(const std::byte* from, size_t width, bool unicode, bool swap) {
  std::string text;
  if (!unicode) {
    text.assign(reinterpret_cast<const char*>(from), width);
    text.erase(text.find_last_not_of('\0') + 1);
    return text;
  }
  size_t count = width / 4;
  const auto at = [&](size_t i) {
    uint32_t c;
    std::memcpy(&c, from + 4 * i, 4);
    return swap ? __builtin_bswap32(c) : c;
  };
  while (count > 0 && at(count - 1) == 0) --count;
  for (size_t i = 0; i < count; ++i) append_utf8(text, std::min(at(i), 0x10ffffu));
  return text;
}

Result<Tensor> read_strings(const NpyHeader& header, std::span<const std::byte> data) {
  const bool unicode = header.descr[1] == 'U';
  int64_t width = 0;
  const std::string_view digits = std::string_view(header.descr).substr(2);
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), width);
  const auto bytes_each = parsed.ec == std::errc() && parsed.ptr == digits.data() + digits.size() && width >= 0
                              ? checked_mul(width, unicode ? 4 : 1)
                              : std::nullopt;
  const auto count = checked_product(header.shape);
  const auto bytes = count && bytes_each ? checked_mul(*count, *bytes_each) : std::nullopt;
  if (!bytes || *bytes > static_cast<int64_t>(data.size())) {
    return invalid_argument(format("{} bytes of text for dtype '{}' and shape {}", data.size(), header.descr,
                                   to_string(header.shape)))
        .expecting("every declared byte; the file is cut off");
  }
  if (*bytes == 0 && *count > (1 << 20)) return invalid_argument(format("{} empty strings", *count));
  THANE_ASSIGN(Tensor tensor, Tensor::allocate(DType::kString, header.shape));
  for (int64_t i = 0; i < *count; ++i) {
    tensor.data<std::string>()[i] = string_element(data.data() + i * *bytes_each, static_cast<size_t>(*bytes_each),
                                                   unicode, header.descr[0] == '>');
  }
  return tensor;
}

void swap_bytes(Tensor& tensor) {
  const bool complex = tensor.dtype() == DType::kComplex64 || tensor.dtype() == DType::kComplex128;
  const size_t width = dtype_size(tensor.dtype()) / (complex ? 2 : 1);
  auto* bytes = static_cast<std::byte*>(tensor.raw());
  for (size_t i = 0; i < tensor.size_bytes(); i += width) std::reverse(bytes + i, bytes + i + width);
}

// `tensor` holds the elements in column-major order of its own dims.
Result<Tensor> from_column_major(const Tensor& tensor) {
  THANE_ASSIGN(Tensor out, Tensor::allocate(tensor.dtype(), tensor.dims()));
  const Dims& dims = tensor.dims();
  Dims strides(dims.size());
  int64_t stride = 1;
  for (size_t i = 0; i < dims.size(); ++i) {
    strides[i] = stride;
    stride *= dims[i];
  }
  dispatch_by_size(tensor.dtype(), [&]<class T>() {
    Dims index(dims.size(), 0);
    int64_t from = 0;
    for (int64_t to = 0; to < tensor.size(); ++to) {
      out.data<T>()[to] = tensor.data<T>()[from];
      for (size_t axis = dims.size(); axis-- > 0;) {
        from += strides[axis];
        if (++index[axis] < dims[axis]) break;
        from -= strides[axis] * dims[axis];
        index[axis] = 0;
      }
    }
  });
  return out;
}

}  // namespace

Result<Tensor> read_npy(std::span<const std::byte> bytes, std::shared_ptr<Buffer> buffer) {
  THANE_ASSIGN(const NpyHeader header, parse_npy_header(bytes));
  const auto data = bytes.subspan(header.data_offset);
  const char kind = header.descr.size() > 2 ? header.descr[1] : ' ';
  Tensor tensor;
  if (kind == 'S' || kind == 'U') {
    THANE_ASSIGN(tensor, read_strings(header, data));
  } else {
    const DType dtype = dtype_of_descr(header.descr);
    if (dtype == DType::kUndefined) {
      return unsupported(format("dtype '{}'", header.descr))
          .expecting("numbers, bool, complex numbers or text")
          .hinting("convert the array before saving it, for example with x.astype('float32')");
    }
    const auto needed = byte_count(dtype, header.shape);
    if (!needed || *needed > data.size()) {
      return invalid_argument(format("{} bytes of data", data.size()))
          .expecting(format("{} for shape {} of {}", needed ? std::to_string(*needed) : "far more",
                            to_string(header.shape), dtype_name(dtype)))
          .hinting("the file is cut off; make it again");
    }
    const auto offset = static_cast<size_t>(data.data() - buffer->data());
    THANE_ASSIGN(tensor, Tensor::view(dtype, header.shape, std::move(buffer), offset));
    const bool swap = header.descr[0] == '>' && dtype_size(dtype) > 1;
    if (swap || !tensor.aligned()) {
      THANE_ASSIGN(tensor, tensor.copy());
      if (swap) swap_bytes(tensor);
    }
    if (dtype == DType::kBool) {  // any byte but 0 is true; C++ knows only 0 and 1
      THANE_ASSIGN(tensor, tensor.copy());
      auto* flags = static_cast<uint8_t*>(tensor.raw());
      for (int64_t i = 0; i < tensor.size(); ++i) flags[i] = flags[i] != 0;
    }
  }
  if (header.fortran_order && tensor.rank() > 1 && tensor.size() > 0) return from_column_major(tensor);
  return tensor;
}

Result<Tensor> read_npy(std::shared_ptr<const MappedFile> file) {
  const auto bytes = file->bytes();
  const std::string path = file->path();
  auto tensor = read_npy(bytes, map_buffer(std::move(file), 0, bytes.size()));
  if (!tensor.ok()) return std::move(tensor).error().at(path);
  return tensor;
}

Tensor reinterpreted(const Tensor& tensor, DType wanted) {
  constexpr DTypeMask kNotInNumpy = mask_of(DType::kBFloat16) | kFloat8s | kSubByte;
  if (!(mask_of(wanted) & kNotInNumpy) || dtype_of_descr(descr_of(wanted)) != tensor.dtype()) return tensor;
  const bool small = mask_of(wanted) & kSubByte;
  if (small) {  // only values of the type's range: kernels rely on it
    const int bits = dtype_bits(wanted);
    const bool is_signed = tensor.dtype() == DType::kInt8;
    const int64_t low = is_signed ? -(int64_t{1} << (bits - 1)) : 0;
    const int64_t high = low + (int64_t{1} << bits) - 1;
    for (int64_t i = 0; i < tensor.size(); ++i) {
      if (tensor.as_int64(i) < low || tensor.as_int64(i) > high) return tensor;
    }
  }
  auto out = Tensor::allocate(wanted, tensor.dims());
  if (!out.ok()) return tensor;
  if (tensor.size() > 0) std::memcpy(out->raw(), tensor.raw(), tensor.size_bytes());
  return std::move(*out);
}

Result<std::string> write_npy(const Tensor& tensor) {
  std::string descr(descr_of(tensor.dtype()));
  size_t width = 1;
  if (tensor.dtype() == DType::kString) {
    for (const std::string& text : tensor.span<std::string>()) width = std::max(width, text.size());
    const auto padded = checked_mul(tensor.size(), static_cast<int64_t>(width));
    if (!padded || *padded > kMostPaddedBytes) {
      return resource_limit(format("{} strings of up to {} bytes", tensor.size(), width))
          .expecting("at most 1 GiB when each is padded to the longest")
          .hinting("save as .pb instead");
    }
    descr = format("|S{}", width);
  }
  if (descr.empty()) return unsupported(format("dtype {} in a .npy file", dtype_name(tensor.dtype())));
  std::string out = npy_header_bytes(descr, tensor.dims());
  if (tensor.dtype() != DType::kString) {
    if (tensor.size() > 0) out.append(static_cast<const char*>(tensor.raw()), tensor.size_bytes());
    return out;
  }
  for (const std::string& text : tensor.span<std::string>()) {
    out += text;
    out.append(width - text.size(), '\0');
  }
  return out;
}

}  // namespace thane
