#include "rivals/document.h"

#include <cmath>

namespace thane::rivals {
namespace {

constexpr int kDeepest = 64;

}  // namespace

Result<Document> parse_document(std::string_view text) {
  const auto shallow = [](int depth, Document::parse_event_t, Document&) { return depth <= kDeepest; };
  Document document = Document::parse(text, shallow, false);
  if (document.is_discarded()) return io_error("no valid JSON: " + std::string(text.substr(0, 80)));
  return document;
}

std::string to_text(const Document& document, int indent) {
  return document.dump(indent, ' ', false, Document::error_handler_t::replace);
}

const Document& member(const Document& document, std::string_view key) {
  static const Document kNothing;
  if (!document.is_object()) return kNothing;
  const auto found = document.find(key);
  return found == document.end() ? kNothing : *found;
}

double real(const Document& document, std::string_view key, double fallback) {
  const Document& value = member(document, key);
  return value.is_number() ? value.get<double>() : fallback;
}

int64_t integer(const Document& document, std::string_view key, int64_t fallback) {
  const Document& value = member(document, key);
  if (value.is_number_integer()) return value.get<int64_t>();
  if (!value.is_number_float()) return fallback;
  const double number = value.get<double>();
  return std::abs(number) < 9e18 ? static_cast<int64_t>(number) : fallback;
}

bool flag(const Document& document, std::string_view key, bool fallback) {
  const Document& value = member(document, key);
  return value.is_boolean() ? value.get<bool>() : fallback;
}

std::string text(const Document& document, std::string_view key, std::string_view fallback) {
  const Document& value = member(document, key);
  return value.is_string() ? value.get<std::string>() : std::string(fallback);
}

}  // namespace thane::rivals
