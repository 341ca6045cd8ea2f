// TensorProto, SparseTensorProto, TypeProto → Tensor, Type.
#pragma once

#include <string_view>

#include "formats/onnx/proto.h"
#include "formats/source.h"
#include "ir/tensor.h"
#include "ir/type.h"

namespace thane::onnx {

struct NamedTensor {
  std::string_view name;
  Tensor tensor;
};

// raw_data and external data become views of the file (maybe unaligned); typed fields are decoded. Sub-byte types
// unpack to a byte per element; bool bytes become 0 or 1. What is declared must be there, to the byte.
Result<NamedTensor> read_tensor(Bytes message, Source& source);
Result<std::string_view> tensor_name(Bytes message);
// The dense form of a sparse tensor; zero where it says nothing.
Result<NamedTensor> read_sparse_tensor(Bytes message, Source& source);
// Symbols and numbers as dimensions; what is missing or negative is unknown.
Result<Type> read_type(Bytes message);

}  // namespace thane::onnx
