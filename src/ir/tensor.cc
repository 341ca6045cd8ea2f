#include "ir/tensor.h"

#if defined(__linux__)
#include <sys/mman.h>
#endif

#include <cstdlib>
#include <cstring>
#include <new>

#include "base/checked.h"
#include "base/file.h"
#include "base/format.h"
#include "base/unaligned.h"

namespace thane {
namespace {

constexpr size_t kAlignment = 64;

// Large buffers begin where a page of this size may, and ask for such pages: they are mapped in a fraction of the time,
// and a product that walks through weights and activations needs few of the CPU's address translations.
constexpr size_t kLargePage = size_t{2} << 20;

constexpr std::align_val_t alignment_of(size_t size) {
  return std::align_val_t(size >= 2 * kLargePage ? kLargePage : kAlignment);
}

class HeapBuffer : public Buffer {
 public:
  HeapBuffer(std::byte* data, size_t size) : Buffer(data, size) {
#if defined(__linux__)
    // Whole pages only: what follows the last one takes no more than it needs. A refusal changes nothing.
    if (size >= 2 * kLargePage) ::madvise(data, size / kLargePage * kLargePage, MADV_HUGEPAGE);
#endif
  }
  ~HeapBuffer() override { ::operator delete[](data_, alignment_of(size_bytes_)); }
};

// A few elements lie in the buffer itself: results of small models, for which an aligned allocation of their own would
// take as long as a layer. Not where a sanitizer looks for what is read beyond an allocation.
class SmallBuffer : public Buffer {
 public:
#ifdef THANE_SANITIZED
  static constexpr size_t kMostBytes = 0;
#else
  static constexpr size_t kMostBytes = 512;
#endif

  explicit SmallBuffer(size_t size) : Buffer(nullptr, size) {  // not by {}: bytes_ need not be cleared
    const auto past = reinterpret_cast<uintptr_t>(bytes_) % kAlignment;
    data_ = bytes_ + (past ? kAlignment - past : 0);
  }

 private:
  std::byte bytes_[kMostBytes + 2 * kAlignment];
};

class StringBuffer : public Buffer {
 public:
  explicit StringBuffer(size_t count)
      : Buffer(nullptr, count * sizeof(std::string)), strings_(std::make_unique<std::string[]>(count)) {
    data_ = reinterpret_cast<std::byte*>(strings_.get());
  }

 private:
  std::unique_ptr<std::string[]> strings_;
};

class FileBuffer : public Buffer {
 public:
  FileBuffer(std::shared_ptr<const MappedFile> file, size_t offset, size_t size)
      : Buffer(const_cast<std::byte*>(file->bytes().data()) + offset, size), file_(std::move(file)) {}
  void unload(std::span<const std::byte> part) const override { file_->unload(part); }

