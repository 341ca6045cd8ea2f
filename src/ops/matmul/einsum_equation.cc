#include "ops/matmul/einsum_equation.h"

#include <algorithm>
#include <array>

#include "base/format.h"

namespace thane {
namespace {

constexpr char kDots = '.';  // an ellipsis, once a term is compact

Error bad_equation(const std::string& equation, std::string what) {
  return invalid_model(format("equation \"{}\": {}", equation.substr(0, 80), what))
      .expecting("letters, ',', '...' and at most one '->'");
}

// A term without spaces, an ellipsis as one dot.
Result<std::string> compact(const std::string& equation, std::string_view term) {
  std::string out;
  for (size_t i = 0; i < term.size(); ++i) {
    const char c = term[i];
    if (c == ' ') continue;
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (letter) {
      out += c;
    } else if (term.substr(i, 3) == "...") {
      if (out.find(kDots) != std::string::npos) return bad_equation(equation, "two ellipses in one term");
      out += kDots;
      i += 2;
    } else {
      return bad_equation(equation, format("unexpected character at \"{}\"", term.substr(i, 8)));
    }
  }
  return out;
}

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (;;) {
    const size_t at = text.find(separator);
    parts.push_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

void append_term(const std::string& term, size_t ellipsis_rank, std::vector<EinsumLabel>& labels) {
  for (const char c : term) {
    if (c != kDots) {
      labels.push_back(static_cast<unsigned char>(c));
      continue;
    }
    for (size_t i = ellipsis_rank; i-- > 0;) labels.push_back(kEllipsisLabel + static_cast<EinsumLabel>(i));
  }
}

std::string implicit_output(const std::vector<std::string>& terms) {
  std::array<int, 256> count{};
  for (const std::string& term : terms) {
    for (const char c : term) ++count[static_cast<unsigned char>(c)];
  }
  std::string out = count[kDots] ? std::string(1, kDots) : "";
  for (int c = 'A'; c <= 'z'; ++c) {
    if (count[static_cast<size_t>(c)] == 1) out += static_cast<char>(c);
  }
  return out;
}

Status check_output(const std::string& equation, const std::string& output, const std::vector<std::string>& terms) {
  for (size_t i = 0; i < output.size(); ++i) {
    if (output.find(output[i], i + 1) != std::string::npos) {
      return bad_equation(equation, format("'{}' stands twice in the output", output[i]));
    }
    if (output[i] == kDots) continue;
    const bool known = std::any_of(terms.begin(), terms.end(),
                                   [&](const std::string& term) { return term.find(output[i]) != std::string::npos; });
    if (!known) return bad_equation(equation, format("no operand has the output's '{}'", output[i]));
  }
  return ok();
}

}  // namespace

Result<EinsumTerms> parse_einsum(const std::string& equation, const std::vector<size_t>& ranks) {
  const std::string_view text = equation;
  const size_t arrow = text.find("->");
  std::vector<std::string> terms;
  for (const std::string_view part : split(text.substr(0, arrow), ',')) {
    THANE_ASSIGN(std::string term, compact(equation, part));
    terms.push_back(std::move(term));
  }
  if (terms.size() != ranks.size()) {
    return bad_equation(equation, format("{} terms for {} operands", terms.size(), ranks.size()));
  }
  EinsumTerms out;
  out.inputs.resize(terms.size());
  size_t widest = 0;
  for (size_t i = 0; i < terms.size(); ++i) {
    const bool dots = terms[i].find(kDots) != std::string::npos;
    const size_t letters = terms[i].size() - (dots ? 1 : 0);
    if (ranks[i] < letters || (!dots && ranks[i] != letters)) {
      return bad_equation(equation, format("term {} has {} letters, the operand has rank {}", i, letters, ranks[i]));
    }
    append_term(terms[i], ranks[i] - letters, out.inputs[i]);
    widest = std::max(widest, ranks[i] - letters);
  }
  std::string output;
  if (arrow == std::string_view::npos) {
    output = implicit_output(terms);
  } else {
    THANE_ASSIGN(output, compact(equation, text.substr(arrow + 2)));
    THANE_TRY(check_output(equation, output, terms));
  }
  append_term(output, widest, out.output);
  return out;
}

}  // namespace thane
