// Tensors: dtype, concrete row-major shape, and shared or borrowed memory.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "base/dtype.h"
#include "base/result.h"
#include "ir/dim.h"

namespace thane {

class MappedFile;

// Memory that tensors share. Never resized.
class Buffer {
 public:
  virtual ~Buffer() = default;
  std::byte* data() const { return data_; }
  size_t size_bytes() const { return size_bytes_; }
  // Gives back the memory of a part of the contents, where they can be read again from a file.
  virtual void unload(std::span<const std::byte>) const {}

 protected:
  Buffer(std::byte* data, size_t size_bytes) : data_(data), size_bytes_(size_bytes) {}
  std::byte* data_;
  size_t size_bytes_;
};

// 64-byte aligned heap memory, zeroed for strings' sake only (fixed-size contents are uninitialised).
Result<std::shared_ptr<Buffer>> allocate_buffer(size_t size_bytes);
// A range of a mapped file, kept open by it. Contents must not be written.
std::shared_ptr<Buffer> map_buffer(std::shared_ptr<const MappedFile> file, size_t offset, size_t size_bytes);

// A dense tensor, contiguous and row-major. Copying a Tensor shares its memory. A tensor either owns a share of a
// Buffer or borrows memory (an arena slot) that somebody else keeps alive; what must outlive the current step calls
// keep().
class Tensor {
 public:
  Tensor() = default;

  // Fresh memory, uninitialised. Fails when the size overflows or memory is short.
  static Result<Tensor> allocate(DType dtype, Dims dims);
  // A view of `buffer` from byte `offset`. Fails when the bytes needed exceed the bytes there.
  static Result<Tensor> view(DType dtype, Dims dims, std::shared_ptr<Buffer> buffer, size_t offset = 0);
  // For sizes the program itself chooses: running out of memory here ends it.
  static Tensor must_allocate(DType dtype, Dims dims);
  // Borrowed memory of at least size_bytes.
  static Tensor borrow(DType dtype, Dims dims, void* data);
  template <class T>
  static Tensor scalar(T value);
  template <class T>
  static Tensor vector(std::span<const T> values);
  static Tensor int64s(const Dims& values) { return vector<int64_t>(values); }

  DType dtype() const { return dtype_; }
  const Dims& dims() const { return dims_; }
  size_t rank() const { return dims_.size(); }
  int64_t dim(size_t axis) const { return dims_[axis]; }
  int64_t size() const { return size_; }  // elements
  size_t size_bytes() const { return static_cast<size_t>(size_) * dtype_size(dtype_); }
  bool defined() const { return dtype_ != DType::kUndefined; }

  void* raw() const { return data_; }
  // T must be the C++ type of dtype(), or for data movement any type of the same size.
  template <class T>
  T* data() const {
    assert(sizeof(T) == dtype_size(dtype_));
    return reinterpret_cast<T*>(data_);
  }
  template <class T>
  std::span<T> span() const {
    return {data<T>(), static_cast<size_t>(size_)};
  }

  bool aligned() const;  // to its element size (8 at most)
  // Of a mapped file's part: gives its memory back until somebody reads it again.
  void unload() const {
    if (buffer_) buffer_->unload({data_, size_bytes()});
  }
  // Dtype and shape without contents.
  Tensor hollow() const { return borrow(dtype_, dims_, nullptr); }
  bool owned() const { return buffer_ || !data_; }
  Result<Tensor> keep() const;               // itself when owned, else a copy in fresh memory
  Result<Tensor> copy() const;               // always fresh memory
  Result<Tensor> reshaped(Dims dims) const;  // same memory; sizes must agree

  // Element i as double / int64 whatever the dtype (not string or complex): for attributes, printing and slow
  // paths. It need not be aligned.
  double as_double(int64_t i) const;
  int64_t as_int64(int64_t i) const;

 private:
  DType dtype_ = DType::kUndefined;
  Dims dims_;
  int64_t size_ = 0;
  std::byte* data_ = nullptr;
  std::shared_ptr<Buffer> buffer_;
};

// Strides in elements of a contiguous row-major shape.
Dims row_major_strides(const Dims& dims);

// Bytes of `count` elements of `dtype`, or nothing on overflow or count < 0.
std::optional<size_t> byte_count(DType dtype, int64_t count);
// The same of a tensor of this shape.
std::optional<size_t> byte_count(DType dtype, std::span<const int64_t> dims);

// Same dtype, dims and bytes (strings: contents).
bool identical(const Tensor& a, const Tensor& b);

template <class T>
Tensor Tensor::scalar(T value) {
  Tensor tensor = must_allocate(kDTypeOf<T>, {});
  *tensor.data<T>() = value;
  return tensor;
}

template <class T>
Tensor Tensor::vector(std::span<const T> values) {
  Tensor tensor = must_allocate(kDTypeOf<T>, {static_cast<int64_t>(values.size())});
  for (size_t i = 0; i < values.size(); ++i) tensor.data<T>()[i] = values[i];
  return tensor;
}

}  // namespace thane
