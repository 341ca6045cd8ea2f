#include "api/generate.h"

#include <cmath>
#include <limits>
#include <numbers>

#include "base/format.h"

namespace thane {
namespace {

constexpr double kUnit = 0x1p-53;

double uniform(RandomSource& random) { return static_cast<double>(random.next() >> 11) * kUnit; }

// Box and Muller.
double normal(RandomSource& random) {
  const double radius = std::sqrt(-2 * std::log(1 - uniform(random)));
  return radius * std::cos(2 * std::numbers::pi * uniform(random));
}

template <class T>
T from_double(double value) {
  if constexpr (std::is_same_v<T, bool>) {
    return value != 0;
  } else if constexpr (std::is_integral_v<T>) {
    constexpr auto kLow = static_cast<double>(std::numeric_limits<T>::min());
    constexpr auto kHigh = static_cast<double>(std::numeric_limits<T>::max());
    if (!(value > kLow)) return std::numeric_limits<T>::min();
    return value >= kHigh ? std::numeric_limits<T>::max() : static_cast<T>(value);
  } else if constexpr (std::is_constructible_v<T, int64_t> && !std::is_constructible_v<T, float>) {
    return T(static_cast<int64_t>(value));  // 4- and 2-bit integers
  } else {
    return T(static_cast<float>(value));
  }
}

// draw() gives the next element as a double.
template <class Draw>
Result<Tensor> filled(DType dtype, const Dims& dims, const Draw& draw) {
  THANE_ASSIGN(Tensor tensor, Tensor::allocate(dtype, dims));
  const auto fill = [&]<class T>() {
    for (int64_t i = 0; i < tensor.size(); ++i) tensor.data<T>()[i] = from_double<T>(draw());
  };
  if (dtype == DType::kFloat64) {
    for (int64_t i = 0; i < tensor.size(); ++i) tensor.data<double>()[i] = draw();
  } else if (dtype == DType::kInt4 || dtype == DType::kUInt4 || dtype == DType::kInt2 || dtype == DType::kUInt2) {
    dispatch<Int4, UInt4, Int2, UInt2>(dtype, [&]<class T>() {
      for (int64_t i = 0; i < tensor.size(); ++i) tensor.data<T>()[i] = T(static_cast<int64_t>(std::floor(draw())));
    });
  } else if (dtype == DType::kComplex64) {
    for (int64_t i = 0; i < 2 * tensor.size(); ++i) static_cast<float*>(tensor.raw())[i] = static_cast<float>(draw());
  } else if (dtype == DType::kComplex128) {
    for (int64_t i = 0; i < 2 * tensor.size(); ++i) static_cast<double*>(tensor.raw())[i] = draw();
  } else if (dtype == DType::kString) {
    for (std::string& text : tensor.span<std::string>()) text = format("{}", draw());
  } else {
    dispatch<float, Half, BFloat16, int8_t, uint8_t, int16_t, uint16_t, int32_t, uint32_t, int64_t, uint64_t, bool,
             Float8E4M3FN, Float8E4M3FNUZ, Float8E5M2, Float8E5M2FNUZ, Float8E8M0, Float4E2M1>(dtype, fill);
  }
  return tensor;
}

bool is_float(DType dtype) { return mask_of(dtype) & (kFloats | kFloat8s | kComplexes | mask_of(DType::kFloat4E2M1)); }

ValueRange default_range(DType dtype) {
  switch (dtype) {
    case DType::kInt8: return {-128, 128};
    case DType::kUInt8: return {0, 256};
    case DType::kInt4: return {-8, 8};
    case DType::kUInt4: return {0, 16};
    case DType::kInt2: return {-2, 2};
    case DType::kUInt2: return {0, 4};
    default: return {0, 2};
  }
}

// Rows of the constant table that `id`, or a plain reshaping or conversion of it, looks up.
std::optional<int64_t> table_rows(const Graph& graph, ValueId id) {
  std::vector<bool> follows(graph.values.size(), false);
  follows[id] = true;
  for (const Node& node : graph.nodes) {
    if (node.op->name == "Gather" && node.inputs.size() == 2 && node.inputs[1] != kNoValue && follows[node.inputs[1]]) {
      const Tensor* table = graph.constant(node.inputs[0]);
      if (table && table->rank() == 2) return table->dim(0);
    }
    constexpr std::string_view kPassing[] = {"Cast",    "Identity", "Reshape",  "Unsqueeze",
                                             "Squeeze", "Flatten",  "Transpose"};
    for (const auto name : kPassing) {
      if (node.op->name != name || node.inputs[0] == kNoValue || node.outputs[0] == kNoValue) continue;
      if (follows[node.inputs[0]]) follows[node.outputs[0]] = true;
    }
  }
  return std::nullopt;
}

bool looks_like_picture(const Type& type) {
  if (!type.dims || type.dims->size() != 4) return false;
  const auto channels = [&](size_t axis) { return (*type.dims)[axis].is_number(1) || (*type.dims)[axis].is_number(3); };
  return channels(1) || channels(3);
}

}  // namespace

std::optional<ValueRange> plausible_range(const Graph& graph, ValueId input) {
  const ValueInfo& info = graph.values[input];
  if (!info.type.is_tensor()) return std::nullopt;
  if (info.type.dtype == DType::kInt32 || info.type.dtype == DType::kInt64) {
    if (info.name.find("mask") != std::string::npos) return ValueRange{1, 2};
    if (const auto rows = table_rows(graph, input); rows && *rows > 0) return ValueRange{0, static_cast<double>(*rows)};
  }
  if (is_float(info.type.dtype) && looks_like_picture(info.type)) return ValueRange{0, 1};
  return std::nullopt;
}

Result<Tensor> random_tensor(DType dtype, const Dims& dims, std::optional<ValueRange> range, RandomSource& random) {
  if (!range && is_float(dtype)) return filled(dtype, dims, [&] { return normal(random); });
  const ValueRange drawn = range.value_or(default_range(dtype));
  const bool whole = !is_float(dtype);
  return filled(dtype, dims, [&] {
    const double value = drawn.low + uniform(random) * (drawn.high - drawn.low);
    return whole ? std::floor(value) : value;
  });
}

Result<Tensor> constant_tensor(DType dtype, const Dims& dims, double value) {
  return filled(dtype, dims, [&] { return value; });
}

}  // namespace thane
