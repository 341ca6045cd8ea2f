// Values in files of their own: what onnx writes as TensorProto, SequenceProto, OptionalProto and MapProto (.pb). Such
// a file does not say which of them it is, so the type of the input it is meant for decides.
#pragma once

#include <memory>
#include <string>

#include "base/file.h"
#include "ir/type.h"
#include "ir/value.h"

namespace thane {

// Reads a value of the kind of `type`; an unknown type is taken for a tensor. Large tensors stay views of the file. The
// result's dtype and shape are the file's: comparing them with `type` is the caller's business.
Result<Value> read_onnx_value(std::shared_ptr<const MappedFile> file, const Type& type);

// The value as one of the messages above, according to what it is (an empty one is an OptionalProto).
Result<std::string> write_onnx_value(const Value& value, const std::string& name);
// A TensorProto. Sub-byte types are packed.
std::string write_onnx_tensor(const Tensor& tensor, const std::string& name);

}  // namespace thane
