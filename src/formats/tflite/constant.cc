// Constants of a file as tensors.
#include <algorithm>
#include <cstring>

#include "base/checked.h"
#include "base/format.h"
#include "formats/tflite/file.h"

namespace thane::tflite {
namespace {

template <class T>
T little_endian(std::string_view bytes, size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof value);
  return value;
}

Error wrong_size(size_t found, size_t expected) {
  return invalid_model(format("{} bytes of data", found)).expecting(std::to_string(expected));
}

// int32 count, count + 1 offsets from the start, then the characters.
Result<Tensor> strings_of(std::string_view data, const Dims& dims) {
  const auto broken = [] { return invalid_model("a damaged list of strings"); };
  if (data.size() < 8) return broken();
  const auto count = little_endian<int32_t>(data, 0);
  if (count < 0 || 8 + 4 * static_cast<size_t>(count) > data.size()) return broken();
  THANE_ASSIGN(Tensor tensor, Tensor::allocate(DType::kString, {count}));
  for (int32_t i = 0; i < count; ++i) {
    const size_t at = 4 + 4 * static_cast<size_t>(i);
    const auto begin = little_endian<int32_t>(data, at), end = little_endian<int32_t>(data, at + 4);
    if (begin < 0 || end < begin || static_cast<size_t>(end) > data.size()) return broken();
    tensor.data<std::string>()[i] = data.substr(static_cast<size_t>(begin), static_cast<size_t>(end - begin));
  }
  if (auto reshaped = tensor.reshaped(dims); reshaped.ok()) return reshaped;
  return wrong_size(static_cast<size_t>(count), 0);
}

// Elements of `bits` bits, the first in the lowest bits of the first byte.
Result<Tensor> unpacked(DType dtype, const Dims& dims, std::string_view data, Source& source) {
  const int bits = dtype_bits(dtype);
  const auto per_byte = static_cast<size_t>(8 / bits);
  const auto count = checked_product(dims);
  if (!count) return invalid_model("too many elements");
  const size_t expected = (static_cast<size_t>(*count) + per_byte - 1) / per_byte;
  if (expected != data.size()) return wrong_size(data.size(), expected);
  THANE_TRY(source.claim(*count));
  THANE_ASSIGN(Tensor tensor, Tensor::allocate(dtype, dims));
  const bool is_signed = dtype == DType::kInt4 || dtype == DType::kInt2;
  auto* out = static_cast<uint8_t*>(tensor.raw());
  for (size_t i = 0; i < static_cast<size_t>(*count); ++i) {
    const auto byte = static_cast<uint8_t>(data[i / per_byte]);
    auto value = static_cast<uint8_t>(byte >> (static_cast<size_t>(bits) * (i % per_byte)));
    value = static_cast<uint8_t>(value & ((1 << bits) - 1));
    if (is_signed && (value >> (bits - 1))) value = static_cast<uint8_t>(value | (0xff << bits));
    out[i] = value;
  }
  return tensor;
}

std::vector<int64_t> sparse_indices(const Table& dimension, int type_slot) {
  const Table list = dimension.table(type_slot + 1);
  std::vector<int64_t> out;
  const auto append = [&](const auto& numbers) { out.assign(numbers.begin(), numbers.end()); };
  switch (dimension.number<uint8_t>(type_slot)) {
    case 1: append(list.numbers<int32_t>(0)); break;
    case 2: append(list.numbers<uint16_t>(0)); break;
    case 3: append(list.numbers<uint8_t>(0)); break;
    default: break;
  }
  return out;
}

// The traversal of a sparse tensor: levels from the outside in, dense ones counted through, compressed ones listed.
class Expansion {
 public:
  struct Level {
    bool sparse = false;
    int64_t size = 0;  // of a dense one
    std::vector<int64_t> segments, indices;
    int64_t stride = 0;  // elements of the dense tensor per step
  };

  static Result<Tensor> run(const TensorInfo& info, Source& source) {
    Expansion expansion;
    THANE_TRY(expansion.prepare(info));
    const auto total = byte_count(info.dtype, expansion.count_);
    if (!total) return invalid_model("too many elements");
    THANE_TRY(source.claim(static_cast<int64_t>(*total)));
    THANE_ASSIGN(Tensor tensor, Tensor::allocate(info.dtype, info.shape));
    std::memset(tensor.raw(), 0, tensor.size_bytes());
    expansion.size_ = dtype_size(info.dtype);
    expansion.data_ = *info.data;
    expansion.out_ = static_cast<std::byte*>(tensor.raw());
    THANE_TRY(expansion.walk(0, 0, 0));
    return tensor;
  }

 private:
  static Error broken(std::string_view what) { return invalid_model(format("a damaged sparse tensor: {}", what)); }

