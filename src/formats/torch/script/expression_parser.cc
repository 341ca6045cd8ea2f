#include "formats/torch/script/expression_parser.h"

#include <algorithm>
#include <charconv>
#include <limits>

#include "base/format.h"
#include "formats/torch/script/parser.h"

namespace thane::torchscript {
namespace {

struct Operator {
  std::string_view text;
  int strength;
  bool right = false;
};
constexpr int kPower = 11, kWeakest = 1;
constexpr Operator kOperators[] = {{"or", 1}, {"and", 2}, {"in", 4},  {"is", 4}, {"not", 4}, {"==", 4},
                                   {"!=", 4}, {"<", 4},   {"<=", 4},  {">", 4},  {">=", 4},  {"|", 5},
                                   {"^", 6},  {"&", 7},   {"<<", 8},  {">>", 8}, {"+", 9},   {"-", 9},
                                   {"*", 10}, {"/", 10},  {"//", 10}, {"%", 10}, {"@", 10},  {"**", 12, true}};

constexpr std::string_view kKeywords[] = {"and",  "or",    "not",   "in",     "is",     "if",     "else",  "elif",
                                          "for",  "while", "def",   "class",  "return", "pass",   "break", "continue",
                                          "with", "as",    "raise", "assert", "import", "lambda", "from"};

bool is_keyword(std::string_view text) {
  return std::find(std::begin(kKeywords), std::end(kKeywords), text) != std::end(kKeywords);
}

}  // namespace

Error ExpressionParser::error(std::string what) const {
  const std::string_view found = current().kind == Token::Kind::kEnd       ? "the end of the file"
                                 : current().kind == Token::Kind::kNewline ? "the end of the line"
                                                                           : current().text.substr(0, 40);
  return invalid_model(format("{}, at '{}'", what, found)).at(format("line {}", current().line));
}

Result<ExpressionParser::Nesting> ExpressionParser::nest() {
  if (depth_ >= kMostNesting) return error("code that is nested too deeply");
  return Nesting(depth_);
}

bool ExpressionParser::accept(std::string_view text) {
  if (!current().is(text)) return false;
  advance();
  return true;
}

Status ExpressionParser::expect(std::string_view text) {
  if (accept(text)) return ok();
  return error("something else").expecting(format("'{}'", text));
}

Result<std::string_view> ExpressionParser::name() {
  if (current().kind != Token::Kind::kName || is_keyword(current().text)) return error("no name");
  const std::string_view text = current().text;
  advance();
  return text;
}

Status ExpressionParser::spend() {
  if (budget_ == 0) return resource_limit("more code than thane reads").at(format("line {}", current().line));
  --budget_;
  return ok();
}

Result<Expr*> ExpressionParser::make(ExprKind kind, std::vector<const Expr*> items, std::string_view text) {
  THANE_TRY(spend());
  int depth = 1;
  for (const Expr* item : items) depth = std::max(depth, item ? item->depth + 1 : 1);
  if (depth > kMostNesting) return error("an expression that is nested too deeply");
  unit_.exprs.emplace_back();
  Expr& made = unit_.exprs.back();
  made.kind = kind;
  made.depth = static_cast<uint16_t>(depth);
  made.line = current().line;
  made.text = text;
  made.items = std::move(items);
  return &made;
}

bool ExpressionParser::starts_expression() const {
  switch (current().kind) {
    case Token::Kind::kName: return !is_keyword(current().text) || current().text == "not";
    case Token::Kind::kSymbol: {
      const std::string_view text = current().text;
      return text == "(" || text == "[" || text == "{" || text == "-" || text == "+" || text == "~" || text == "...";
    }
    case Token::Kind::kInt:
    case Token::Kind::kFloat:
    case Token::Kind::kImaginary:
    case Token::Kind::kString: return true;
    default: return false;
  }
}

Result<const Expr*> ExpressionParser::list_of(Result<const Expr*> (ExpressionParser::*item)()) {
  THANE_ASSIGN(const Expr* first, (this->*item)());
  if (!current().is(",")) return first;
  std::vector<const Expr*> items = {first};
  while (accept(",") && starts_expression()) {
    THANE_ASSIGN(const Expr* next, (this->*item)());
    items.push_back(next);
  }
  THANE_ASSIGN(const Expr* tuple, make(ExprKind::kTuple, std::move(items)));
  return tuple;
}

Result<const Expr*> ExpressionParser::expression_list() { return list_of(&ExpressionParser::expression); }
Result<const Expr*> ExpressionParser::target_list() { return list_of(&ExpressionParser::primary); }

Status ExpressionParser::check_target(const Expr& target) const {
  switch (target.kind) {
    case ExprKind::kName:
    case ExprKind::kAttribute:
    case ExprKind::kSubscript: return ok();
    case ExprKind::kTuple:
    case ExprKind::kList:
      for (const Expr* item : target.items) THANE_TRY(check_target(*item));
      return ok();
    default: return error("an assignment to something that is no variable");
  }
}

Result<const Expr*> ExpressionParser::expression() {
  THANE_ASSIGN(const Nesting nesting, nest());
  THANE_ASSIGN(const Expr* value, operators(kWeakest));
  if (!accept("if")) return value;
  THANE_ASSIGN(const Expr* condition, operators(kWeakest));
  THANE_TRY(expect("else"));
  THANE_ASSIGN(const Expr* otherwise, expression());
  THANE_ASSIGN(const Expr* ternary, make(ExprKind::kTernary, {condition, value, otherwise}));
  return ternary;
}

Result<const Expr*> ExpressionParser::operators(int lowest) {
  const bool negated = lowest <= 3 && current().is("not");
  const Expr* left = nullptr;
  if (negated) {
    THANE_ASSIGN(const Nesting nesting, nest());
    advance();
    THANE_ASSIGN(const Expr* value, operators(3));
    THANE_ASSIGN(left, make(ExprKind::kUnary, {value}, "not"));
  } else {
    THANE_ASSIGN(left, unary());
  }
  while (true) {
    const Operator* found = nullptr;
    for (const Operator& candidate : kOperators) {
      if (current().is(candidate.text)) found = &candidate;
    }
    if (!found || found->strength < lowest) return left;
    std::string_view text = found->text;
    advance();
    if (text == "not") {
      THANE_TRY(expect("in"));
      text = "not in";
    } else if (text == "is" && accept("not")) {
      text = "is not";
    }
    THANE_ASSIGN(const Nesting nesting, nest());
    THANE_ASSIGN(const Expr* right, operators(found->right ? found->strength : found->strength + 1));
    THANE_ASSIGN(left, make(ExprKind::kBinary, {left, right}, text));
  }
}

Result<const Expr*> ExpressionParser::unary() {
  if (!current().is("-") && !current().is("+") && !current().is("~")) return primary();
  THANE_ASSIGN(const Nesting nesting, nest());
  const std::string_view text = current().text;
  advance();
  // -9223372036854775808 is one number, though its digits alone do not fit.
  if (text == "-" && current().kind == Token::Kind::kInt && current().text == "9223372036854775808") {
    advance();
    THANE_ASSIGN(Expr * least, make(ExprKind::kInt));
    least->integer = std::numeric_limits<int64_t>::min();
    return least;
  }
  THANE_ASSIGN(const Expr* value, operators(kPower));
  THANE_ASSIGN(const Expr* made, make(ExprKind::kUnary, {value}, text));
  return made;
}

Result<const Expr*> ExpressionParser::primary() {
  THANE_ASSIGN(const Expr* value, atom());
  while (true) {
    if (accept(".")) {
      if (current().kind != Token::Kind::kName) return error("no attribute's name");
      const std::string_view attribute = current().text;
      advance();
      THANE_ASSIGN(value, make(ExprKind::kAttribute, {value}, attribute));
    } else if (current().is("(")) {
      THANE_ASSIGN(value, call(value));
    } else if (current().is("[")) {
      THANE_ASSIGN(value, subscript(value));
    } else {
      return value;
    }
  }
}

Result<const Expr*> ExpressionParser::call(const Expr* callee) {
  advance();
  std::vector<const Expr*> items = {callee};
  std::vector<std::string_view> keywords;
  while (!current().is(")")) {
    if (current().kind == Token::Kind::kName && tokens_[at_ + 1].is("=")) {
      keywords.push_back(current().text);
      advance(), advance();
    } else if (!keywords.empty()) {
      return error("an argument without a name behind one that has one");
    }
    THANE_ASSIGN(const Expr* argument, expression());
    items.push_back(argument);
    if (items.size() == 2 && keywords.empty() && current().is("for")) {
      THANE_ASSIGN(items[1], comprehension(ExprKind::kListComp, {argument}, ")"));
      THANE_ASSIGN(const Expr* made, make(ExprKind::kCall, std::move(items)));
      return made;
    }
    if (!accept(",") && !current().is(")")) return error("an argument list that goes on strangely");
  }
  THANE_ASSIGN(Expr * made, make(ExprKind::kCall, std::move(items)));
  advance();
  made->keywords = std::move(keywords);
  return made;
}

Result<const Expr*> ExpressionParser::subscript(const Expr* value) {
  advance();
  if (accept("]")) {  // "Tuple[]"
    THANE_ASSIGN(const Expr* empty, make(ExprKind::kTuple));
    THANE_ASSIGN(const Expr* made, make(ExprKind::kSubscript, {value, empty}));
    return made;
  }
  THANE_ASSIGN(const Expr* index, list_of(&ExpressionParser::slice_or_index));
  THANE_TRY(expect("]"));
  THANE_ASSIGN(const Expr* made, make(ExprKind::kSubscript, {value, index}));
  return made;
}

Result<const Expr*> ExpressionParser::slice_or_index() {
  std::vector<const Expr*> parts(3, nullptr);
  size_t colons = 0;
  while (true) {
    if (!current().is(":") && !current().is("]") && !current().is(",")) {
      THANE_ASSIGN(parts[colons], expression());
    }
    if (colons == 2 || !accept(":")) break;
    ++colons;
  }
  if (colons == 0) {
    if (!parts[0]) return error("an index without a value");
    return parts[0];
  }
  THANE_ASSIGN(const Expr* slice, make(ExprKind::kSlice, std::move(parts)));
  return slice;
}

Result<const Expr*> ExpressionParser::atom() {
  switch (current().kind) {
    case Token::Kind::kInt:
    case Token::Kind::kFloat:
    case Token::Kind::kImaginary: return number();
    case Token::Kind::kString: return string();
    case Token::Kind::kName: {
      if (is_keyword(current().text)) return error("no expression");
      const std::string_view text = current().text;
      const bool truth = text == "True";
      THANE_ASSIGN(Expr * made, make(text == "None"             ? ExprKind::kNone
                                     : truth || text == "False" ? ExprKind::kBool
                                                                : ExprKind::kName));
      made->text = text;
      if (made->kind == ExprKind::kBool) made->integer = truth ? 1 : 0;
      advance();
      return made;
    }
    default: break;
  }
  if (current().is("(")) return parentheses();
  if (current().is("[")) return list_display();
  if (current().is("{")) return dict_display();
  if (accept("...")) {
    THANE_ASSIGN(const Expr* made, make(ExprKind::kEllipsis));
    return made;
  }
  return error("no expression");
}

Result<const Expr*> ExpressionParser::number() {
  const Token token = current();
  std::string digits;
  for (const char c : token.text) {
    if (c != '_') digits += c;
  }
  THANE_ASSIGN(Expr * made, make(token.kind == Token::Kind::kInt     ? ExprKind::kInt
                                 : token.kind == Token::Kind::kFloat ? ExprKind::kFloat
                                                                     : ExprKind::kImaginary));
  const char* end = digits.data() + digits.size();
  if (made->kind == ExprKind::kInt) {
    int64_t value = 0;
    if (std::from_chars(digits.data(), end, value).ec != std::errc()) return error("a number beyond 64 bits");
    made->integer = value;
  } else {
    double value = 0;
    const auto result = std::from_chars(digits.data(), end, value);
    // Too large for a double reads as infinity in Python, too small as zero.
    if (result.ec == std::errc::result_out_of_range) value = std::strtod(digits.c_str(), nullptr);
    made->real = value;
  }
  advance();
  return made;
}

// Strings side by side are one.
Result<const Expr*> ExpressionParser::string() {
  THANE_ASSIGN(Expr * made, make(ExprKind::kString));
  const std::string_view token = current().text;
  const bool plain = token.find('\\') == std::string_view::npos && (token.size() < 6 || token[1] != token[0]);
  if (plain && tokens_[at_ + 1].kind != Token::Kind::kString) {
    made->text = token.substr(1, token.size() - 2);
    advance();
    return made;
  }
  std::string text;
  for (; current().kind == Token::Kind::kString; advance()) {
    THANE_ASSIGN(const std::string part, unescape(current().text));
    text += part;
  }
  made->text = unit_.texts.emplace_back(std::move(text));
  return made;
}

Result<const Expr*> ExpressionParser::parentheses() {
  advance();
  if (accept(")")) {
    THANE_ASSIGN(const Expr* empty, make(ExprKind::kTuple));
    return empty;
  }
  THANE_ASSIGN(const Expr* inner, expression_list());
  THANE_TRY(expect(")"));
  return inner;
}

Result<const Expr*> ExpressionParser::list_display() {
  advance();
  std::vector<const Expr*> items;
  while (!current().is("]")) {
    THANE_ASSIGN(const Expr* item, expression());
    if (items.empty() && current().is("for")) return comprehension(ExprKind::kListComp, {item}, "]");
    items.push_back(item);
    if (!accept(",") && !current().is("]")) return error("a list that goes on strangely");
  }
  THANE_ASSIGN(const Expr* made, make(ExprKind::kList, std::move(items)));
  advance();
  return made;
}

Result<const Expr*> ExpressionParser::dict_display() {
  advance();
  std::vector<const Expr*> items;
  ExprKind kind = ExprKind::kDict;
  while (!current().is("}")) {
    THANE_ASSIGN(const Expr* key, expression());
    const bool pair = accept(":");
    if (!items.empty() && pair != (kind == ExprKind::kDict)) return error("a dict that goes on strangely");
    if (!pair) kind = ExprKind::kSet;
    items.push_back(key);
    if (pair) {
      THANE_ASSIGN(const Expr* value, expression());
      items.push_back(value);
      if (items.size() == 2 && current().is("for")) return comprehension(ExprKind::kDictComp, std::move(items), "}");
    }
    if (!accept(",") && !current().is("}")) return error("a dict that goes on strangely");
  }
  THANE_ASSIGN(const Expr* made, make(kind, std::move(items)));
  advance();
  return made;
}

Result<const Expr*> ExpressionParser::comprehension(ExprKind kind, std::vector<const Expr*> items,
                                                    std::string_view close) {
  THANE_TRY(expect("for"));
  THANE_ASSIGN(const Expr* target, target_list());
  THANE_TRY(check_target(*target));
  THANE_TRY(expect("in"));
  THANE_ASSIGN(const Expr* source, operators(kWeakest));
  items.push_back(target);
  items.push_back(source);
  while (accept("if")) {
    THANE_ASSIGN(const Expr* condition, operators(kWeakest));
    items.push_back(condition);
  }
  THANE_TRY(expect(close));
  THANE_ASSIGN(const Expr* made, make(kind, std::move(items)));
  return made;
}

}  // namespace thane::torchscript
