#include <algorithm>
#include <cstring>
#include <iterator>

#include "api/io/npy.h"
#include "api/io/write_file.h"
#include "api/public/access.h"
#include "base/checked.h"
#include "base/format.h"

namespace thane::v1 {

namespace {

// The public enumeration repeats the library's, whose header it may not include.
struct SameDType {
  DType outer;
  thane::DType inner;
};
constexpr SameDType kDTypes[] = {
    {DType::kUndefined, thane::DType::kUndefined},
    {DType::kFloat32, thane::DType::kFloat32},
    {DType::kUInt8, thane::DType::kUInt8},
    {DType::kInt8, thane::DType::kInt8},
    {DType::kUInt16, thane::DType::kUInt16},
    {DType::kInt16, thane::DType::kInt16},
    {DType::kInt32, thane::DType::kInt32},
    {DType::kInt64, thane::DType::kInt64},
    {DType::kString, thane::DType::kString},
    {DType::kBool, thane::DType::kBool},
    {DType::kFloat16, thane::DType::kFloat16},
    {DType::kFloat64, thane::DType::kFloat64},
    {DType::kUInt32, thane::DType::kUInt32},
    {DType::kUInt64, thane::DType::kUInt64},
    {DType::kComplex64, thane::DType::kComplex64},
    {DType::kComplex128, thane::DType::kComplex128},
    {DType::kBFloat16, thane::DType::kBFloat16},
    {DType::kFloat8E4M3FN, thane::DType::kFloat8E4M3FN},
    {DType::kFloat8E4M3FNUZ, thane::DType::kFloat8E4M3FNUZ},
    {DType::kFloat8E5M2, thane::DType::kFloat8E5M2},
    {DType::kFloat8E5M2FNUZ, thane::DType::kFloat8E5M2FNUZ},
    {DType::kUInt4, thane::DType::kUInt4},
    {DType::kInt4, thane::DType::kInt4},
    {DType::kFloat4E2M1, thane::DType::kFloat4E2M1},
    {DType::kFloat8E8M0, thane::DType::kFloat8E8M0},
    {DType::kUInt2, thane::DType::kUInt2},
    {DType::kInt2, thane::DType::kInt2},
};
static_assert(std::size(kDTypes) == kDTypeCount);
static_assert(std::ranges::all_of(kDTypes, [](const SameDType& row) {
  return static_cast<int>(row.outer) == static_cast<int>(row.inner);
}));

thane::DType inner(DType dtype) { return static_cast<thane::DType>(dtype); }

// The bytes that dtype and shape need, when they are sound.
Result<size_t> bytes_needed(DType dtype, const Shape& shape) {
  if (!is_valid_dtype(static_cast<int>(dtype))) {
    return to_public(
        invalid_argument(thane::format("dtype {}", static_cast<int>(dtype))).expecting("one of thane::DType"));
  }
  const auto bytes = byte_count(inner(dtype), shape);
  if (!bytes) {
    return to_public(
        invalid_argument("shape " + thane::to_string(shape)).expecting("sizes of 0 or more that fit in memory"));
  }
  return *bytes;
}

Result<size_t> check_memory(DType dtype, const Shape& shape, const void* data, size_t bytes) {
  auto needed = bytes_needed(dtype, shape);
  if (!needed) return needed;
  if (dtype == DType::kString) return to_public(invalid_argument("a tensor of strings").hinting("use Tensor::strings"));
  if (*needed != bytes || (!data && bytes > 0)) {
    return to_public(invalid_argument(thane::format("{} bytes", data ? bytes : 0))
                         .expecting(thane::format("{} for {}{}", *needed, dtype_name(dtype), thane::to_string(shape))));
  }
  return needed;
}

}  // namespace

struct Tensor::Body {
  thane::Tensor tensor;
  bool writable = false;
  std::shared_ptr<const void> owner;
};

std::string_view dtype_name(DType dtype) {
  return is_valid_dtype(static_cast<int>(dtype)) ? thane::dtype_name(inner(dtype)) : "undefined";
}
size_t dtype_size(DType dtype) { return is_valid_dtype(static_cast<int>(dtype)) ? thane::dtype_size(inner(dtype)) : 0; }

Tensor::Tensor() {
  static const auto empty = std::make_shared<Body>();
  body_ = empty;
}
Tensor::Tensor(std::shared_ptr<Body> body) : body_(std::move(body)) {}

Result<Tensor> Tensor::zeros(DType dtype, Shape shape) {
  if (auto needed = bytes_needed(dtype, shape); !needed) return needed.error();
  auto tensor = thane::Tensor::allocate(inner(dtype), std::move(shape));
  if (!tensor.ok()) return to_public(tensor.error());
  if (dtype != DType::kString && tensor->size() > 0) std::memset(tensor->raw(), 0, tensor->size_bytes());
  return Access::wrap(std::move(*tensor), true);
}

Result<Tensor> Tensor::copy_of(DType dtype, Shape shape, const void* data, size_t bytes) {
  if (auto needed = check_memory(dtype, shape, data, bytes); !needed) return needed.error();
  auto tensor = thane::Tensor::allocate(inner(dtype), std::move(shape));
  if (!tensor.ok()) return to_public(tensor.error());
  if (bytes > 0) std::memcpy(tensor->raw(), data, bytes);
  return Access::wrap(std::move(*tensor), true);
}

Result<Tensor> Tensor::borrow(DType dtype, Shape shape, const void* data, size_t bytes,
                              std::shared_ptr<const void> owner) {
  if (auto needed = check_memory(dtype, shape, data, bytes); !needed) return needed.error();
  return Access::wrap(thane::Tensor::borrow(inner(dtype), std::move(shape), const_cast<void*>(data)), false,
                      std::move(owner));
}

Result<Tensor> Tensor::strings(Shape shape, std::vector<std::string> elements) {
  const auto count = checked_product(shape);
  if (!count || *count != static_cast<int64_t>(elements.size())) {
    return to_public(invalid_argument(thane::format("{} strings", elements.size()))
                         .expecting("as many as shape " + thane::to_string(shape) + " has elements"));
  }
  auto tensor = thane::Tensor::allocate(thane::DType::kString, std::move(shape));
  if (!tensor.ok()) return to_public(tensor.error());
  for (size_t i = 0; i < elements.size(); ++i) tensor->data<std::string>()[i] = std::move(elements[i]);
  return Access::wrap(std::move(*tensor), true);
}

DType Tensor::dtype() const { return static_cast<DType>(body_->tensor.dtype()); }
const Shape& Tensor::shape() const { return body_->tensor.dims(); }
size_t Tensor::size() const { return static_cast<size_t>(body_->tensor.size()); }
size_t Tensor::size_bytes() const { return defined() ? body_->tensor.size_bytes() : 0; }
const void* Tensor::data() const { return body_->tensor.raw(); }
void* Tensor::mutable_data() { return body_->writable ? body_->tensor.raw() : nullptr; }

Error Tensor::wrong_element_type(std::string_view asked) const {
  return to_public(
      invalid_argument(thane::format("elements read as {}", asked)).expecting(std::string(dtype_name(dtype()))));
}

Tensor Access::wrap(thane::Tensor tensor, bool writable, std::shared_ptr<const void> owner) {
  return Tensor(std::make_shared<Tensor::Body>(Tensor::Body{std::move(tensor), writable, std::move(owner)}));
}
thane::Tensor Access::unwrap(const Tensor& tensor) { return tensor.body_->tensor; }

Result<Tensor> read_npy(const std::string& path) {
  auto file = MappedFile::open(path);
  if (!file.ok()) return to_public(file.error());
  auto tensor = thane::read_npy(std::move(*file));
  if (tensor.ok()) tensor = tensor->copy();  // not a view of a file that somebody may change
  if (!tensor.ok()) return to_public(tensor.error());
  return Access::wrap(std::move(*tensor), true);
}

Status write_npy(const std::string& path, const Tensor& tensor) {
  const auto bytes = thane::write_npy(Access::unwrap(tensor));
  if (!bytes.ok()) return to_public(bytes.error());
  const auto status = write_file(path, *bytes);
  return status.ok() ? Status() : Status(to_public(status.error()));
}

}  // namespace thane::v1
