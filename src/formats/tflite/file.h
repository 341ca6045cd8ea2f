// The contents of a TensorFlow Lite file as plain structs: every index checked, every constant's bytes known to be
// there.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/source.h"
#include "formats/tflite/flatbuffer.h"
#include "ir/tensor.h"

namespace thane::tflite {

// Codes of the schema's enum TensorType.
enum class TensorType : int8_t {
  kFloat32,
  kFloat16,
  kInt32,
  kUInt8,
  kInt64,
  kString,
  kBool,
  kInt16,
  kComplex64,
  kInt8,
  kFloat64,
  kComplex128,
  kUInt64,
  kResource,
  kVariant,
  kUInt32,
  kUInt16,
  kInt4,
  kBFloat16,
  kInt2,
  kUInt4,
  kFloat8E4M3,
  kFloat8E5M2,
};

// Undefined for resources and variants.
DType dtype_of(TensorType type);
std::optional<DType> dtype_of_code(int64_t code);

// real = (q - zero_point) · scale; one of each for the tensor, or one per index along `axis`.
struct Quantization {
  std::vector<float> scales;
  std::vector<int64_t> zero_points;  // as many as scales
  int axis = 0;
  // Blockwise: which tensors hold scales and zero points (-1: none), and how many elements of the last axis share one.
  int scales_tensor = -1, zero_points_tensor = -1, block_size = 0;

  bool present() const { return !scales.empty(); }
  bool per_axis() const { return scales.size() > 1; }
  float scale() const { return scales.empty() ? 0.0f : scales[0]; }
  int64_t zero_point() const { return zero_points.empty() ? 0 : zero_points[0]; }
};

struct TensorInfo {
  std::string name;
  TensorType type = TensorType::kFloat32;
  DType dtype = DType::kFloat32;
  Dims shape;      // as of the sample the converter saw
  Dims signature;  // the same with -1 where any size goes; empty: as `shape`
  bool known_rank = true;
  bool is_variable = false;
  std::optional<std::string_view> data;  // of a constant
  Quantization quantization;
  Table sparsity;

  const Dims& dims() const { return signature.size() == shape.size() ? signature : shape; }
};

struct OperatorInfo {
  int32_t code = 0;  // of enum BuiltinOperator
  std::string custom;
  std::vector<int32_t> inputs, outputs, intermediates;  // tensors; -1: absent
  Union options, options2;
  std::string_view custom_options;
};

struct SubgraphInfo {
  std::string name;
  std::vector<TensorInfo> tensors;
  std::vector<int32_t> inputs, outputs;
  std::vector<OperatorInfo> operators;
};

struct SignatureInfo {
  std::string key;
  size_t subgraph = 0;
  std::vector<std::pair<std::string, int32_t>> inputs, outputs;  // name, tensor
};

struct FileModel {
  std::string description;
  std::vector<SubgraphInfo> subgraphs;
  std::vector<SignatureInfo> signatures;
  std::vector<std::pair<std::string, std::string_view>> metadata;
  // LiteRT refuses the file, which only TensorFlow Lite for Microcontrollers takes: a bias names the axis of its
  // weights.
  bool is_micro = false;
};

Result<FileModel> read_file(Source& source);

// A constant's elements: a view of the file where its layout is that of memory. Sub-byte elements take a byte each,
// sparse tensors become dense.
Result<Tensor> constant_of(const TensorInfo& info, Source& source);

}  // namespace thane::tflite
