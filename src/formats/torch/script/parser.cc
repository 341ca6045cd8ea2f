#include "formats/torch/script/parser.h"

#include "base/format.h"
#include "formats/torch/script/expression_parser.h"

namespace thane::torchscript {
namespace {

constexpr std::string_view kAugmented[] = {
    "+=", "-=", "*=", "/=", "//=", "%=", "**=", "&=", "|=", "^=", "<<=", ">>=", "@="};

class Parser : ExpressionParser {
 public:
  using ExpressionParser::ExpressionParser;

  Status run() {
    while (current().kind != Token::Kind::kEnd) {
      if (current().kind == Token::Kind::kNewline) {
        advance();
      } else if (current().is("class")) {
        THANE_TRY(class_definition());
      } else if (current().is("def")) {
        THANE_ASSIGN(FunctionDef function, function_definition());
        unit().functions.push_back(std::move(function));
      } else {
        THANE_TRY(skip_line());  // "op_version_set = 1" and imports of old files
      }
    }
    return ok();
  }

 private:
  // A statement that means nothing here, but must be one.
  Status skip_line() {
    if (!current().is("import") && !current().is("from") && !current().is("op_version_set")) {
      return error("a statement outside of classes and functions");
    }
    while (current().kind != Token::Kind::kNewline && current().kind != Token::Kind::kEnd) advance();
    return ok();
  }

  Status class_definition() {
    ClassDef definition;
    definition.line = current().line;
    advance();
    THANE_ASSIGN(definition.name, name());
    if (accept("(")) {
      if (!current().is(")")) {
        THANE_ASSIGN(const Expr* base, expression());
        definition.base = base->text;
        accept(",");
      }
      THANE_TRY(expect(")"));
    }
    THANE_TRY(expect(":"));
    THANE_TRY(newline());
    if (current().kind != Token::Kind::kIndent) return error("a class without a body");
    advance();
    while (current().kind != Token::Kind::kDedent) {
      if (current().is("def")) {
        THANE_ASSIGN(FunctionDef method, function_definition());
        definition.methods.push_back(std::move(method));
      } else {
        THANE_TRY(class_statement(definition));
      }
    }
    advance();
    unit().classes.push_back(std::move(definition));
    return ok();
  }

  // "name : type (= value)", "__parameters__ = […]", "__annotations__["0"] = type", "pass", "RED = 1" of an enum.
  Status class_statement(ClassDef& definition) {
    THANE_ASSIGN(const Stmt* statement, simple_statement());
    if (statement->targets.size() != 1) return ok();
    const Expr& target = *statement->targets[0];
    if (statement->kind == Stmt::Kind::kDeclare) {
      definition.fields.push_back({target.text, statement->annotation, statement->value});
    } else if (statement->kind == Stmt::Kind::kAssign && target.kind == Expr::Kind::kName) {
      if (!target.text.starts_with("__")) definition.fields.push_back({target.text, nullptr, statement->value});
    } else if (statement->kind == Stmt::Kind::kAssign && target.kind == Expr::Kind::kSubscript &&
               target.items[0]->is_name("__annotations__") && target.items[1]->kind == Expr::Kind::kString) {
      definition.fields.push_back({target.items[1]->text, statement->value, nullptr});
    }
    return ok();
  }

  Result<FunctionDef> function_definition() {
    FunctionDef function;
    function.line = current().line;
    advance();
    THANE_ASSIGN(function.name, name());
    THANE_TRY(expect("("));
    while (!current().is(")")) {
      if (!accept("*")) {
        Parameter parameter;
        THANE_ASSIGN(parameter.name, name());
        if (accept(":")) {
          THANE_ASSIGN(parameter.type, expression());
        }
        if (accept("=")) {
          THANE_ASSIGN(parameter.initial, expression());
        }
        function.parameters.push_back(parameter);
      }
      if (!accept(",") && !current().is(")")) return error("a parameter list that goes on strangely");
    }
    advance();
    if (accept("->")) {
      THANE_ASSIGN(function.returns, expression());
    }
    THANE_ASSIGN(function.body, block());
    return function;
  }

  // ":" and either an indented block or simple statements on the same line.
  Result<Block> block() {
    THANE_TRY(expect(":"));
    Block body;
    if (current().kind != Token::Kind::kNewline) {
      THANE_TRY(simple_statements(body));
      return body;
    }
    advance();
    if (current().kind != Token::Kind::kIndent) return error("a block without statements");
    advance();
    while (current().kind != Token::Kind::kDedent) THANE_TRY(statement(body));
    advance();
    return body;
  }

  Status statement(Block& body) {
    THANE_ASSIGN(const Nesting nesting, nest());
    if (current().is("if")) {
      THANE_ASSIGN(const Stmt* made, if_statement());
      body.push_back(made);
      return ok();
    }
    if (current().is("while") || current().is("for") || current().is("with")) return compound(body);
    if (current().is("def")) {
      THANE_ASSIGN(Stmt * made, make(Stmt::Kind::kFunction));
      THANE_ASSIGN(FunctionDef function, function_definition());
      unit().local_functions.push_back(std::move(function));
      made->function = &unit().local_functions.back();
      body.push_back(made);
      return ok();
    }
    return simple_statements(body);
  }

