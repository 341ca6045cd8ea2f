#include "ir/attrs.h"

#include <algorithm>
#include <array>

#include "base/format.h"
#include "ir/type.h"

namespace thane {
namespace {

constexpr std::array<std::string_view, 8> kKindNames = {"int",  "float",  "string",  "tensor",
                                                        "ints", "floats", "strings", "tensors"};

std::string quote(const std::string& text) {
  constexpr size_t kLongest = 60;
  std::string out = "\"";
  for (const char c : text.substr(0, kLongest)) {
    out += static_cast<unsigned char>(c) < 0x20 || c == '"' ? '?' : c;
  }
  return out + (text.size() > kLongest ? "…\"" : "\"");
}

std::string print(int64_t v) { return std::to_string(v); }
std::string print(float v) { return format("{}", v); }
std::string print(const std::string& v) { return quote(v); }
std::string print(const Tensor& v) {
  if (v.dtype() == DType::kInt64 && v.size() <= 8) {
    return to_string(Dims(v.data<int64_t>(), v.data<int64_t>() + v.size()));
  }
  return Type::tensor(v.dtype(), to_symbolic(v.dims())).to_string();
}
template <class T>
std::string print(const std::vector<T>& v) {
  constexpr size_t kMost = 12;
  std::string out = "[";
  for (size_t i = 0; i < std::min(v.size(), kMost); ++i) out += (i ? ", " : "") + print(v[i]);
  return out + (v.size() > kMost ? format(", … {} in all]", v.size()) : "]");
}

}  // namespace

bool identical(const AttrValue& a, const AttrValue& b) {
  if (a.index() != b.index()) return false;
  if (const auto* x = std::get_if<Tensor>(&a)) return identical(*x, std::get<Tensor>(b));
  if (const auto* x = std::get_if<std::vector<Tensor>>(&a)) {
    const auto& y = std::get<std::vector<Tensor>>(b);
    return std::equal(x->begin(), x->end(), y.begin(), y.end(),
                      [](const Tensor& s, const Tensor& t) { return identical(s, t); });
  }
  return std::visit(
      [&]<class T>(const T& x) {
        if constexpr (std::same_as<T, Tensor> || std::same_as<T, std::vector<Tensor>>)
          return false;
        else
          return x == std::get<T>(b);
      },
      a);
}

bool identical(const AttrMap& a, const AttrMap& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const auto& x, const auto& y) { return x.first == y.first && identical(x.second, y.second); });
}

std::string to_string(const AttrMap& attrs) {
  std::string out;
  for (const auto& [name, value] : attrs) {
    if (!out.empty()) out += " ";
    out += name + "=" + std::visit([](const auto& v) { return print(v); }, value);
  }
  return out;
}

namespace attrs_detail {

Error wrong_type(std::string_view name, const AttrValue& found, std::string_view expected) {
  return invalid_model(format("attribute '{}' is of kind {}", name, kKindNames[found.index()]))
      .expecting(std::string(expected));
}

Error missing(std::string_view name) { return invalid_model(format("attribute '{}' is missing", name)); }

Error unknown_choice(std::string_view name, const std::string& found, std::span<const std::string_view> names) {
  std::string expected;
  for (const auto& choice : names) expected += (expected.empty() ? "" : "|") + std::string(choice);
  return invalid_model(format("attribute '{}' is {}", name, quote(found))).expecting(std::move(expected));
}

Error unknown_attribute(const std::string& name) {
  return invalid_model(format("attribute {} is not one of this op", quote(name)));
}

Error bad_dtype(std::string_view name, int64_t code) {
  return invalid_model(format("attribute '{}' is {}, which is no data type", name, code));
}

Status Reader::finish() const {
  if (error_) return Error(*error_);
  if (used_ == map_.size()) return ok();
  for (const auto& [name, value] : map_) {
    if (std::find(names_.begin(), names_.end(), name) == names_.end()) return unknown_attribute(name);
  }
  return ok();
}

AttrMap without_defaults(Writer&& written, const AttrMap& defaults) {
  std::erase_if(written.map, [&](const auto& item) {
    if (std::find(written.kept.begin(), written.kept.end(), item.first) != written.kept.end()) return false;
    const auto found = defaults.find(item.first);
    return found != defaults.end() && identical(item.second, found->second);
  });
  return std::move(written.map);
}

}  // namespace attrs_detail
}  // namespace thane
