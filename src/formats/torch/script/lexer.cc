#include "formats/torch/script/lexer.h"

#include <optional>

#include "base/format.h"

namespace thane::torchscript {
namespace {

constexpr size_t kMostBlocks = 200;     // nested
constexpr size_t kMostBrackets = 1000;  // nested

constexpr std::string_view kSymbols[] = {  // longer ones first
    "**=", "//=", "<<=", ">>=", "...", "->", "**", "//", "==", "!=", "<=", ">=", "<<", ">>", "+=", "-=",
    "*=",  "/=",  "%=",  "&=",  "|=",  "^=", "@=", "(",  ")",  "[",  "]",  "{",  "}",  ",",  ":",  ".",
    ";",   "=",   "+",   "-",   "*",   "/",  "%",  "<",  ">",  "&",  "|",  "^",  "~",  "@"};

bool is_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || static_cast<unsigned char>(c) >= 0x80;
}
bool is_digit(char c) { return c >= '0' && c <= '9'; }

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {}

  Result<std::vector<Token>> run() {
    while (at_ < source_.size()) {
      if (at_line_start_ && brackets_ == 0) {
        THANE_TRY(indentation());
        continue;
      }
      THANE_TRY(next());
    }
    if (brackets_ > 0) return error("the file ends inside brackets");
    if (!at_line_start_) push(Token::Kind::kNewline, {});
    for (; indents_.size() > 1; indents_.pop_back()) push(Token::Kind::kDedent, {});
    push(Token::Kind::kEnd, {});
    return std::move(tokens_);
  }

 private:
  Error error(std::string what) const { return invalid_model(std::move(what)).at(format("line {}", line_)); }
  void push(Token::Kind kind, std::string_view text) { tokens_.push_back({kind, line_, text}); }
  char peek(size_t ahead = 0) const { return at_ + ahead < source_.size() ? source_[at_ + ahead] : '\0'; }

  void skip_comment() {
    while (at_ < source_.size() && source_[at_] != '\n') ++at_;
  }

  // Blanks at the start of a line, up to its first token. Empty lines and comments do not count.
  Status indentation() {
    size_t width = 0;
    for (; peek() == ' ' || peek() == '\t'; ++at_) width += peek() == '\t' ? 8 - width % 8 : 1;
    if (peek() == '\r' && peek(1) == '\n') ++at_;
    if (peek() == '#') skip_comment();
    if (at_ >= source_.size()) return ok();
    if (peek() == '\n') {
      ++at_, ++line_;
      return ok();
    }
    at_line_start_ = false;
    if (width > indents_.back()) {
      if (indents_.size() > kMostBlocks) return error("blocks are nested too deeply");
      indents_.push_back(width);
      push(Token::Kind::kIndent, {});
      return ok();
    }
    for (; width < indents_.back(); indents_.pop_back()) push(Token::Kind::kDedent, {});
    if (width != indents_.back()) return error("the indentation fits no block");
    return ok();
  }

  Status next() {
    const char c = peek();
    if (c == ' ' || c == '\t' || c == '\r' || c == '\f') return ++at_, ok();
    if (c == '#') return skip_comment(), ok();
    if (c == '\\' && peek(1) == '\n') return at_ += 2, ++line_, ok();
    if (c == '\n') {
      if (brackets_ == 0) {
        push(Token::Kind::kNewline, {});
        at_line_start_ = true;
      }
      return ++at_, ++line_, ok();
    }
    if (c == '"' || c == '\'') return string(at_);
    if (is_letter(c)) return word();
    if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return number();
    return symbol();
  }

  Status word() {
    const size_t start = at_;
    while (is_letter(peek()) || is_digit(peek())) ++at_;
    const std::string_view text = source_.substr(start, at_ - start);
    if ((text == "r" || text == "b" || text == "u") && (peek() == '"' || peek() == '\'')) {
      if (text != "u") return error(format("a string with the prefix {}", text));
      return string(at_);
    }
    push(Token::Kind::kName, text);
    return ok();
  }

  Status number() {
    const size_t start = at_;
    bool real = false;
    while (is_digit(peek()) || peek() == '_') ++at_;
    if (peek() == '.') {
      real = true;
      ++at_;
      while (is_digit(peek())) ++at_;
    }
    if (peek() == 'e' || peek() == 'E') {
      const size_t sign = peek(1) == '+' || peek(1) == '-' ? 1 : 0;
      if (!is_digit(peek(1 + sign))) return error("a number without its exponent");
      real = true;
      at_ += 1 + sign;
      while (is_digit(peek())) ++at_;
    }
    const std::string_view text = source_.substr(start, at_ - start);
    if (peek() == 'j' || peek() == 'J') {
      ++at_;
      push(Token::Kind::kImaginary, text);
    } else {
      push(real ? Token::Kind::kFloat : Token::Kind::kInt, text);
    }
    return ok();
  }

