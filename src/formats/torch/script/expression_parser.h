// The half of the parser that reads expressions: precedence climbing over Python's operators.
#pragma once

#include <span>
#include <string>

#include "base/result.h"
#include "formats/torch/script/ast.h"
#include "formats/torch/script/lexer.h"

namespace thane::torchscript {

class ExpressionParser {
 public:
  ExpressionParser(std::span<const Token> tokens, Unit& unit, size_t& budget)
      : tokens_(tokens), unit_(unit), budget_(budget) {}

 protected:
  // One level deeper for as long as it lives.
  class Nesting {
   public:
    explicit Nesting(int& depth) : depth_(&depth) { ++depth; }
    Nesting(Nesting&& other) noexcept : depth_(std::exchange(other.depth_, nullptr)) {}
    Nesting& operator=(Nesting&&) = delete;
    ~Nesting() {
      if (depth_) --*depth_;
    }

   private:
    int* depth_;
  };
  Result<Nesting> nest();

  const Token& current() const { return tokens_[at_]; }
  void advance() {
    if (at_ + 1 < tokens_.size()) ++at_;
  }
  bool accept(std::string_view text);
  Status expect(std::string_view text);
  Error error(std::string what) const;
  Result<std::string_view> name();
  Status spend();
  Unit& unit() { return unit_; }

  Result<const Expr*> expression();
  // Expressions with commas between or behind them make a tuple.
  Result<const Expr*> expression_list();
  // The same before "in": operators of comparison end it.
  Result<const Expr*> target_list();
  Status check_target(const Expr& target) const;

 private:
  Result<Expr*> make(Expr::Kind kind, std::vector<const Expr*> items = {}, std::string_view text = {});
  Result<const Expr*> list_of(Result<const Expr*> (ExpressionParser::*item)());
  bool starts_expression() const;
  Result<const Expr*> operators(int lowest);
  Result<const Expr*> unary();
  Result<const Expr*> primary();
  Result<const Expr*> call(const Expr* callee);
  Result<const Expr*> subscript(const Expr* value);
  Result<const Expr*> slice_or_index();
  Result<const Expr*> atom();
  Result<const Expr*> number();
  Result<const Expr*> string();
  Result<const Expr*> parentheses();
  Result<const Expr*> list_display();
  Result<const Expr*> dict_display();
  Result<const Expr*> comprehension(Expr::Kind kind, std::vector<const Expr*> items, std::string_view close);

  std::span<const Token> tokens_;
  size_t at_ = 0;
  Unit& unit_;
  size_t& budget_;
  int depth_ = 0;
};

}  // namespace thane::torchscript