 private:
  std::shared_ptr<const MappedFile> file_;
};

}  // namespace

Result<std::shared_ptr<Buffer>> allocate_buffer(size_t size_bytes) {
  // Kernels may read whole vectors: the padding keeps the last one inside the allocation.
  if (size_bytes <= SmallBuffer::kMostBytes) return std::shared_ptr<Buffer>(std::make_shared<SmallBuffer>(size_bytes));
  const size_t padded = size_bytes > SIZE_MAX - 2 * kAlignment ? SIZE_MAX : size_bytes + kAlignment;
  auto* data = static_cast<std::byte*>(::operator new[](padded, alignment_of(size_bytes), std::nothrow));
  if (!data) return resource_limit(format("cannot allocate {} bytes", size_bytes));
  return std::shared_ptr<Buffer>(new HeapBuffer(data, size_bytes));
}

std::shared_ptr<Buffer> map_buffer(std::shared_ptr<const MappedFile> file, size_t offset, size_t size_bytes) {
  assert(offset <= file->bytes().size() && size_bytes <= file->bytes().size() - offset);
  return std::make_shared<FileBuffer>(std::move(file), offset, size_bytes);
}

std::optional<size_t> byte_count(DType dtype, int64_t count) {
  if (count < 0) return std::nullopt;
  const auto bytes = checked_mul(count, static_cast<int64_t>(dtype_size(dtype)));
  if (!bytes) return std::nullopt;
  return static_cast<size_t>(*bytes);
}

std::optional<size_t> byte_count(DType dtype, std::span<const int64_t> dims) {
  const auto count = checked_product(dims);
  return count ? byte_count(dtype, *count) : std::nullopt;
}

Result<Tensor> Tensor::allocate(DType dtype, Dims dims) {
  const auto count = checked_product(dims);
  const auto bytes = count ? byte_count(dtype, *count) : std::nullopt;
  if (!bytes) {
    return resource_limit(format("a tensor of shape {} does not fit in memory", to_string(dims)));
  }
  std::shared_ptr<Buffer> buffer;
  if (dtype == DType::kString) {
    if (*count > (int64_t{1} << 32)) return resource_limit(format("a tensor of {} strings", *count));
    buffer = std::make_shared<StringBuffer>(static_cast<size_t>(*count));
  } else {
    THANE_ASSIGN(buffer, allocate_buffer(*bytes));
  }
  return view(dtype, std::move(dims), std::move(buffer));
}

Tensor Tensor::must_allocate(DType dtype, Dims dims) {
  auto tensor = allocate(dtype, std::move(dims));
  if (!tensor.ok()) std::abort();
  return std::move(*tensor);
}

Result<Tensor> Tensor::view(DType dtype, Dims dims, std::shared_ptr<Buffer> buffer, size_t offset) {
  const auto count = checked_product(dims);
  const auto bytes = count ? byte_count(dtype, *count) : std::nullopt;
  if (!bytes || offset > buffer->size_bytes() || *bytes > buffer->size_bytes() - offset) {
    return invalid_model(format("a tensor of shape {} and type {} needs more bytes than the {} present",
                                to_string(dims), dtype_name(dtype), buffer->size_bytes()));
  }
  Tensor tensor;
  tensor.dtype_ = dtype;
  tensor.dims_ = std::move(dims);
  tensor.size_ = *count;
  tensor.data_ = buffer->data() + offset;
  tensor.buffer_ = std::move(buffer);
  return tensor;
}

Tensor Tensor::borrow(DType dtype, Dims dims, void* data) {
  Tensor tensor;
  tensor.dtype_ = dtype;
  tensor.size_ = checked_product(dims).value_or(0);
  tensor.dims_ = std::move(dims);
  tensor.data_ = static_cast<std::byte*>(data);
  return tensor;
}

bool Tensor::aligned() const {
  const size_t alignment = std::min<size_t>(dtype_size(dtype_), 8);
  return alignment <= 1 || reinterpret_cast<uintptr_t>(data_) % alignment == 0;
}

Result<Tensor> Tensor::keep() const {
  if (owned()) return *this;
  return copy();
}

Result<Tensor> Tensor::copy() const {
  if (!defined()) return Tensor{};
  THANE_ASSIGN(Tensor fresh, allocate(dtype_, dims_));
  if (dtype_ == DType::kString) {
    for (int64_t i = 0; i < size_; ++i) fresh.data<std::string>()[i] = data<std::string>()[i];
  } else if (size_ > 0) {
    std::memcpy(fresh.data_, data_, size_bytes());
  }
  return fresh;
}

Result<Tensor> Tensor::reshaped(Dims dims) const {
  const auto count = checked_product(dims);
  if (!count || *count != size_) {
    return invalid_model(
        format("cannot reshape {} to {}: the numbers of elements differ", to_string(dims_), to_string(dims)));
  }
  Tensor tensor = *this;
  tensor.dims_ = std::move(dims);
  return tensor;
}

double Tensor::as_double(int64_t i) const {
  double value = 0;
  dispatch<float, double, Half, BFloat16, int64_t, int32_t, uint8_t, int8_t, uint16_t, int16_t, uint32_t, uint64_t,
           bool, Float8E4M3FN, Float8E4M3FNUZ, Float8E5M2, Float8E5M2FNUZ, Float8E8M0, Float4E2M1, UInt4, Int4, UInt2,
           Int2>(dtype_, [&]<class T>() { value = static_cast<double>(load_unaligned(data<T>() + i)); });
  return value;
}

int64_t Tensor::as_int64(int64_t i) const {
  if (dtype_ == DType::kInt64) return load_unaligned(data<int64_t>() + i);
  if (dtype_ == DType::kUInt64) return static_cast<int64_t>(load_unaligned(data<uint64_t>() + i));
  const double value = as_double(i);
  if (!(value >= -9.2e18 && value <= 9.2e18)) return value < 0 ? INT64_MIN : INT64_MAX;
  return static_cast<int64_t>(value);
}

Dims row_major_strides(const Dims& dims) {
  Dims strides(dims.size());
  int64_t stride = 1;
  for (size_t i = dims.size(); i-- > 0;) {
    strides[i] = stride;
    stride *= dims[i];
  }
  return strides;
}

bool identical(const Tensor& a, const Tensor& b) {
  if (a.dtype() != b.dtype() || a.dims() != b.dims()) return false;
  if (a.dtype() == DType::kString) {
    for (int64_t i = 0; i < a.size(); ++i) {
      if (a.data<std::string>()[i] != b.data<std::string>()[i]) return false;
    }
    return true;
  }
  return a.size() == 0 || std::memcmp(a.raw(), b.raw(), a.size_bytes()) == 0;
}

}  // namespace thane
