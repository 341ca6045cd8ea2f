#include "formats/torch/export/document.h"

#include <limits>

#include "formats/torch/aten/lowering.h"

namespace thane::torch {
namespace {

using aten::fail;

constexpr int kMostDepth = 100;

[[noreturn]] void mismatch(const Json& found, const char* expected) {
  fail(invalid_model(format("{} in the program's JSON", found.type_name())).expecting(expected));
}

// Sums and products of symbols and integers, as sympy prints them; anything else is unknown.
class Expression {
 public:
  explicit Expression(std::string_view text) : text_(text) {}
  Dim read() {
    const Dim dim = sum(0);
    skip();
    return failed_ || at_ != text_.size() ? Dim::unknown() : dim;
  }

 private:
  void skip() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  bool take(char c) {
    skip();
    if (at_ < text_.size() && text_[at_] == c) return ++at_, true;
    return false;
  }
  Dim sum(int depth) {
    Dim total = take('-') ? Dim(0) - product(depth) : product(depth);
    while (!failed_) {
      if (take('+'))
        total = total + product(depth);
      else if (take('-'))
        total = total - product(depth);
      else
        break;
    }
    return total;
  }
  Dim product(int depth) {
    Dim result = atom(depth);
    while (!failed_) {
      if (text_.substr(at_).starts_with("**")) return failed_ = true, Dim::unknown();
      if (take('*')) {
        result = result * atom(depth);
        continue;
      }
      skip();
      if (!text_.substr(at_).starts_with("//")) break;
      at_ += 2;
      result = Dim::floor_div(result, atom(depth));
    }
    return result;
  }
  Dim atom(int depth) {
    skip();
    if (depth > 50 || at_ >= text_.size()) return failed_ = true, Dim::unknown();
    if (take('(')) {
      const Dim inner = sum(depth + 1);
      if (!take(')')) failed_ = true;
      return inner;
    }
    const size_t begin = at_;
    if (std::isdigit(static_cast<unsigned char>(text_[at_]))) {
      int64_t value = 0;
      for (; at_ < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at_])); ++at_) {
        if (value > 1000000000000000) return failed_ = true, Dim::unknown();
        value = value * 10 + (text_[at_] - '0');
      }
      return value;
    }
    const auto letter = [&] {
      return at_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[at_])) || text_[at_] == '_');
    };
    while (letter()) ++at_;
    skip();
    // A function of symbols (FloorDiv(s0, 2), Max(1, s0)): not followed further.
    if (at_ == begin || (at_ < text_.size() && text_[at_] == '(')) return failed_ = true, Dim::unknown();
    std::string_view name = text_.substr(begin, at_ - begin);
    while (name.ends_with(' ')) name.remove_suffix(1);
    return Dim::symbol(std::string(name));
  }

  std::string_view text_;
  size_t at_ = 0;
  bool failed_ = false;
};

}  // namespace

Result<Json> parse_json(std::string_view text) {
  bool deep = false;
  const auto watch = [&](int depth, Json::parse_event_t, Json&) {
    deep |= depth > kMostDepth;
    return !deep;
  };
  Json json = Json::parse(text.begin(), text.end(), watch, /*allow_exceptions=*/false);
  if (deep) return resource_limit("JSON nested too deeply");
  if (json.is_discarded()) return invalid_model("the program is no JSON");
  return json;
}

const Json* find(const Json& object, const char* key) {
  if (!object.is_object()) mismatch(object, "an object");
  const auto found = object.find(key);
  return found == object.end() || found->is_null() ? nullptr : &*found;
}

const Json& member(const Json& object, const char* key) {
  const Json* value = find(object, key);
  if (!value) fail(invalid_model(format("'{}' is missing from the program", key)));
  return *value;
}

const Json& array(const Json& object, const char* key) {
  const Json& value = member(object, key);
  if (!value.is_array()) mismatch(value, "an array");
  return value;
}

std::string text(const Json& value) {
  if (!value.is_string()) mismatch(value, "a string");
  return value.get_ref<const std::string&>();
}

int64_t integer(const Json& value) {
  if (value.is_number_unsigned()) {
    const auto number = value.get<uint64_t>();
    if (number > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) mismatch(value, "an integer of 64 bits");
    return static_cast<int64_t>(number);
  }
  if (!value.is_number_integer()) mismatch(value, "an integer");
  return value.get<int64_t>();
}

double real(const Json& value) {
  if (value.is_number()) return value.get<double>();
  if (value.is_string()) {
    const auto& word = value.get_ref<const std::string&>();
    if (word == "Infinity") return std::numeric_limits<double>::infinity();
    if (word == "-Infinity") return -std::numeric_limits<double>::infinity();
    if (word == "NaN") return std::numeric_limits<double>::quiet_NaN();
  }
  mismatch(value, "a number");
}

bool flag(const Json& value) {
  if (!value.is_boolean()) mismatch(value, "true or false");
  return value.get<bool>();
}

// Writers of other schema versions list every alternative, all but one null.
Tagged tagged(const Json& value) {
  if (!value.is_object()) mismatch(value, "an object");
  for (const auto& [key, inner] : value.items()) {
    if (!inner.is_null()) return {key, inner};
  }
  fail(invalid_model("an argument of no kind"));
}

Dim dim_of(const Json& size) {
  const Tagged dim = tagged(size);
  if (dim.tag == "as_int") {
    const int64_t value = integer(dim.value);
    if (value < 0) fail(invalid_model(format("a dimension of {}", value)));
    return value;
  }
  return Expression(text(member(dim.value, "expr_str"))).read();
}

Type type_of(const Json& tensor_meta) {
  const int64_t code = integer(member(tensor_meta, "dtype"));
  const auto c10 = aten::c10_of_export(code);
  const auto dtype = c10 ? aten::dtype_of_c10(*c10) : std::nullopt;
  if (!dtype) fail(unsupported(format("element type number {}", code)));
  SymDims dims;
  for (const Json& size : array(tensor_meta, "sizes")) dims.push_back(dim_of(size));
  return Type::tensor(*dtype, std::move(dims));
}

}  // namespace thane::torch
