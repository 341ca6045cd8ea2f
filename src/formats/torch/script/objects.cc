#include "formats/torch/script/objects.h"

#include <cmath>

#include "base/format.h"

namespace thane::torchscript {

bool same(const Value& a, const Value& b, int depth) {
  if (a.is_none() || b.is_none()) return a.is_none() && b.is_none();
  if (a.is_bool() && b.is_bool()) return a.boolean() == b.boolean();
  if (a.is_int() && b.is_int()) return a.integer() == b.integer();
  if (a.is_float() && b.is_float()) {
    return a.real() == b.real() ? std::signbit(a.real()) == std::signbit(b.real())
                                : std::isnan(a.real()) && std::isnan(b.real());
  }
  if (a.is_complex() && b.is_complex()) return a.complex() == b.complex();
  if (a.is_string() && b.is_string()) return a.string() == b.string();
  if (a.is_symbol() && b.is_symbol()) return a.symbol() == b.symbol();
  if (a.is_tensor() && b.is_tensor()) return a.tensor() == b.tensor();
  if (a.is_list() && b.is_list()) return a.list() == b.list();
  if (a.is_dict() && b.is_dict()) return a.dict() == b.dict();
  if (a.is_object() && b.is_object()) return a.object() == b.object();
  if (!a.is_tuple() || !b.is_tuple() || a.tuple().size() != b.tuple().size()) return false;
  if (&a.tuple() == &b.tuple()) return true;
  if (depth > kMostValueNesting) return false;
  for (size_t i = 0; i < a.tuple().size(); ++i) {
    if (!same(a.tuple()[i], b.tuple()[i], depth + 1)) return false;
  }
  return true;
}

namespace {

constexpr size_t kLongestText = 2000;

void append_joined(const std::vector<Value>& items, std::string& text, int depth) {
  for (size_t i = 0; i < items.size() && text.size() < kLongestText; ++i) {
    if (i) text += ", ";
    text += items[i].is_string() ? format("'{}'", items[i].string()) : to_text(items[i], depth + 1);
  }
}

std::string real_text(double value) {
  if (std::isnan(value)) return "nan";
  if (std::isinf(value)) return value > 0 ? "inf" : "-inf";
  std::string text = format("{}", value);
  if (text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

}  // namespace

bool is_container(const Value& value) {
  return value.is_list() || value.is_tuple() || value.is_dict() || value.is_object();
}

bool nests_too_deeply(const Value& value, int depth) {
  if (!value.items() && !value.is_dict()) return false;
  if (depth > kMostValueNesting) return true;
  if (const auto* items = value.items()) {
    for (const Value& item : *items) {
      if (nests_too_deeply(item, depth + 1)) return true;
    }
    return false;
  }
  for (const auto& [key, item] : value.dict()->items) {
    if (nests_too_deeply(item, depth + 1)) return true;
  }
  return false;
}

std::string to_text(const Value& value, int depth) {
  if (depth > kMostValueNesting) return "...";
  if (value.is_none()) return "None";
  if (value.is_bool()) return value.boolean() ? "True" : "False";
  if (value.is_int()) return std::to_string(value.integer());
  if (value.is_float()) return real_text(value.real());
  if (value.is_complex()) return format("({}+{}j)", value.complex().real(), value.complex().imag());
  if (value.is_string()) return value.string();
  if (value.is_list() || value.is_tuple()) {
    std::string text(1, value.is_list() ? '[' : '(');
    append_joined(*value.items(), text, depth);
    if (value.is_tuple() && value.tuple().size() == 1) text += ',';
    return text + (value.is_list() ? ']' : ')');
  }
  if (value.is_dict()) {
    std::string text = "{";
    for (const auto& [key, item] : value.dict()->items) {
      if (text.size() > 1) text += ", ";
      append_joined({key}, text, depth);
      text += ": ";
      append_joined({item}, text, depth);
    }
    return text + "}";
  }
  return format("<{}>", value.kind());
}

}  // namespace thane::torchscript
