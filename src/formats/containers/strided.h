// Tensors as checkpoints keep them: a dtype, a shape and strides over a storage that several tensors may share.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ir/tensor.h"

namespace thane {

// A run of elements. Tensors that point to one Storage share memory in the program that saved them.
struct Storage {
  std::string name;    // key within the file: "0"
  std::string type;    // as the file says: "FloatStorage"
  std::string device;  // where it lived: "cpu", "cuda:0"
  DType dtype = DType::kUndefined;
  size_t element_bytes = 0;
  int64_t count = 0;              // elements
  std::shared_ptr<Buffer> bytes;  // count * element_bytes; null: the file has none (meta tensors)
};

// real = (stored - zero_point) * scale, per tensor or along an axis.
struct Quantization {
  std::vector<double> scales;
  std::vector<double> zero_points;  // integers, save for float-quantized parameters
  std::optional<int64_t> axis;
};

struct StridedTensor {
  std::shared_ptr<Storage> storage;
  DType dtype = DType::kUndefined;  // undefined: a type that thane has no name for
  std::string type_name;            // as its framework calls it: "float32", "qint8"
  Dims shape, strides;              // in elements
  int64_t offset = 0;               // of the first element within the storage
  bool requires_grad = false;
  bool parameter = false;  // a torch Parameter
  std::optional<Quantization> quantization;

  int64_t size() const;  // elements
  bool contiguous() const;

  // Fails unless every element lies in the storage.
  Status check() const;
  // The elements in row-major order: a view of the storage when they lie so already, else a copy. Fails for types
  // without a name here, without bytes, or when overlapping strides blow a small storage up beyond 64 MiB.
  Result<Tensor> dense() const;
};

}  // namespace thane
