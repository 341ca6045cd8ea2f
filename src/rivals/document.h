// JSON as data: what workers answer, manifests, records. Answers come from other processes and are not trusted, so
// values are read through these functions, which never throw and fall back where a key is absent or of another kind.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <nlohmann/json.hpp>

#include "base/result.h"

namespace thane::rivals {

using Document = nlohmann::ordered_json;  // keys stay in the order in which they were written

Result<Document> parse_document(std::string_view text);
// Text that is always valid UTF-8. `indent` < 0: on one line.
std::string to_text(const Document& document, int indent = -1);

double real(const Document& document, std::string_view key, double fallback = 0);
int64_t integer(const Document& document, std::string_view key, int64_t fallback = 0);
bool flag(const Document& document, std::string_view key, bool fallback = false);
std::string text(const Document& document, std::string_view key, std::string_view fallback = "");
// An element or member; a null document when it is not there.
const Document& member(const Document& document, std::string_view key);

}  // namespace thane::rivals