  Status prepare(const TensorInfo& info) {
    const auto order = info.sparsity.numbers<int32_t>(0);
    const auto blocks = info.sparsity.numbers<int32_t>(1);
    const auto dimensions = info.sparsity.tables(2);
    const size_t rank = info.shape.size();
    if (order.size() != rank + blocks.size() || dimensions.size() != order.size() || rank == 0) return broken("ranks");
    for (size_t axis = 0; axis < order.size(); ++axis) {
      if (std::count(order.begin(), order.end(), static_cast<int32_t>(axis)) != 1) return broken("traversal order");
    }
    // Sizes of the blocks first, as they divide the dimensions.
    Dims block_size(rank, 1), block_dims(blocks.size(), 1);
    for (size_t level = 0; level < order.size(); ++level) {
      const auto axis = static_cast<size_t>(order[level]);
      if (axis < rank) continue;
      const int32_t mapped = blocks[axis - rank];
      if (mapped < 0 || static_cast<size_t>(mapped) >= rank) return broken("block map");
      block_dims[axis - rank] = dimensions[level].number<int32_t>(1);
      if (block_dims[axis - rank] <= 0) return broken("block size");
      const auto product = checked_mul(block_size[static_cast<size_t>(mapped)], block_dims[axis - rank]);
      if (!product) return broken("block size");
      block_size[static_cast<size_t>(mapped)] = *product;
    }
    Dims strides(rank, 1);
    const auto count = checked_product(info.shape);
    if (!count) return broken("shape");
    count_ = *count;
    strides = row_major_strides(info.shape);
    for (size_t level = 0; level < order.size(); ++level) {
      const auto axis = static_cast<size_t>(order[level]);
      Level entry;
      const Table& dimension = dimensions[level];
      entry.sparse = dimension.number<int8_t>(0) == 1;
      entry.size = dimension.number<int32_t>(1);
      entry.segments = sparse_indices(dimension, 2);
      entry.indices = sparse_indices(dimension, 4);
      if (!entry.sparse && entry.size < 0) return broken("dense size");
      if (axis < rank) {
        const auto stride = checked_mul(strides[axis], block_size[axis]);
        if (!stride) return broken("block size");
        entry.stride = *stride;
      } else {
        entry.stride = strides[static_cast<size_t>(blocks[axis - rank])];
      }
      levels_.push_back(std::move(entry));
    }
    return ok();
  }

  // `position` counts the entries of the levels above, `offset` the dense elements before this one.
  Status walk(size_t level, int64_t position, int64_t offset) {
    if (offset >= count_) return broken("an index beyond the shape");
    if (level == levels_.size()) {
      if ((next_ + 1) * size_ > data_.size()) return broken("too few values");
      std::memcpy(out_ + static_cast<size_t>(offset) * size_, data_.data() + next_ * size_, size_);
      ++next_;
      return ok();
    }
    const Level& entry = levels_[level];
    if (!entry.sparse) {
      for (int64_t i = 0; i < entry.size; ++i) THANE_TRY(step(level, position * entry.size + i, offset, i));
      return ok();
    }
    if (static_cast<size_t>(position) + 1 >= entry.segments.size()) return broken("too few segments");
    const int64_t begin = entry.segments[static_cast<size_t>(position)];
    const int64_t end = entry.segments[static_cast<size_t>(position) + 1];
    if (begin < 0 || end < begin || static_cast<size_t>(end) > entry.indices.size()) return broken("segments");
    for (int64_t i = begin; i < end; ++i) THANE_TRY(step(level, i, offset, entry.indices[static_cast<size_t>(i)]));
    return ok();
  }

  Status step(size_t level, int64_t position, int64_t offset, int64_t index) {
    const auto moved = checked_mul(index, levels_[level].stride);
    if (index < 0 || !moved || *moved >= count_) return broken("an index beyond the shape");
    return walk(level + 1, position, offset + *moved);
  }

  std::vector<Level> levels_;
  int64_t count_ = 0;
  size_t size_ = 0, next_ = 0;
  std::string_view data_;
  std::byte* out_ = nullptr;
};

}  // namespace

Result<Tensor> constant_of(const TensorInfo& info, Source& source) {
  for (int64_t size : info.shape) {
    if (size < 0) return invalid_model("a constant with a dimension that is not known");
  }
  if (info.sparsity && mask_of(info.dtype) & ~kSubByte & kFixedSize) return Expansion::run(info, source);
  const std::string_view data = info.data.value_or(std::string_view());
  if (info.dtype == DType::kString) return strings_of(data, info.shape);
  if (mask_of(info.dtype) & kSubByte) return unpacked(info.dtype, info.shape, data, source);
  THANE_ASSIGN(auto buffer, source.share(data));
  auto tensor = Tensor::view(info.dtype, info.shape, std::move(buffer));
  if (!tensor.ok()) return tensor;
  if (tensor->size_bytes() != data.size()) return wrong_size(data.size(), tensor->size_bytes());
  return tensor;
}

}  // namespace thane::tflite
