// NumPy's array files. Format: numpy.lib.format, versions 1.0 to 3.0 (numpy's documentation).
#pragma once

#include <memory>
#include <string>

#include "base/file.h"
#include "ir/tensor.h"

namespace thane {

// Reads the array in `bytes`, which must lie in `buffer`; the tensor is a view of it where the bytes can be used as
// they are (native order, row-major, aligned), else a copy. Byte strings lose their NUL padding; unicode becomes UTF-8.
// Dtypes numpy lacks arrive as it can store them: a tensor of uint16 for bfloat16 (or a void type of 1 or 2 bytes,
// taken for unsigned integers), see reinterpreted(). Objects, records and dates are refused.
Result<Tensor> read_npy(std::span<const std::byte> bytes, std::shared_ptr<Buffer> buffer);
Result<Tensor> read_npy(std::shared_ptr<const MappedFile> file);

// `tensor` under dtype `wanted`, bits unchanged, when numpy has no `wanted` and `tensor` is how it is stored (uint16
// for bfloat16, uint8 for 8-bit floats and uint4, int8 for int4, …); otherwise `tensor` itself.
Tensor reinterpreted(const Tensor& tensor, DType wanted);

// The whole file for `tensor`. Dtypes numpy lacks are written as the integers described above; strings as bytes (kind
// S), padded with NUL to the longest. Fails when that padding needs over 1 GiB.
Result<std::string> write_npy(const Tensor& tensor);

}  // namespace thane
