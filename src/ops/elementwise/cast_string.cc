#include "ops/elementwise/cast_string.h"

#include <charconv>
#include <cmath>

#include "base/format.h"
#include "ops/convert.h"

namespace thane {
namespace {

template <class T>
std::string text_of(T value) {
  if constexpr (std::is_floating_point_v<T>) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value > 0 ? "INF" : "-INF";
  }
  char buffer[40];
  std::to_chars_result end;
  if constexpr (std::is_floating_point_v<T>) {
    // Plain notation wherever people would write it; the shorter one would make 100000 into 1e+05.
    const bool plain = value == 0 || (std::fabs(value) >= T(1e-4) && std::fabs(value) < T(1e16));
    end = std::to_chars(buffer, buffer + sizeof buffer, value,
                        plain ? std::chars_format::fixed : std::chars_format::scientific);
  } else {
    end = std::to_chars(buffer, buffer + sizeof buffer, value);
  }
  return std::string(buffer, end.ptr);
}

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  text = text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
  // from_chars knows no plus sign; "+-1" must stay wrong.
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  return text;
}

template <class T>
bool parse(std::string_view text, T& value) {
  const auto end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value);
  if constexpr (std::is_floating_point_v<T>) {
    // Out of range: from_chars leaves the value alone. strtod's answers are infinity and zero.
    if (result.ec == std::errc::result_out_of_range && result.ptr == end) {
      value = static_cast<T>(std::strtod(std::string(text).c_str(), nullptr));
      return true;
    }
  }
  return result.ec == std::errc() && result.ptr == end;
}

}  // namespace

void numbers_to_strings(const Tensor& numbers, const Tensor& strings) {
  const DType wide = wide_dtype(numbers.dtype());
  dispatch<float, double, int64_t, uint64_t>(wide, [&]<class T>() {
    for (int64_t i = 0; i < numbers.size(); ++i) {
      T value;
      convert_elements(numbers.dtype(), element(numbers, i), wide, &value, 1);
      strings.data<std::string>()[i] = text_of(value);
    }
  });
}

Status strings_to_numbers(const Tensor& strings, const Tensor& numbers) {
  const DType to = numbers.dtype();
  const bool to_float = mask_of(wide_dtype(to)) & kFloats;
  for (int64_t i = 0; i < strings.size(); ++i) {
    const std::string_view text = trimmed(strings.data<std::string>()[i]);
    int64_t integer = 0;
    uint64_t natural = 0;
    float single = 0;
    double real = 0;
    if (!to_float && parse(text, integer)) {
      convert_elements(DType::kInt64, &integer, to, mutable_element(numbers, i), 1);
    } else if (to == DType::kUInt64 && parse(text, natural)) {
      numbers.data<uint64_t>()[i] = natural;
    } else if (to == DType::kFloat32 && parse(text, single)) {
      numbers.data<float>()[i] = single;
    } else if (parse(text, real)) {
      convert_elements(DType::kFloat64, &real, to, mutable_element(numbers, i), 1);
    } else {
      return runtime_error(
                 format("cannot cast the string '{}' (element {}) to {}", text.substr(0, 64), i, dtype_name(to)))
          .expecting("a decimal number, INF, -INF or NaN");
    }
  }
  return ok();
}

}  // namespace thane