  Status string(size_t start) {
    const char quote = source_[start];
    const bool triple = peek(1) == quote && peek(2) == quote;
    at_ += triple ? 3 : 1;
    const uint32_t first_line = line_;
    for (; at_ < source_.size(); ++at_) {
      const char c = source_[at_];
      if (c == '\n') {
        if (!triple) return error("a string without its end");
        ++line_;
      } else if (c == '\\') {
        ++at_;
        if (peek() == '\n') ++line_;
      } else if (c == quote && (!triple || (peek(1) == quote && peek(2) == quote))) {
        at_ += triple ? 3 : 1;
        tokens_.push_back({Token::Kind::kString, first_line, source_.substr(start, at_ - start)});
        return ok();
      }
    }
    return error("a string without its end");
  }

  Status symbol() {
    for (const std::string_view symbol : kSymbols) {
      if (!source_.substr(at_).starts_with(symbol)) continue;
      const char c = symbol[0];
      if (c == '(' || c == '[' || c == '{') {
        if (++brackets_ > kMostBrackets) return error("brackets are nested too deeply");
      } else if (c == ')' || c == ']' || c == '}') {
        if (brackets_ == 0) return error("a closing bracket too many");
        --brackets_;
      }
      push(Token::Kind::kSymbol, symbol);
      at_ += symbol.size();
      return ok();
    }
    return error(format("the character with code {}", static_cast<unsigned char>(peek())));
  }

  std::string_view source_;
  size_t at_ = 0;
  uint32_t line_ = 1;
  size_t brackets_ = 0;
  bool at_line_start_ = true;
  std::vector<size_t> indents_ = {0};
  std::vector<Token> tokens_;
};

void append_utf8(std::string& text, uint32_t code) {
  const auto put = [&](uint32_t byte) { text += static_cast<char>(byte); };
  if (code < 0x80) return put(code);
  if (code < 0x800) return put(0xc0 | code >> 6), put(0x80 | (code & 0x3f));
  if (code < 0x10000) return put(0xe0 | code >> 12), put(0x80 | (code >> 6 & 0x3f)), put(0x80 | (code & 0x3f));
  put(0xf0 | code >> 18), put(0x80 | (code >> 12 & 0x3f)), put(0x80 | (code >> 6 & 0x3f)), put(0x80 | (code & 0x3f));
}

// Reads `most` digits of `base` at most; nothing when there is none.
std::optional<uint32_t> digits(std::string_view text, size_t& at, size_t most, uint32_t base) {
  uint32_t value = 0;
  size_t count = 0;
  for (; count < most && at < text.size(); ++count, ++at) {
    const char c = text[at];
    const uint32_t digit = is_digit(c)            ? static_cast<uint32_t>(c - '0')
                           : c >= 'a' && c <= 'f' ? static_cast<uint32_t>(c - 'a' + 10)
                           : c >= 'A' && c <= 'F' ? static_cast<uint32_t>(c - 'A' + 10)
                                                  : 99;
    if (digit >= base) break;
    value = value * base + digit;
  }
  return count ? std::optional(value) : std::nullopt;
}

}  // namespace

Result<std::vector<Token>> tokenize(std::string_view source) { return Lexer(source).run(); }

Result<std::string> unescape(std::string_view token) {
  const size_t quotes = token.size() >= 6 && token[1] == token[0] && token[2] == token[0] ? 3 : 1;
  const std::string_view body = token.substr(quotes, token.size() - 2 * quotes);
  static constexpr std::string_view kLetters = "abfnrtv\\'\"", kMeanings = "\a\b\f\n\r\t\v\\'\"";
  std::string text;
  for (size_t i = 0; i < body.size();) {
    if (body[i] != '\\' || i + 1 == body.size()) {
      text += body[i++];
      continue;
    }
    const char c = body[++i];
    const size_t letter = kLetters.find(c);
    if (letter != std::string_view::npos) {
      text += kMeanings[letter];
      ++i;
    } else if (c == '\n') {
      ++i;
    } else if (c >= '0' && c <= '7') {
      text += static_cast<char>(*digits(body, i, 3, 8));
    } else if (c == 'x' || c == 'u' || c == 'U') {
      ++i;
      const auto code = digits(body, i, c == 'x' ? 2 : c == 'u' ? 4 : 8, 16);
      if (!code || *code > 0x10ffff) return invalid_model("a broken escape in a string");
      // The serializer writes bytes; \x is one of them.
      if (c == 'x')
        text += static_cast<char>(*code);
      else
        append_utf8(text, *code);
    } else {
      text += '\\';
    }
  }
  return text;
}

}  // namespace thane::torchscript
