#include "cli/describe.h"

#include <cmath>
#include <complex>

#include "base/format.h"

namespace thane::cli {
namespace {

constexpr int64_t kShownElements = 6, kShownItems = 8;
constexpr DTypeMask kFractions = kFloats | kFloat8s | mask_of(DType::kFloat4E2M1);

std::complex<double> complex_at(const Tensor& tensor, int64_t i) {
  if (tensor.dtype() == DType::kComplex64) return tensor.data<std::complex<float>>()[i];
  return tensor.data<std::complex<double>>()[i];
}

bool is_complex(const Tensor& tensor) { return mask_of(tensor.dtype()) & kComplexes; }

std::string values_text(const Tensor& tensor) {
  std::string text;
  for (int64_t i = 0; i < std::min(tensor.size(), kShownElements); ++i)
    text += (i ? " " : "") + element_text(tensor, i);
  return tensor.size() > kShownElements ? text + " …" : text;
}

void add_tensor_fields(Json& json, const Tensor& tensor, int64_t most) {
  json.field("dtype", dtype_name(tensor.dtype())).field("shape", tensor.dims());
  if (const auto found = statistics(tensor)) {
    if (tensor.dtype() == DType::kFloat32) {  // shorter, and the same numbers
      json.field("min", static_cast<float>(found->min)).field("max", static_cast<float>(found->max));
    } else {
      json.field("min", found->min).field("max", found->max);
    }
    json.field("mean", found->mean);
    if (found->not_finite > 0) json.field("not_finite", found->not_finite);
  }
  if (tensor.size() > most) return;
  json.key("values").begin_array();
  for (int64_t i = 0; i < tensor.size(); ++i) {
    if (tensor.dtype() == DType::kString)
      json.value(tensor.data<std::string>()[i]);
    else if (tensor.dtype() == DType::kBool)
      json.value(tensor.data<bool>()[i]);
    else if (tensor.dtype() == DType::kUInt64)
      json.value(tensor.data<uint64_t>()[i]);
    else if (tensor.dtype() == DType::kFloat64)
      json.value(tensor.data<double>()[i]);
    else if (is_complex(tensor))
      json.value(std::vector<double>{complex_at(tensor, i).real(), complex_at(tensor, i).imag()});
    else if (mask_of(tensor.dtype()) & kFractions)
      json.value(static_cast<float>(tensor.as_double(i)));
    else
      json.value(tensor.as_int64(i));
  }
  json.end_array();
}

}  // namespace

std::string element_text(const Tensor& tensor, int64_t i) {
  constexpr size_t kMostText = 24;
  if (tensor.dtype() == DType::kString) {
    const std::string& text = tensor.data<std::string>()[i];
    return text.size() > kMostText ? "\"" + text.substr(0, kMostText) + "…\"" : "\"" + text + "\"";
  }
  if (tensor.dtype() == DType::kBool) return tensor.data<bool>()[i] ? "true" : "false";
  if (tensor.dtype() == DType::kUInt64) return format("{}", tensor.data<uint64_t>()[i]);
  if (is_complex(tensor)) {
    const auto value = complex_at(tensor, i);
    return format("{:.5g}{:+.5g}i", value.real(), value.imag());
  }
  return mask_of(tensor.dtype()) & kFractions ? format("{:.5g}", tensor.as_double(i))
                                              : format("{}", tensor.as_int64(i));
}

std::optional<Statistics> statistics(const Tensor& tensor) {
  if (tensor.size() == 0 || tensor.dtype() == DType::kString || is_complex(tensor)) return std::nullopt;
  Statistics out;
  double sum = 0;
  int64_t finite = 0;
  for (int64_t i = 0; i < tensor.size(); ++i) {
    const double value = tensor.as_double(i);
    if (!std::isfinite(value)) continue;
    out.min = finite ? std::min(out.min, value) : value;
    out.max = finite ? std::max(out.max, value) : value;
    sum += value;
    ++finite;
  }
  out.not_finite = tensor.size() - finite;
  if (finite == 0)
    out.min = out.max = out.mean = std::nan("");
  else
    out.mean = sum / static_cast<double>(finite);
  return out;
}

void add_heading(Table& table) { table.add({"name", "type", "min", "max", "mean", "values"}); }

void add_rows(Table& table, const std::string& name, const Value& value) {
  if (value.is_tensor()) {
    const Tensor& tensor = value.tensor();
    const std::string type = value.type().to_string();
    if (const auto found = statistics(tensor)) {
      std::string values = values_text(tensor);
      if (found->not_finite > 0) values += format(" ({} not finite)", found->not_finite);
      table.add(
          {name, type, number_text(found->min, 5), number_text(found->max, 5), number_text(found->mean, 5), values});
    } else {
      table.add({name, type, "", "", "", values_text(tensor)});
    }
  } else if (value.is_sequence()) {
    const auto& items = value.sequence().items;
    table.add({name, format("sequence of {}", items.size()), "", "", "", ""});
    for (size_t i = 0; i < std::min<size_t>(items.size(), kShownItems); ++i)
      add_rows(table, format("{}[{}]", name, i), items[i]);
    if (items.size() > kShownItems) table.add({name + "[…]", "", "", "", "", ""});
  } else if (value.is_map()) {
    table.add({name, format("map of {}", value.map().keys.size()), "", "", "", ""});
    add_rows(table, name + ".keys", Value(value.map().keys));
    add_rows(table, name + ".values", Value(value.map().values));
  } else {
    table.add({name, "none", "", "", "", ""});
  }
}

void add_fields(Json& json, const Value& value, int64_t most) {
  if (value.is_tensor()) {
    json.field("kind", "tensor");
    add_tensor_fields(json, value.tensor(), most);
  } else if (value.is_sequence()) {
    json.field("kind", "sequence").key("items").begin_array();
    for (const Value& item : value.sequence().items) {
      json.begin_object();
      add_fields(json, item, most);
      json.end_object();
    }
    json.end_array();
  } else if (value.is_map()) {
    json.field("kind", "map").key("keys").begin_object();
    add_tensor_fields(json, value.map().keys, most);
    json.end_object().key("values").begin_object();
    add_tensor_fields(json, value.map().values, most);
    json.end_object();
  } else {
    json.field("kind", "none");
  }
}

}  // namespace thane::cli