  // A chain of elif nests in else blocks; it is read in a loop, for it may be long.
  Result<const Stmt*> if_statement() {
    const Stmt* first = nullptr;
    Stmt* previous = nullptr;
    int length = 0;
    do {
      if (++length > kMostNesting) return error("a chain of elif that is too long");
      THANE_ASSIGN(Stmt * made, make(Stmt::Kind::kIf));
      advance();
      THANE_ASSIGN(made->value, expression());
      THANE_ASSIGN(made->body, block());
      if (previous)
        previous->orelse = {made};
      else
        first = made;
      previous = made;
    } while (current().is("elif"));
    if (accept("else")) {
      THANE_ASSIGN(previous->orelse, block());
    }
    return first;
  }

  Status compound(Block& body) {
    const bool is_for = current().is("for"), is_with = current().is("with");
    THANE_ASSIGN(Stmt * made, make(is_for ? Stmt::Kind::kFor : is_with ? Stmt::Kind::kWith : Stmt::Kind::kWhile));
    advance();
    if (is_for) {
      THANE_ASSIGN(const Expr* target, target_list());
      made->targets.push_back(target);
      THANE_TRY(expect("in"));
    }
    THANE_ASSIGN(made->value, is_for ? expression_list() : expression());
    if (is_with && accept("as")) {
      THANE_ASSIGN(const Expr* target, expression());
      made->targets.push_back(target);
    }
    THANE_ASSIGN(made->body, block());
    if (current().is("else")) return error("a loop with else");
    body.push_back(made);
    return ok();
  }

  Status simple_statements(Block& body) {
    THANE_ASSIGN(const Stmt* made, simple_statement(/*alone=*/false));
    body.push_back(made);
    while (accept(";")) {
      if (current().kind == Token::Kind::kNewline) break;
      THANE_ASSIGN(made, simple_statement(/*alone=*/false));
      body.push_back(made);
    }
    return newline();
  }

  Result<const Stmt*> simple_statement(bool alone = true) {
    THANE_ASSIGN(Stmt * made, make(Stmt::Kind::kExpression));
    if (accept("pass")) {
      made->kind = Stmt::Kind::kPass;
    } else if (accept("break")) {
      made->kind = Stmt::Kind::kBreak;
    } else if (accept("continue")) {
      made->kind = Stmt::Kind::kContinue;
    } else if (accept("return")) {
      made->kind = Stmt::Kind::kReturn;
      if (!at_line_end()) {
        THANE_ASSIGN(made->value, expression_list());
      }
    } else if (accept("raise")) {
      made->kind = Stmt::Kind::kRaise;
      if (!at_line_end()) {
        THANE_ASSIGN(made->value, expression());
      }
    } else if (accept("assert")) {
      made->kind = Stmt::Kind::kAssert;
      THANE_ASSIGN(made->value, expression());
      if (accept(",")) {
        THANE_ASSIGN(made->message, expression());
      }
    } else {
      THANE_TRY(assignment(*made));
    }
    if (alone) THANE_TRY(newline());
    return made;
  }

  Status assignment(Stmt& made) {
    THANE_ASSIGN(const Expr* first, expression_list());
    if (accept(":")) {
      made.kind = Stmt::Kind::kDeclare;
      made.targets.push_back(first);
      THANE_ASSIGN(made.annotation, expression());
      if (accept("=")) {
        THANE_ASSIGN(made.value, expression_list());
      }
      return ok();
    }
    for (const std::string_view augmented : kAugmented) {
      if (!accept(augmented)) continue;
      made.kind = Stmt::Kind::kAugmented;
      made.text = augmented.substr(0, augmented.size() - 1);
      made.targets.push_back(first);
      THANE_ASSIGN(made.value, expression_list());
      return check_target(*first);
    }
    made.value = first;
    while (accept("=")) {
      made.kind = Stmt::Kind::kAssign;
      THANE_TRY(check_target(*made.value));
      made.targets.push_back(made.value);
      THANE_ASSIGN(made.value, expression_list());
    }
    return ok();
  }

  bool at_line_end() const { return current().kind == Token::Kind::kNewline || current().is(";"); }

  Status newline() {
    if (current().kind != Token::Kind::kNewline) return error("a statement that goes on strangely");
    advance();
    return ok();
  }

  Result<Stmt*> make(Stmt::Kind kind) {
    THANE_TRY(spend());
    unit().stmts.emplace_back();
    unit().stmts.back().kind = kind;
    unit().stmts.back().line = current().line;
    return &unit().stmts.back();
  }
};

template <class T>
const T* find_named(const std::deque<T>& items, std::string_view name) {
  for (const T& item : items) {
    if (item.name == name) return &item;
  }
  return nullptr;
}

}  // namespace

const ClassDef* Unit::find_class(std::string_view name) const { return find_named(classes, name); }
const FunctionDef* Unit::find_function(std::string_view name) const { return find_named(functions, name); }

const FunctionDef* ClassDef::method(std::string_view wanted) const {
  for (const FunctionDef& method : methods) {
    if (method.name == wanted) return &method;
  }
  return nullptr;
}

const Parameter* ClassDef::field(std::string_view wanted) const {
  for (const Parameter& field : fields) {
    if (field.name == wanted) return &field;
  }
  return nullptr;
}

Result<std::unique_ptr<Unit>> parse_unit(std::string_view source, size_t& budget) {
  if (source.size() / 8 > budget) return resource_limit("more code than thane reads");
  THANE_ASSIGN(const std::vector<Token> tokens, tokenize(source));
  auto unit = std::make_unique<Unit>();
  THANE_TRY(Parser(tokens, *unit, budget).run());
  return unit;
}

}  // namespace thane::torchscript
